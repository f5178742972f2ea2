"""Photos of an LSG head without a tablet: with curl or a form, for a report on a task."""

import hashlib
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.imaging import Examiner
from audit_api.services.evidence.examine_photos import examine_photos
from audit_api.services.oversight import hand_in_task_photo
from audit_api.services.oversight.move_task import TaskWord
from audit_api.storage.base import Database
from tests.factories import AT, World
from tests.http.fingerprint import changed, fingerprint
from tests.http.merging import Meeting
from tests.http.populated import photo_bytes
from tests.http.test_task_moves import HEAD, REPORTED, SUPERVISOR, problem, read, said, say

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def task(meeting: Meeting) -> UUID:
    """A task that its LSG head has seen."""
    found = meeting.task(meeting.pad(), meeting.site())
    said(meeting, found, TaskWord.ACKNOWLEDGE)
    return found


@pytest.fixture
def data() -> bytes:
    """A picture that nobody has sent before."""
    return photo_bytes(uuid4().int)


def as_body(
    meeting: Meeting,
    task: object,
    data: bytes,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> TestResponse:
    """As `curl --data-binary @ramp.jpg -H 'Content-Type: image/jpeg'` sends it."""
    who = headers or meeting.world.headers(HEAD)
    return meeting.client.post(
        f"/api/v1/tasks/{task}/photos", data=data, headers=JPEG | who, **more
    )


def as_form(meeting: Meeting, task: object, **parts: Any) -> TestResponse:
    """As a browser's form, or `curl -F photo=@ramp.jpg`, sends it."""
    return meeting.client.post(
        f"/api/v1/tasks/{task}/photos",
        data={
            name: (BytesIO(part), "ramp.jpg") if isinstance(part, bytes) else part
            for name, part in parts.items()
        },
        content_type="multipart/form-data",
        headers=meeting.world.headers(HEAD),
    )


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def looks(meeting: Meeting, sha256: str, role: Role, where: str = "near", part: str = "") -> Any:
    headers = meeting.world.headers(role, where)
    return meeting.client.get(f"/api/v1/photos/{sha256}{part}", headers=headers)


def test_a_form_and_a_plain_body_bring_the_same_photo_once(
    meeting: Meeting, task: UUID, data: bytes
) -> None:
    first = as_form(meeting, task, photo=data)
    assert first.status_code == 201, first.text
    assert (first.json["sha256"], first.json["bytes"], first.json["content_type"]) == (
        sha256_of(data), len(data), "image/jpeg",
    )  # fmt: skip
    for again in (as_body(meeting, task, data), as_form(meeting, task, photo=data)):
        assert (again.status_code, again.json) == (200, first.json)
    assert meeting.value(
        "select count(*) from audit_log where subject = :it", it=sha256_of(data)
    ) == 1  # fmt: skip


def test_of_several_at_once_one_brings_it(meeting: Meeting, task: UUID, data: bytes) -> None:
    app = meeting.client.application

    def send(_: int) -> TestResponse:
        return as_body(replace(meeting, client=app.test_client()), task, data)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json["received_at"] for answer in answers}) == 1


def test_a_report_shows_it_and_the_original_is_read_to_the_byte(
    meeting: Meeting, task: UUID, data: bytes
) -> None:
    sha256 = as_form(meeting, task, photo=data).json["sha256"]
    answer = say(meeting, task, TaskWord.REPORT_DONE, photos=[sha256])
    assert (answer.status_code, answer.json["state"]) == (200, "reported_done"), answer.text
    assert answer.json["events"][-1]["photos"] == [
        {"sha256": sha256, "bytes": len(data), "content_type": "image/jpeg"}
    ]
    assert looks(meeting, sha256, SUPERVISOR, part="/original").data == data
    facts = looks(meeting, sha256, SUPERVISOR).json
    assert (facts["inspector"], facts["device"]) == ("Lsg_Head.Near", None)
    assert [one["move"] for one in facts["shown_for"]] == ["report_done"]
    assert [(e["what"], e["by"], e["device"]) for e in facts["custody"]] == [
        ("photo_received", "Lsg_Head.Near", None),
        ("original_read", "Technical_Supervisor.Near", None),
    ]


def test_the_worker_looks_at_it_and_makes_previews(
    meeting: Meeting, database: Database, task: UUID, data: bytes
) -> None:
    sha256 = as_body(meeting, task, data).json["sha256"]
    store = meeting.client.application.extensions["photo_store"]
    with Examiner() as examiner:
        seen = list(examine_photos(database, store, examiner, now=lambda: AT))
    assert bytes.fromhex(sha256) in seen
    preview = looks(meeting, sha256, HEAD, part="/preview/320")
    assert (preview.status_code, preview.data[:3]) == (200, b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "role", [HEAD, SUPERVISOR, Role.INSPECTOR, Role.PROSECUTOR, Role.COORDINATOR]
)
def test_whoever_reads_the_task_reads_its_photos_and_each_reading_is_logged(
    meeting: Meeting, task: UUID, data: bytes, role: Role
) -> None:
    sha256 = as_body(meeting, task, data).json["sha256"]
    assert say(meeting, task, TaskWord.REPORT_DONE, photos=[sha256]).status_code == 200
    assert looks(meeting, sha256, role).json["shown_for"][0]["task"] == str(task)
    assert looks(meeting, sha256, role, part="/original").data == data
    read_by = meeting.rows(
        """select person_id from audit_log where subject = :it and what = 'original_read'""",
        it=sha256,
    )
    assert read_by == [(meeting.world.people[role, "near"],)]
    assert looks(meeting, sha256, role, "far").status_code == 404
    assert looks(meeting, sha256, role, "far", "/original").status_code == 404


def test_a_photo_that_is_here_already_is_tied_and_nothing_is_told_of_where_from(
    meeting: Meeting, task: UUID, data: bytes
) -> None:
    sha256 = sha256_of(data)
    stranger = meeting.pad(where="far").headers
    path = f"/api/v1/photos/{sha256}"
    assert meeting.client.put(path, data=data, headers=JPEG | stranger).status_code == 201
    assert as_body(meeting, task, data).status_code == 201, "as if nobody else had it"
    assert as_body(meeting, task, data).status_code == 200
    facts = looks(meeting, sha256, SUPERVISOR).json
    assert (facts["inspector"], facts["device"]) == (None, None)
    assert [(e["what"], e["by"]) for e in facts["custody"]] == [
        ("photo_received", None), ("photo_received", "Lsg_Head.Near"),
    ]  # fmt: skip
    assert say(meeting, task, TaskWord.REPORT_DONE, photos=[sha256]).status_code == 200


def test_a_photo_for_one_task_is_none_of_another(meeting: Meeting, task: UUID, data: bytes) -> None:
    sha256 = as_body(meeting, task, data).json["sha256"]
    other = meeting.task(meeting.pad(), meeting.site())
    said(meeting, other, TaskWord.ACKNOWLEDGE)
    refused = say(meeting, other, TaskWord.REPORT_DONE, photos=[sha256])
    assert problem(refused) == (422, "invalid-input")
    assert f"/api/v1/tasks/{other}/photos" in refused.json["detail"]


@pytest.mark.parametrize("role", [role for role in Role if role is not HEAD])
def test_only_lsg_heads_hand_in_so(meeting: Meeting, task: UUID, data: bytes, role: Role) -> None:
    answer = as_body(meeting, task, data, headers=meeting.world.headers(role))
    unknown = as_body(meeting, uuid4(), data, headers=meeting.world.headers(role))
    assert (answer.status_code, answer.data) == (404, unknown.data)


def test_one_outside_is_not_there(meeting: Meeting, task: UUID, data: bytes) -> None:
    far = meeting.world.headers(HEAD, "far")
    outside = as_body(meeting, task, data, headers=far)
    unknown = as_body(meeting, uuid4(), data, headers=far)
    assert (outside.status_code, outside.data) == (404, unknown.data)
    assert as_body(meeting, task, data, headers=meeting.pad(HEAD).headers).status_code == 403


@pytest.mark.parametrize("before", [(), REPORTED], ids=["assigned", "reported_done"])
def test_where_no_report_goes_no_photo_is_taken(
    meeting: Meeting, data: bytes, before: tuple[TaskWord, ...]
) -> None:
    task = meeting.task(meeting.pad(), meeting.site())
    for word in before:
        more = {}
        if word is TaskWord.REPORT_DONE:
            more = {"photos": [as_body(meeting, task, photo_bytes(uuid4().int)).json["sha256"]]}
        assert say(meeting, task, word, **more).status_code == 200
    assert problem(as_body(meeting, task, data)) == (409, "move-refused")
    assert read(meeting, task)["state"] == ("reported_done" if before else "assigned")


HOSTILE: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "no photo by its type": ({"headers": {"Content-Type": "text/html"}},
                             (415, "unsupported-media-type")),
    "no photo by its bytes": ({"data": b"<html><script>alert(1)</script>"},
                              (415, "unsupported-media-type")),
    "SVG that says JPEG": ({"data": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
                           (415, "unsupported-media-type")),
    "a video": ({"data": b"\x00\x00\x00\x18ftypmp42" + bytes(50)},
                (415, "unsupported-media-type")),
    "the beginning of a signature": ({"data": b"\xff\xd8"}, (415, "unsupported-media-type")),
    "nothing": ({"data": b"", "environ_overrides": {"CONTENT_LENGTH": "0"}},
                (422, "invalid-input")),
    "cut short": ({"environ_overrides": {"CONTENT_LENGTH": "5000"}}, (400, "body-cut-short")),
    "too long": ({"environ_overrides": {"CONTENT_LENGTH": "25000001"}}, (413, "too-large")),
    "of no known length": ({"environ_overrides": {"HTTP_TRANSFER_ENCODING": "chunked"}},
                           (411, "length-required")),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_whole_photo_is_a_clear_problem_and_nothing_is_kept(
    meeting: Meeting, database: Database, task: UUID, data: bytes, case: str
) -> None:
    sent, expected = HOSTILE[case]
    before = fingerprint(database)
    answer = meeting.client.post(
        f"/api/v1/tasks/{task}/photos",
        **{"data": data} | sent
        | {"headers": JPEG | meeting.world.headers(HEAD) | sent.get("headers", {})},
    )  # fmt: skip
    assert problem(answer) == expected
    assert changed(before, fingerprint(database)) == set()
    store = meeting.client.application.extensions["photo_store"]
    assert store.size(hashlib.sha256(sent.get("data", data)).digest()) is None


FORMS = {
    "another name": {"file": b"\xff\xd8\xff a photo"},
    "no file": {"photo": "text"},
    "nothing": {},
    "a field beside it": {"photo": b"\xff\xd8\xff a photo", "state": "verified"},
}


@pytest.mark.parametrize("case", FORMS)
def test_a_form_holds_one_file_and_nothing_else(
    meeting: Meeting, database: Database, task: UUID, case: str
) -> None:
    before = fingerprint(database)
    answer = as_form(meeting, task, **FORMS[case])
    assert problem(answer) == (422, "invalid-input")
    assert answer.json["errors"][0]["pointer"] == "/photo"
    assert changed(before, fingerprint(database)) == set()


def test_a_form_that_is_cut_or_broken_keeps_nothing(
    meeting: Meeting, database: Database, task: UUID
) -> None:
    before = fingerprint(database)
    part = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n\xff\xd8\xff'
    answers = [
        meeting.client.post(
            f"/api/v1/tasks/{task}/photos",
            data=part,
            content_type="multipart/form-data; boundary=x",
            headers=meeting.world.headers(HEAD),
            environ_overrides={"CONTENT_LENGTH": str(length)},
        )
        for length in (len(part) + 500, len(part), 25_000_000 + 20_000)
    ]
    assert [answer.status_code for answer in answers] == [400, 422, 413]
    assert changed(before, fingerprint(database)) == set()


def streamed(meeting: Meeting, task: UUID, body: bytes, content_type: str) -> TestResponse:
    return meeting.client.post(
        f"/api/v1/tasks/{task}/photos",
        input_stream=BytesIO(body),
        headers=meeting.world.headers(HEAD) | {"Content-Type": content_type},
        environ_overrides={"CONTENT_LENGTH": str(len(body))},
    )


def formed(data: bytes) -> tuple[bytes, str]:
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    return b"".join((head, data, b"\r\n--x--\r\n")), "multipart/form-data; boundary=x"


def test_a_form_with_a_photo_that_is_a_byte_too_long_is_413(meeting: Meeting, task: UUID) -> None:
    long = b"\xff\xd8\xff" + bytes(25_000_000 - 3)
    assert problem(streamed(meeting, task, *formed(long + b"0"))) == (413, "too-large")
    assert streamed(meeting, task, *formed(long)).status_code == 201


@pytest.mark.parametrize("form", [True, False], ids=["form", "body"])
def test_a_large_photo_is_never_held_in_memory(meeting: Meeting, task: UUID, form: bool) -> None:
    large = b"\xff\xd8\xff" + uuid4().bytes + bytes(20_000_000)
    sent = formed(large) if form else (large, "image/jpeg")
    tracemalloc.start()
    try:
        answer = streamed(meeting, task, *sent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json["sha256"]) == (201, sha256_of(large))
    assert peak < 4_000_000


def test_a_task_takes_so_many_photos_and_no_more(
    meeting: Meeting, task: UUID, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_in_task_photo, "MOST_PHOTOS", 1)
    assert as_body(meeting, task, data).status_code == 201
    answer = as_body(meeting, task, photo_bytes(uuid4().int))
    assert problem(answer) == (422, "invalid-input")


def test_the_photo_of_a_report_is_seen_without_the_note_of_who_handed_it_in(
    meeting: Meeting, task: UUID, data: bytes
) -> None:
    """As those that tablets handed in are."""
    sha256 = as_body(meeting, task, data).json["sha256"]
    assert say(meeting, task, TaskWord.REPORT_DONE, photos=[sha256]).status_code == 200
    with meeting.database.writing() as session:
        session.execute(text("delete from task_photo where task_id = :id"), {"id": task})
    assert looks(meeting, sha256, Role.INSPECTOR, part="/original").data == data
