"""tus 1.0.0, the core: where an upload stands, and going on with it (docs/tus.md)."""

import hashlib
import re
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tus import Tus, checksum, photo

UPLOADS = "/api/v1/uploads"


@pytest.fixture
def tus(client: FlaskClient, world: World) -> Tus:
    return Tus.near(client, world)


def stored(app: Flask, data: bytes) -> bytes:
    """The original with the hash of these bytes, as it lies in the bucket."""
    store: PhotoStore = app.extensions["photo_store"]
    return b"".join(store.read(hashlib.sha256(data).digest()))


# OPTIONS


@pytest.mark.parametrize("path", [UPLOADS, f"{UPLOADS}/{uuid4()}"])
def test_options_tells_versions_extensions_and_limits(client: FlaskClient, path: str) -> None:
    answer = client.options(path)
    assert answer.status_code == 204
    told = {name: value for name, value in answer.headers if name.startswith("Tus-")}
    assert told == {
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,creation-with-upload,creation-defer-length,checksum,"
        "expiration,termination",
        "Tus-Max-Size": "25000000",
        "Tus-Checksum-Algorithm": "sha256,sha1",
    }


def test_options_ignores_the_clients_version(client: FlaskClient) -> None:
    answers = [client.options(UPLOADS, headers={"Tus-Resumable": v}) for v in ("0.2.2", "1.0.0")]
    assert [(a.status_code, a.headers["Tus-Version"]) for a in answers] == [(204, "1.0.0")] * 2


# Tus-Resumable


def test_every_answer_says_its_version(tus: Tus, world: World) -> None:
    path = tus.begun(photo("version"))
    answers = [
        tus.call("HEAD", path),
        tus.patch(path, 0, b"x"),
        tus.patch(path, 7, b"x"),
        tus.begin(b""),
        tus.call("HEAD", f"{UPLOADS}/{uuid4()}"),
        tus.call("HEAD", f"{UPLOADS}/no-uuid"),
        tus.call("HEAD", path, Authorization=""),
        tus.call("HEAD", path, **world.headers(next(iter(world.tokens))[0])),
        tus.call("GET", path),
        tus.call("DELETE", path),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 204, 409, 201, 404, 404, 401, 403, 405, 204]
    assert {answer.headers.get("Tus-Resumable") for answer in answers} == {"1.0.0"}


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1", "1.0.0, 0.2.2"])
def test_another_version_is_answered_412_and_nothing_is_done(tus: Tus, version: str) -> None:
    path = tus.begun(photo(f"version {version}"))
    answers = [
        tus.begin(photo("never begun"), Tus_Resumable=version),
        tus.call("HEAD", path, Tus_Resumable=version),
        tus.patch(path, 0, b"x", Tus_Resumable=version),
        tus.call("DELETE", path, Tus_Resumable=version),
    ]
    assert [answer.status_code for answer in answers] == [412] * 4
    assert {answer.headers.get("Tus-Version") for answer in answers} == {"1.0.0"}
    assert tus.offset(path) == 0


# HEAD


def test_head_always_says_the_offset(tus: Tus) -> None:
    data = photo("offset")
    path = tus.begun(data)
    offsets = [tus.call("HEAD", path).headers["Upload-Offset"]]
    for begin, end in ((0, 1200), (1200, len(data))):
        tus.patch(path, begin, data[begin:end])
        offsets.append(tus.call("HEAD", path).headers["Upload-Offset"])
    assert offsets == ["0", "1200", "5000"]


def test_head_says_the_length_and_is_never_cached(tus: Tus) -> None:
    answer = tus.call("HEAD", tus.begun(photo("length")))
    assert answer.status_code == 200
    assert answer.headers["Upload-Length"] == "5000"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data == b""


def test_head_of_what_is_not_here_is_404_without_an_offset(tus: Tus) -> None:
    answer = tus.call("HEAD", f"{UPLOADS}/{uuid4()}")
    assert answer.status_code == 404
    assert "Upload-Offset" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


# PATCH


def test_patches_one_after_another_make_the_file(tus: Tus, app: Flask) -> None:
    data = photo("parts", 10_000)
    path = tus.begun(data)
    for begin in range(0, len(data), 3_000):
        answer = tus.patch(path, begin, data[begin : begin + 3_000])
        assert answer.status_code == 204
        assert int(answer.headers["Upload-Offset"]) == min(begin + 3_000, len(data))
        assert answer.data == b""
    assert stored(app, data) == data


def test_one_patch_brings_all_of_it(tus: Tus, app: Flask) -> None:
    data = photo("at once", 700_000)
    path = tus.begun(data)
    assert tus.patch(path, 0, data).headers["Upload-Offset"] == "700000"
    assert stored(app, data) == data


@pytest.mark.parametrize(
    "kind", ["", "application/octet-stream", "image/jpeg", "application/json", "text/plain"]
)
def test_another_content_type_is_415_and_changes_nothing(tus: Tus, kind: str) -> None:
    path = tus.begun(photo(f"type {kind}"))
    assert tus.patch(path, 0, b"x", Content_Type=kind).status_code == 415
    assert tus.offset(path) == 0


@pytest.mark.parametrize("wrong", [-1, 1, 3_000, 2**63])
def test_another_offset_is_409_and_changes_nothing(tus: Tus, wrong: int) -> None:
    data = photo(f"offset {wrong}")
    path = tus.begun(data)
    tus.patch(path, 0, data[:1000])
    answer = tus.patch(path, 1000 + wrong, data[1000:])
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:audit-api:problem:offset-differs"
    assert tus.offset(path) == 1000


def test_a_conflict_does_not_set_a_deferred_length_either(tus: Tus) -> None:
    data = photo("conflict deferred")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    assert tus.patch(path, 1, data[1:], Upload_Length="5000").status_code == 409
    assert tus.call("HEAD", path).headers["Upload-Defer-Length"] == "1"


@pytest.mark.parametrize("said", ["", "-1", "+0", "0.0", "0x0", "1e3", " ", "٠", "abc"])
def test_an_offset_that_is_no_number_is_400(tus: Tus, said: str) -> None:
    path = tus.begun(photo(f"number {said!r}"))
    answer = tus.patch(path, 0, b"x", Upload_Offset=said)
    assert (answer.status_code, answer.json["type"]) == (
        400,
        "urn:audit-api:problem:malformed-header",
    )
    assert tus.offset(path) == 0


def test_a_patch_to_what_is_not_here_is_404(tus: Tus) -> None:
    assert tus.patch(f"{UPLOADS}/{uuid4()}", 0, b"x").status_code == 404


def test_an_empty_patch_changes_nothing_and_says_where_it_stands(tus: Tus) -> None:
    data = photo("empty patch")
    path = tus.begun(data)
    tus.patch(path, 0, data[:10])
    answer = tus.patch(path, 10, b"")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "10")


@pytest.mark.parametrize("chunked", ["", "chunked"])
def test_a_repeat_of_the_end_is_welcome(tus: Tus, app: Flask, chunked: str) -> None:
    data = photo(f"repeat {chunked}")
    path = tus.begun(data)
    tus.patch(path, 0, data)
    answer = tus.patch(path, len(data), b"", Transfer_Encoding=chunked)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "5000")
    assert stored(app, data) == data


def test_what_came_of_a_cut_body_is_kept(tus: Tus, app: Flask) -> None:
    data = photo("cut")
    path = tus.begun(data)
    answer = tus.client.patch(
        path,
        data=data[:1234],
        headers=tus.headers
        | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        environ_overrides={"CONTENT_LENGTH": "5000"},
    )
    assert answer.headers["Upload-Offset"] == "1234"
    assert tus.offset(path) == 1234
    tus.patch(path, 1234, data[1234:])
    assert stored(app, data) == data


def test_a_chunked_body_is_taken_in_too(tus: Tus, app: Flask) -> None:
    data = photo("chunked", 200_000)
    path = tus.begun(data)
    answer = tus.patch(path, 0, data, Transfer_Encoding="chunked")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "200000")
    assert stored(app, data) == data


# X-HTTP-Method-Override


@pytest.mark.parametrize("sent", ["POST", "GET", "PUT", "DELETE"])
def test_the_override_is_the_method_whatever_was_sent(tus: Tus, app: Flask, sent: str) -> None:
    data = photo(f"override {sent}")
    path = tus.begun(data)
    bytes_type = "application/offset+octet-stream"
    patched = tus.call(
        sent,
        path,
        data,
        X_HTTP_Method_Override="PATCH",
        Upload_Offset="0",
        Content_Type=bytes_type,
    )
    assert (patched.status_code, patched.headers["Upload-Offset"]) == (204, "5000")
    head = tus.call(sent, path, X_HTTP_Method_Override="HEAD")
    assert (head.status_code, head.headers["Upload-Offset"], head.data) == (200, "5000", b"")
    assert tus.call(sent, path, X_HTTP_Method_Override="DELETE").status_code == 204
    assert tus.call("HEAD", path).status_code == 404
    assert stored(app, data) == data


def test_an_overridden_head_of_nothing_promises_no_body(tus: Tus) -> None:
    answer = tus.call("POST", f"{UPLOADS}/{uuid4()}", X_HTTP_Method_Override="HEAD")
    assert answer.status_code == 404
    assert (answer.headers["Content-Length"], answer.data) == ("0", b"")


def test_an_override_that_is_no_method_of_an_upload_is_405(tus: Tus) -> None:
    path = tus.begun(photo("override odd"))
    for method in ("PUT", "BREW"):
        answer = tus.call("PATCH", path, X_HTTP_Method_Override=method)
        assert answer.status_code == 405
        assert {"DELETE", "HEAD", "OPTIONS", "PATCH"} <= set(
            re.split(", *", answer.headers["Allow"])
        )


def test_elsewhere_the_override_means_nothing(tus: Tus, database: Database) -> None:
    answer = tus.call("GET", "/api/v1/sync/pull", X_HTTP_Method_Override="DELETE")
    assert answer.status_code == 200


# Other than tus: whose it is


def test_another_tablets_upload_answers_like_one_that_is_not(
    tus: Tus, client: FlaskClient, world: World
) -> None:
    data = photo("somebody else's")
    mine, unknown = tus.begun(data), f"{UPLOADS}/{uuid4()}"
    other = Tus(client, world.device_headers("far"))

    def told(path: str) -> list[tuple[int, list[tuple[str, str]], bytes]]:
        answers = [
            other.call("HEAD", path),
            other.patch(path, 0, data),
            other.patch(path, 9, data),
            other.patch(path, 0, data, **checksum(b"else")),
            other.call("DELETE", path),
        ]
        return [
            (a.status_code, sorted((n, v) for n, v in a.headers if n != "X-Request-Id"), a.data)
            for a in answers
        ]

    assert told(mine) == told(unknown)
    assert {status for status, _, _ in told(mine)} == {404}
    assert tus.offset(mine) == 0


def test_an_address_in_capitals_is_the_same_upload(tus: Tus) -> None:
    data = photo("capitals")
    path = tus.begun(data)
    stem, _, name = path.rpartition("/")
    tus.patch(f"{stem}/{name.upper()}", 0, data[:10])
    assert tus.offset(path) == 10


def test_a_person_uploads_nothing(tus: Tus, world: World) -> None:
    role, where = next(iter(world.tokens))
    answer = tus.begin(photo("person"), **world.headers(role, where))
    assert answer.status_code == 403
