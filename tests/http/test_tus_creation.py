"""tus 1.0.0: creation, with an upload at once, with a length told later (docs/tus.md)."""

import hashlib
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World, inspection_of, operation, push
from tests.http.populated import with_photo
from tests.http.tus import BYTES, Tus, checksum, metadata, photo

UPLOADS = "/api/v1/uploads"
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def tus(client: FlaskClient, world: World) -> Tus:
    return Tus.near(client, world)


def stored(app: Flask, data: bytes) -> bytes:
    """The original with the hash of these bytes, as it lies in the bucket."""
    store: PhotoStore = app.extensions["photo_store"]
    return b"".join(store.read(hashlib.sha256(data).digest()))


def begun_uploads(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(text("select count(*) from upload")) or 0


# Creation


def test_a_new_upload_is_201_at_a_location_that_head_knows(tus: Tus) -> None:
    answer = tus.begin(photo("new"))
    assert answer.status_code == 201
    stem, _, name = answer.headers["Location"].rpartition("/")
    assert (stem, str(UUID(name))) == (UPLOADS, name)
    assert answer.data == b""
    assert tus.offset(answer.headers["Location"]) == 0


def test_head_says_the_metadata_as_the_client_did(tus: Tus) -> None:
    data = photo("metadata")
    said = metadata(data, filename="ram\u043f\u0430.jpg", inspection="x") + ",is_confidential"
    path = tus.begun(data, Upload_Metadata=said)
    assert tus.call("HEAD", path).headers["Upload-Metadata"] == said


def test_the_type_may_be_called_filetype_as_browser_clients_do(tus: Tus) -> None:
    data = photo("filetype")
    said = metadata(data, content_type="", filetype="image/png")
    assert tus.begin(data, Upload_Metadata=said).status_code == 201


@pytest.mark.parametrize(
    ("length", "deferred"),
    [("", ""), ("5000", "1"), ("", "0"), ("", "2"), ("", "true")],
    ids=["neither", "both", "0", "2", "a word"],
)
def test_a_length_or_its_deferral_is_needed(
    tus: Tus, database: Database, length: str, deferred: str
) -> None:
    before = begun_uploads(database)
    data = photo("neither")
    answer = tus.begin(data, Upload_Length=length, Upload_Defer_Length=deferred)
    assert (answer.status_code, answer.json["type"]) == (
        400,
        "urn:audit-api:problem:malformed-header",
    )
    assert begun_uploads(database) == before


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("-1", 400),
        ("+1", 400),
        ("1.0", 400),
        ("1e3", 400),
        ("0x10", 400),
        ("٥", 400),
        ("5000 bytes", 400),
        (str(25_000_001), 413),
        (str(2**53 - 1), 413),
        (str(2**63), 413),
        ("9" * 5000, 413),
        (str(25_000_000), 201),
        ("0005000", 201),
    ],
)
def test_a_length_is_a_whole_number_up_to_the_maximum(
    tus: Tus, database: Database, length: str, status: int
) -> None:
    before = begun_uploads(database)
    answer = tus.begin(photo("lengths"), Upload_Length=length)
    assert answer.status_code == status
    assert begun_uploads(database) == before + (status == 201)


def test_an_empty_file_is_complete_at_once(tus: Tus, database: Database) -> None:
    path = tus.begun(b"")
    told = tus.call("HEAD", path).headers
    assert (told["Upload-Offset"], told["Upload-Length"]) == ("0", "0")
    assert "Upload-Expires" not in told
    assert tus.patch(path, 0, b"").status_code == 204
    # It shows nothing, so it is no photo.
    with database.reading() as session:
        found = session.scalar(
            text("select count(*) from photo where sha256 = :sha256"),
            {"sha256": bytes.fromhex(EMPTY)},
        )
    assert found == 0


def test_an_empty_file_of_another_hash_is_refused(tus: Tus, database: Database) -> None:
    before = begun_uploads(database)
    answer = tus.begin(b"", Upload_Metadata=metadata(b"something"))
    assert (answer.status_code, answer.json["type"]) == (
        460,
        "urn:audit-api:problem:checksum-mismatch",
    )
    assert begun_uploads(database) == before


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", 422),
        (metadata(b"x", content_type="text/html"), 422),
        (metadata(b"x", content_type="image/svg+xml"), 422),
        (metadata(b"x", sha256="ab"), 422),
        (metadata(b"x", sha256="g" * 64), 422),
        (f"content_type {b64encode(b'image/jpeg').decode()}", 422),
        (f"{metadata(b'x')},sha256 {b64encode(b'0' * 64).decode()}", 400),
        (f"{metadata(b'x')},filename !!!!", 400),
        (f"{metadata(b'x')},filename QQ", 400),
        (f"{metadata(b'x')},filename QQ==QQ==", 400),
        (f"{metadata(b'x')},filename  QQ==", 400),
        (f"{metadata(b'x')},filename //4=", 400),
        (f"{metadata(b'x')},", 400),
        (f"{metadata(b'x')},, a QQ==", 400),
        (f"{metadata(b'x')},имя QQ==", 400),
        (f"{metadata(b'x')},{'k' * 101} QQ==", 400),
        (metadata(b"x", filename="x" * 6000), 400),
    ],
    ids=[
        "none",
        "no photo",
        "a drawing with scripts",
        "short hash",
        "no digits",
        "no hash",
        "twin key",
        "no Base64",
        "no padding",
        "padding inside",
        "two spaces",
        "no UTF-8",
        "empty pair",
        "empty pair within",
        "key in Cyrillic",
        "long key",
        "too long",
    ],
)
def test_metadata_that_cannot_be_read_begins_nothing(
    tus: Tus, database: Database, said: str, status: int
) -> None:
    before = begun_uploads(database)
    answer = tus.begin(b"x", Upload_Metadata=said.encode().decode("latin-1"))
    assert answer.status_code == status
    assert answer.json["detail"]
    assert begun_uploads(database) == before


# What is here already


def test_an_original_that_is_here_is_complete_at_creation(tus: Tus, app: Flask) -> None:
    data = photo("known")
    first = tus.begun(data)
    tus.patch(first, 0, data)
    answer = tus.begin(data)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5000")
    assert "Upload-Expires" not in answer.headers
    second = answer.headers["Location"]
    assert second != first
    told = tus.call("HEAD", second).headers
    assert (told["Upload-Offset"], told["Upload-Length"]) == ("5000", "5000")
    assert stored(app, data) == data


def test_with_a_deferred_length_too(tus: Tus) -> None:
    data = photo("known deferred")
    tus.patch(tus.begun(data), 0, data)
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    told = tus.call("HEAD", path).headers
    assert (told["Upload-Offset"], told["Upload-Length"]) == ("5000", "5000")
    assert "Upload-Defer-Length" not in told


def test_the_hash_of_an_original_with_another_length_is_not_taken_for_it(tus: Tus) -> None:
    data = photo("known by half")
    tus.patch(tus.begun(data), 0, data)
    path = tus.begun(data, Upload_Length="4999")
    assert tus.offset(path) == 0
    assert tus.patch(path, 0, data[:4999]).status_code == 460


def test_an_inspection_waits_no_longer(tus: Tus, client: FlaskClient, world: World) -> None:
    data = photo("waited for")
    body = with_photo(inspection_of(world, "near-1"), data)
    pushed = push(client, world, operation(body, seq=1))
    assert pushed["need_photos"] == [hashlib.sha256(data).hexdigest()]
    tus.patch(tus.begun(data), 0, data)
    assert push(client, world, operation(body, seq=2))["need_photos"] == []


# Creation with upload


def create_with(tus: Tus, data: bytes, part: bytes, **headers: str) -> Any:
    told = {
        "Upload_Length": str(len(data)),
        "Upload_Metadata": metadata(data),
        "Content_Type": BYTES["Content-Type"],
    } | headers
    return tus.call("POST", UPLOADS, part, **told)


def test_all_of_it_can_come_along(tus: Tus, app: Flask) -> None:
    data = photo("along")
    answer = create_with(tus, data, data)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5000")
    assert tus.offset(answer.headers["Location"]) == 5000
    assert stored(app, data) == data


def test_a_part_of_it_can_come_along(tus: Tus, app: Flask) -> None:
    data = photo("a part along")
    answer = create_with(tus, data, data[:2000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "2000")
    assert "Upload-Expires" in answer.headers
    tus.patch(answer.headers["Location"], 2000, data[2000:])
    assert stored(app, data) == data


@pytest.mark.parametrize("kind", ["", "image/jpeg", "application/x-www-form-urlencoded"])
def test_what_comes_along_needs_the_type(tus: Tus, database: Database, kind: str) -> None:
    before = begun_uploads(database)
    data = photo("along typed")
    assert create_with(tus, data, data, Content_Type=kind).status_code == 415
    assert begun_uploads(database) == before


def test_what_comes_along_can_be_checked(tus: Tus, database: Database, app: Flask) -> None:
    data = photo("along checked")
    before = begun_uploads(database)
    assert create_with(tus, data, data, **checksum(b"else")).status_code == 460
    assert begun_uploads(database) == before
    assert create_with(tus, data, data, **checksum(data, "sha1")).status_code == 201
    assert stored(app, data) == data


@pytest.mark.parametrize("chunked", ["", "chunked"])
def test_more_than_was_announced_does_not_come_along(
    tus: Tus, database: Database, chunked: str
) -> None:
    before = begun_uploads(database)
    data = photo("too much along")
    answer = create_with(tus, data, data + b"x", Transfer_Encoding=chunked)
    assert answer.status_code == 413
    assert begun_uploads(database) == before


def test_another_file_along_is_refused_and_forgotten(tus: Tus, database: Database) -> None:
    before = begun_uploads(database)
    data = photo("another along")
    answer = create_with(tus, data, b"\0" * len(data))
    assert answer.status_code == 460
    assert "Location" not in answer.headers
    assert begun_uploads(database) == before


def test_what_is_here_already_is_not_read_along(tus: Tus) -> None:
    data = photo("along again")
    create_with(tus, data, data)
    answer = create_with(tus, data, data)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5000")


# A length told later


def test_until_the_length_is_told_head_says_that_it_is_deferred(tus: Tus, app: Flask) -> None:
    data = photo("deferred")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")

    def told() -> tuple[str | None, str | None, str]:
        headers = tus.call("HEAD", path).headers
        length = headers.get("Upload-Length")
        return headers.get("Upload-Defer-Length"), length, headers["Upload-Offset"]

    assert told() == ("1", None, "0")
    tus.patch(path, 0, data[:1000])
    assert told() == ("1", None, "1000")
    tus.patch(path, 1000, data[1000:2000], Upload_Length="5000")
    assert told() == (None, "5000", "2000")
    tus.patch(path, 2000, data[2000:])
    assert told() == (None, "5000", "5000")
    assert stored(app, data) == data


def test_a_length_that_was_not_deferred_is_not_called_so(tus: Tus) -> None:
    assert "Upload-Defer-Length" not in tus.call("HEAD", tus.begun(photo("not deferred"))).headers


@pytest.mark.parametrize("deferred", [True, False])
def test_a_length_once_told_never_changes(tus: Tus, deferred: bool) -> None:
    data = photo(f"fixed {deferred}")
    later = {"Upload_Length": "", "Upload_Defer_Length": "1"} if deferred else {}
    path = tus.begun(data, **later)
    tus.patch(path, 0, data[:10], Upload_Length="5000")
    for length in ("4999", "5001", "10"):
        assert tus.patch(path, 10, data[10:20], Upload_Length=length).status_code == 400
    told = tus.call("HEAD", path).headers
    assert (told["Upload-Length"], told["Upload-Offset"]) == ("5000", "10")
    assert tus.patch(path, 10, data[10:], Upload_Length="5000").status_code == 204


@pytest.mark.parametrize(
    ("length", "status"), [("999", 400), ("x", 400), ("25000001", 413), (str(2**63), 413)]
)
def test_a_length_told_later_has_the_same_limits(tus: Tus, length: str, status: int) -> None:
    data = photo(f"later {length}")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    tus.patch(path, 0, data[:1000])
    assert tus.patch(path, 1000, data[1000:], Upload_Length=length).status_code == status
    told = tus.call("HEAD", path).headers
    assert (told["Upload-Defer-Length"], told["Upload-Offset"]) == ("1", "1000")


def test_the_length_may_be_told_when_all_of_it_is_here(tus: Tus, app: Flask) -> None:
    data = photo("told at last")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    assert tus.patch(path, 0, data).headers["Upload-Offset"] == "5000"
    answer = tus.patch(path, 5000, b"", Upload_Length="5000")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "5000")
    assert tus.call("HEAD", path).headers["Upload-Length"] == "5000"
    assert stored(app, data) == data


def test_a_deferred_length_is_told_once_even_if_no_byte_follows(tus: Tus) -> None:
    data = photo("told early")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    assert tus.patch(path, 0, b"", Upload_Length="5000", **checksum(b"")).status_code == 204
    assert tus.call("HEAD", path).headers["Upload-Length"] == "5000"


def test_an_empty_file_with_a_length_told_later(tus: Tus, app: Flask) -> None:
    path = tus.begun(b"", Upload_Length="", Upload_Defer_Length="1")
    assert tus.call("HEAD", path).headers["Upload-Defer-Length"] == "1"
    assert tus.patch(path, 0, b"", Upload_Length="0").status_code == 204
    told = tus.call("HEAD", path).headers
    assert (told["Upload-Offset"], told["Upload-Length"]) == ("0", "0")
    store: PhotoStore = app.extensions["photo_store"]
    assert store.size(bytes.fromhex(EMPTY)) is None


def test_more_than_any_photo_has_is_refused_even_without_a_length(tus: Tus) -> None:
    data = photo("endless")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    answer = tus.client.patch(
        path,
        data=b"x",
        headers=tus.headers | BYTES | {"Upload-Offset": "0"},
        environ_overrides={"CONTENT_LENGTH": "25000001"},
    )
    assert answer.status_code == 413
    assert tus.offset(path) == 0
