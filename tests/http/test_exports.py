"""Files are asked for, made with the grants of then, and fetched by whoever asked; nobody else."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pypdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.imaging import Examiner
from audit_api.services.evidence.examine_photos import examine_photos
from audit_api.services.exports import kinds_of_files, run
from audit_api.services.exports.making import Made, Making
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import BucketUnavailable
from audit_api.storage.jobs import enqueue
from tests.factories import CAMPAIGN, World, make_person, make_session_token
from tests.http.exporting import EXPORTS, Asking
from tests.http.serving import Office, body_of


@pytest.fixture
def asking(app: Flask, client: FlaskClient, database: Database, world: World) -> Asking:
    return Asking(app, client, database, world)


@pytest.fixture
def office(client: FlaskClient, database: Database, world: World) -> Office:
    return Office(client, database, world)


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_list_is_made_of_exactly_what_the_screen_shows(asking: Asking, office: Office) -> None:
    site = office.broken()
    made = asking.done("violations", filters={"site": str(site)})
    on_screen = office.get(f"/api/v1/violations?site={site}").json["items"]
    assert (made["done"], made["total"]) == (len(on_screen), len(on_screen))
    text = text_of(asking.file(made))
    assert "Prosecutor, Near" in text
    assert "Prosecutor.Near" in text
    flat = text.replace(" ", "")
    read = [value for one in on_screen for value in one["measured"].values()]
    assert [v for v in read if type(v) is int and f"{v}" not in flat] == []


def test_asking_answers_where_it_is_told_how_far_it_is(asking: Asking) -> None:
    answer = asking.ask("violations")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{EXPORTS}/{answer.json['id']}"
    assert asking.get(answer.json["id"]).json == answer.json
    waiting = asking.get(answer.json["id"], "/file")
    assert waiting.status_code == 409
    assert waiting.json["state"] == "queued"


def test_the_filters_narrow_it(asking: Asking, office: Office) -> None:
    site = office.broken()
    path = f"/api/v1/violations?site={site}&severity="
    for severity in ("critical", "major", "minor"):
        filters = {"site": str(site), "severity": severity}
        made = asking.done("violations", filters=filters)
        assert made["total"] == len(office.get(path + severity).json["items"])
    overdue = asking.done("violations", filters={"site": str(site), "overdue": False})
    assert overdue["total"] == len(
        office.get(f"/api/v1/violations?site={site}&overdue=false").json["items"]
    )


def test_a_served_list_is_the_same_bytes_for_ever_and_whoever_asks(
    asking: Asking, office: Office
) -> None:
    site = office.broken()
    served = office.served(site, addressee=body_of("N1"))
    first = asking.done("served_list", id=served["id"])
    office.confirm(site, "closed")
    again = asking.done("served_list", id=served["id"])
    head = asking.done("served_list", Role.LSG_HEAD, id=served["id"])
    assert first["file"]["sha256"] == again["file"]["sha256"] == head["file"]["sha256"]
    text = text_of(asking.file(first))
    assert f"List of violations №{served['number']}" in text
    assert served["sha256"][:32] in text
    other = asking.done("served_list", id=served["id"], language="ky")
    assert other["file"]["verify"] != first["file"]["verify"]


def test_a_served_list_whose_kept_file_is_lost_is_made_again(
    asking: Asking, office: Office
) -> None:
    served = office.served(office.broken())
    first = asking.done("served_list", id=served["id"])
    [(key,)] = asking.execute("select file_key from export where id = :id", id=first["id"])
    store = asking.app.extensions["file_store"]
    store._client.delete_object(Bucket=store._bucket, Key=key)
    assert asking.done("served_list", id=served["id"])["file"]["sha256"] == first["file"]["sha256"]


def test_an_act_is_made_with_its_demand_and_photos_it_has(asking: Asking, office: Office) -> None:
    act = office.act()
    text = text_of(asking.file(asking.done("act", id=act["id"])))
    assert "Widen the ramp before the election." in text
    assert f"№{act['number']}" in text
    assert "Annex: photos" in text
    assert "no preview is here now" in text


def test_an_act_over_a_served_list_has_the_rows_of_the_list(asking: Asking, office: Office) -> None:
    served = office.served(office.broken(), addressee=body_of("N1"))
    act = office.issue(served_list=served["id"]).json
    text = text_of(asking.file(asking.done("act", id=act["id"])))
    assert served["sha256"] in text.replace(" ", "")
    assert "500mm" in text.replace(" ", "")


def test_the_head_prints_a_task_sheet_for_the_foreman(asking: Asking, office: Office) -> None:
    site = office.broken()
    task = office.get(f"/api/v1/tasks?site={site}", Role.LSG_HEAD).json["items"][0]
    text = text_of(asking.file(asking.done("task", Role.LSG_HEAD, id=task["id"]), Role.LSG_HEAD))
    assert "To be done by" in text
    assert "main entrance" in text
    assert "Foreman (name, signature)" in text


def test_the_headquarters_print_their_page(asking: Asking) -> None:
    made = asking.done("briefing", Role.COORDINATOR, filters={"campaign": CAMPAIGN})
    text = text_of(asking.file(made, Role.COORDINATOR))
    assert "Briefing of the headquarters" in text
    assert "28 November 2021" in text


@pytest.mark.parametrize("path", ["", "/file"])
def test_what_another_person_asked_for_is_unknown(asking: Asking, path: str) -> None:
    made = asking.done("violations")
    nothing = asking.get(str(uuid4()), path)
    for role, where in ((Role.COORDINATOR, "near"), (Role.PROSECUTOR, "far")):
        answer = asking.get(made["id"], path, role, where)
        assert (answer.status_code, answer.data) == (404, nothing.data)
    mine = asking.client.get(EXPORTS, headers=asking.world.headers(Role.PROSECUTOR, "far")).json
    assert made["id"] not in str(mine)


def test_the_list_of_ones_own_goes_by_pages(asking: Asking) -> None:
    ids = [asking.done("violations", Role.COORDINATOR)["id"] for _ in range(3)]
    headers = asking.world.headers(Role.COORDINATOR)
    found, path = [], f"{EXPORTS}?limit=2"
    while path:
        page = asking.client.get(path, headers=headers).json
        found += [one["id"] for one in page["items"]]
        path = page["next"]
    assert [one for one in found if one in ids] == ids


OUTSIDE = [
    ("violations", {"filters": {"territory": "F1"}}),
    ("violations", {"filters": {"campaign": "kg-none-2021"}}),
    ("violations", {"filters": {"site": str(uuid4())}}),
    ("served_list", {"id": str(uuid4())}),
    ("act", {"id": str(uuid4())}),
    ("task", {"id": str(uuid4())}),
    ("briefing", {"filters": {"campaign": "kg-none-2021"}}),
]


@pytest.mark.parametrize(("kind", "said"), OUTSIDE)
def test_what_lies_outside_is_unknown_already_when_it_is_asked_for(
    asking: Asking, kind: str, said: dict[str, Any]
) -> None:
    assert asking.ask(kind, **said).status_code == 404


def test_a_served_list_and_an_act_of_another_district_are_unknown(
    asking: Asking, office: Office
) -> None:
    served, act = office.served(office.broken()), office.act()
    assert asking.ask("served_list", where="far", id=served["id"]).status_code == 404
    assert asking.ask("act", where="far", id=act["id"]).status_code == 404
    assert asking.ask("act", Role.INSPECTOR, id=act["id"]).status_code == 404


UNFIT = [
    ("violations", {"format": "exe"}, "/format"),
    ("violations", {"id": str(uuid4())}, "/id"),
    ("violations", {"filters": {"severity": "grave"}}, "/filters/severity"),
    ("violations", {"filters": {"nobody": 1}}, "/filters/nobody"),
    ("act", {}, "/id"),
    ("act", {"id": str(uuid4()), "filters": {"campaign": CAMPAIGN}}, "/filters"),
    ("briefing", {}, "/filters/campaign"),
    ("briefing", {"filters": {"campaign": CAMPAIGN, "overdue": True}}, "/filters/overdue"),
    ("everything", {}, "/kind"),
    ("violations", {"language": "de"}, "/language"),
]


@pytest.mark.parametrize(("kind", "said", "pointer"), UNFIT)
def test_what_a_kind_does_not_take_is_refused(
    asking: Asking, kind: str, said: dict[str, Any], pointer: str
) -> None:
    answer = asking.ask(kind, **said)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def _second_person(asking: Asking, name: str) -> tuple[dict[str, str], str]:
    """A prosecutor of the near district whose grant the test may take away."""
    with asking.database.writing() as session:
        near = asking.world.territories["near"]
        person = make_person(session, name, [(Role.PROSECUTOR, near)])
        token = make_session_token(session, person)
    return {"Authorization": f"Bearer {token}"}, str(person)


def _asked_by(asking: Asking, headers: dict[str, str]) -> str:
    body = {"kind": "violations", "format": "pdf", "language": "en"}
    return str(asking.client.post(EXPORTS, json=body, headers=headers).json["id"])


REVOKE = "update person_grant set revoked_at = now() where person_id = :person"


def test_a_grant_lost_before_it_is_made_fails_it(asking: Asking) -> None:
    headers, person = _second_person(asking, "loser.1")
    export = _asked_by(asking, headers)
    asking.execute(REVOKE, person=person)
    asking.run(export)
    found = asking.client.get(f"{EXPORTS}/{export}", headers=headers).json
    assert found["state"] == "failed"
    assert found["problem"]["type"] == "urn:audit-api:problem:scope-gone"
    assert found["file"] is None


def test_a_narrower_grant_makes_a_narrower_file(asking: Asking, office: Office) -> None:
    office.broken("near-1")
    office.broken("near-2")
    headers, person = _second_person(asking, "loser.2")
    export = _asked_by(asking, headers)
    asking.execute(
        "update person_grant set territory_id = :there where person_id = :person",
        there=asking.world.territories["near-2"],
        person=person,
    )
    asking.run(export)
    found = asking.client.get(f"{EXPORTS}/{export}", headers=headers).json
    seen = asking.client.get("/api/v1/violations?limit=200", headers=headers).json["items"]
    assert found["state"] == "done"
    assert found["total"] == len(seen)


def test_a_grant_lost_afterwards_closes_the_file(asking: Asking) -> None:
    headers, person = _second_person(asking, "loser.3")
    export = _asked_by(asking, headers)
    asking.run(export)
    assert asking.client.get(f"{EXPORTS}/{export}/file", headers=headers).status_code == 200
    asking.execute(REVOKE, person=person)
    assert asking.client.get(f"{EXPORTS}/{export}/file", headers=headers).status_code == 404


def test_running_it_again_changes_nothing(asking: Asking) -> None:
    made = asking.done("violations")
    asking.run(made["id"])
    assert asking.get(made["id"]).json == made
    entries = "select count(*) from audit_log where what = 'exported' and subject = :id"
    assert asking.execute(entries, id=made["id"]) == [(1,)]


def test_every_file_stands_in_the_audit_log(asking: Asking) -> None:
    made = asking.done("violations")
    [(person, detail)] = asking.execute(
        "select person_id, detail from audit_log where what = 'exported' and subject = :id",
        id=made["id"],
    )
    assert person == asking.world.people[Role.PROSECUTOR, "near"]
    assert detail["sha256"] == made["file"]["sha256"]
    assert detail["rows"] == made["total"]


@pytest.fixture
def with_maker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets another maker stand for the list's."""

    def install(maker: Any) -> None:
        kind = kinds_of_files.KINDS["violations"]
        changed = kinds_of_files.Kind(kind.noun, {"pdf": maker}, filters=kind.filters)
        monkeypatch.setitem(kinds_of_files.KINDS, "violations", changed)

    return install


def test_a_maker_that_breaks_fails_the_export_and_says_what_to_do(
    asking: Asking, with_maker: Any
) -> None:
    def broken(making: Making) -> Made:
        raise ZeroDivisionError("a secret of the server")

    with_maker(broken)
    export = asking.asked("violations")
    asking.run(export)
    found = asking.get(export).json
    assert found["state"] == "failed"
    assert found["problem"]["type"] == "urn:audit-api:problem:internal"
    assert export in found["problem"]["detail"]
    assert "secret" not in str(found)
    assert asking.get(export, "/file").status_code == 409


def test_what_passes_is_tried_again_and_given_up_after_the_third_time(
    asking: Asking, with_maker: Any
) -> None:
    def away(making: Making) -> Made:
        raise BucketUnavailable("503")

    with_maker(away)
    export = asking.asked("violations")
    for _ in range(run.MOST_ATTEMPTS - 1):
        with pytest.raises(BucketUnavailable):
            asking.run(export)
        assert asking.get(export).json["state"] == "running"
    asking.run(export)
    problem = asking.get(export).json["problem"]
    assert problem["type"] == "urn:audit-api:problem:not-reachable"


def test_an_attempt_that_was_overtaken_leaves_no_trace(asking: Asking, with_maker: Any) -> None:
    original = kinds_of_files.KINDS["violations"].makers["pdf"]
    export = asking.asked("violations")
    inner = []

    def slow(making: Making) -> Made:
        made = original(making)
        if not inner:
            # Another worker took it for dead and made it meanwhile.
            inner.append(True)
            asking.run(export)
        return made

    with_maker(slow)
    asking.run(export)
    found = asking.get(export).json
    assert found["state"] == "done"
    [(attempts, key)] = asking.execute(
        "select attempts, file_key from export where id = :id", id=export
    )
    assert (attempts, key) == (2, f"exports/{export}-2")
    entries = "select count(*) from audit_log where what = 'exported' and subject = :id"
    assert asking.execute(entries, id=export) == [(1,)]
    asking.file(found)


JOBS = "select count(*) from procrastinate_jobs where task_name = 'make_export'"


def test_a_job_comes_with_the_request_and_goes_with_its_rollback(
    asking: Asking, database: Database
) -> None:
    [(before,)] = asking.execute(JOBS)
    asking.asked("violations")
    assert asking.execute(JOBS) == [(before + 1,)]
    with database.engine.connect() as connection, Session(connection) as session:
        enqueue(session, "make_export", lock="x", export=str(uuid4()))
        session.rollback()
    assert asking.execute(JOBS) == [(before + 1,)]


def test_nobody_has_more_than_ten_made_at_once(asking: Asking) -> None:
    headers, _ = _second_person(asking, "greedy")
    for _ in range(10):
        _asked_by(asking, headers)
    body = {"kind": "violations", "format": "pdf"}
    refused = asking.client.post(EXPORTS, json=body, headers=headers)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "10"


def test_a_file_is_gone_after_its_term(asking: Asking) -> None:
    made = asking.done("violations")
    asking.execute(
        "update export set expires_at = now() - interval '1 second' where id = :id", id=made["id"]
    )
    assert asking.get(made["id"], "/file").status_code == 410


def test_a_request_sent_twice_under_one_key_makes_one_file(asking: Asking) -> None:
    headers = asking.world.headers(Role.COORDINATOR, "far") | {"Idempotency-Key": f'"{uuid4()}"'}
    body = {"kind": "violations", "format": "pdf", "language": "ru"}
    first = asking.client.post(EXPORTS, json=body, headers=headers)
    again = asking.client.post(EXPORTS, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json["id"] == again.json["id"]


def test_a_photo_that_came_later_makes_another_paper_of_the_same_act(
    asking: Asking, office: Office
) -> None:
    act = office.act()
    without = asking.done("act", id=act["id"])
    store = asking.app.extensions["photo_store"]
    with Examiner() as examiner:
        list(examine_photos(asking.database, store, examiner, now=lambda: datetime.now(UTC)))
    shown = asking.done("act", id=act["id"])
    head = asking.done("act", Role.LSG_HEAD, id=act["id"])
    assert shown["file"]["verify"] != without["file"]["verify"]
    assert head["file"]["sha256"] == shown["file"]["sha256"]
    text = text_of(asking.file(shown))
    assert "no preview is here now" not in text
    assert "SHA-256 of the original:" in text
    for made in (without, shown):
        path = made["file"]["verify"].removeprefix("http://localhost")
        found = asking.client.get(path, headers={"Accept": "application/json"}).json
        assert found["content_sha256"] == act["sha256"]
