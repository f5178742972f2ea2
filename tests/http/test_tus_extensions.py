"""tus 1.0.0: checksum, expiration, termination (docs/tus.md)."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tus import BYTES, Tus, checksum, photo


@pytest.fixture
def tus(client: FlaskClient, world: World) -> Tus:
    return Tus.near(client, world)


def held(app: Flask, data: bytes) -> bool:
    """Whether the original with the hash of these bytes lies in the bucket."""
    store: PhotoStore = app.extensions["photo_store"]
    return store.size(hashlib.sha256(data).digest()) == len(data)


def expire(database: Database, path: str, ago: timedelta = timedelta(seconds=1)) -> None:
    with database.writing() as session:
        session.execute(
            text("update upload set expires_at = :at where id = cast(:id as uuid)"),
            {"at": datetime.now(UTC) - ago, "id": path.rpartition("/")[2]},
        )


# Checksum


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_with_its_digest_is_kept(tus: Tus, app: Flask, algorithm: str) -> None:
    data = photo(f"digest {algorithm}")
    path = tus.begun(data)
    for begin, end in ((0, 3000), (3000, 5000)):
        part = data[begin:end]
        answer = tus.patch(path, begin, part, **checksum(part, algorithm))
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
    assert held(app, data)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_with_another_digest_is_460_and_thrown_away(tus: Tus, algorithm: str) -> None:
    data = photo(f"other digest {algorithm}")
    path = tus.begun(data)
    tus.patch(path, 0, data[:1000])
    answer = tus.patch(path, 1000, data[1000:], **checksum(b"else", algorithm))
    assert (answer.status_code, answer.json["type"]) == (
        460,
        "urn:audit-api:problem:checksum-mismatch",
    )
    assert tus.offset(path) == 1000
    assert tus.patch(path, 1000, data[1000:], **checksum(data[1000:])).status_code == 204


def test_a_part_with_another_digest_sets_no_deferred_length(tus: Tus) -> None:
    data = photo("other digest deferred")
    path = tus.begun(data, Upload_Length="", Upload_Defer_Length="1")
    answer = tus.patch(path, 0, data[:10], Upload_Length="5000", **checksum(b"else"))
    assert answer.status_code == 460
    assert tus.call("HEAD", path).headers["Upload-Defer-Length"] == "1"


def test_a_cut_part_is_not_kept_since_its_digest_cannot_be_proven(tus: Tus) -> None:
    data = photo("cut digest")
    path = tus.begun(data)
    # Even if what came happens to have the digest.
    answer = tus.client.patch(
        path,
        data=data[:1234],
        headers=tus.headers | BYTES | checksum(data[:1234]) | {"Upload-Offset": "0"},
        environ_overrides={"CONTENT_LENGTH": "5000"},
    )
    assert answer.status_code == 460
    assert tus.offset(path) == 0


@pytest.mark.parametrize(
    "said",
    [
        "md5 XrY7u+Ae7tCTyyK7j1rNww==",
        "crc32 DUoRhQ==",
        "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "sha1",
        "sha1 ",
        "sha1 !!!",
        "sha1 QQ==",
        "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    ],
)
def test_a_digest_that_cannot_be_read_is_400_and_changes_nothing(tus: Tus, said: str) -> None:
    path = tus.begun(photo(f"unreadable {said}"))
    answer = tus.patch(path, 0, b"hello world", Upload_Checksum=said)
    assert (answer.status_code, answer.json["type"]) == (
        400,
        "urn:audit-api:problem:malformed-header",
    )
    assert tus.offset(path) == 0


def test_the_digest_of_the_protocols_own_example(tus: Tus) -> None:
    path = tus.begun(photo("example"))
    answer = tus.patch(path, 0, b"hello world", Upload_Checksum="sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "11")


def test_names_of_algorithms_are_in_small_ascii_letters(client: FlaskClient) -> None:
    names = client.options("/api/v1/uploads").headers["Tus-Checksum-Algorithm"].split(",")
    assert "sha1" in names
    assert all(name.isascii() and name == name.lower() for name in names)


# The whole


def test_another_whole_is_460_and_the_upload_stands_at_0_again(
    tus: Tus, app: Flask, database: Database
) -> None:
    data = photo("whole")
    wrong = photo("another whole")
    path = tus.begun(data)
    tus.patch(path, 0, wrong[:2000])
    answer = tus.patch(path, 2000, wrong[2000:])
    assert answer.status_code == 460
    assert not held(app, wrong)
    assert tus.offset(path) == 0
    with database.reading() as session:
        kept = session.scalar(
            text("select string_agg(bytes, '' order by start) from upload_segment "
                 "where upload_id = cast(:id as uuid)"),
            {"id": path.rpartition("/")[2]},
        )  # fmt: skip
    assert bytes(kept or b"") == wrong[:-1]
    tus.patch(path, 0, data[:700])
    assert tus.patch(path, 700, data[700:]).status_code == 204
    assert held(app, data)


def test_of_many_refused_attempts_the_last_alone_is_kept(tus: Tus, database: Database) -> None:
    data = photo("often refused")
    path = tus.begun(data)
    for n in range(4):
        assert tus.patch(path, 0, photo(f"wrong {n}")).status_code == 460
    with database.reading() as session:
        attempts = session.scalars(
            text("select distinct attempt from upload_segment where upload_id = cast(:id as uuid)"),
            {"id": path.rpartition("/")[2]},
        ).all()
    assert attempts == [3]


# Expiration


def test_what_is_unfinished_says_until_when_it_is_kept(tus: Tus) -> None:
    data = photo("expires")
    before = datetime.now(UTC).replace(microsecond=0)
    created = tus.begin(data)
    path = created.headers["Location"]
    answers = [created, tus.patch(path, 0, data[:10]), tus.call("HEAD", path)]
    for answer in answers:
        said = answer.headers["Upload-Expires"]
        assert said.endswith(" GMT")
        kept = parsedate_to_datetime(said) - before
        assert timedelta(days=7) <= kept <= timedelta(days=7, minutes=1)


def test_what_is_finished_does_not(tus: Tus) -> None:
    data = photo("never expires")
    path = tus.begun(data)
    answers = [tus.patch(path, 0, data), tus.call("HEAD", path), tus.patch(path, 5000, b"")]
    assert all("Upload-Expires" not in answer.headers for answer in answers)


def test_each_part_that_is_kept_puts_the_end_off(tus: Tus, database: Database) -> None:
    data = photo("put off")
    path = tus.begun(data)
    expire(database, path, ago=timedelta(days=-1))
    soon = parsedate_to_datetime(tus.call("HEAD", path).headers["Upload-Expires"])
    later = parsedate_to_datetime(tus.patch(path, 0, data[:10]).headers["Upload-Expires"])
    assert later - soon > timedelta(days=5)


def test_what_has_expired_is_410_without_an_offset(tus: Tus, database: Database) -> None:
    data = photo("expired")
    path = tus.begun(data)
    tus.patch(path, 0, data[:10])
    expire(database, path)
    answers = [tus.call("HEAD", path), tus.patch(path, 10, data[10:]), tus.call("DELETE", path)]
    assert [answer.status_code for answer in answers] == [410] * 3
    assert all("Upload-Offset" not in answer.headers for answer in answers)
    assert "Begin a new upload" in answers[1].json["detail"]


def test_what_is_finished_is_told_even_later(tus: Tus, database: Database) -> None:
    data = photo("finished long ago")
    path = tus.begun(data)
    tus.patch(path, 0, data)
    expire(database, path)
    assert tus.offset(path) == 5000


# Termination


def test_what_is_given_up_is_gone_with_its_bytes(tus: Tus, database: Database) -> None:
    data = photo("given up")
    path = tus.begun(data)
    tus.patch(path, 0, data[:4000])
    answer = tus.call("DELETE", path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert [tus.call(m, path).status_code for m in ("HEAD", "DELETE")] == [404, 404]
    assert tus.patch(path, 4000, data[4000:]).status_code == 404
    with database.reading() as session:
        left = session.scalar(
            text("select count(*) from upload_segment where upload_id = cast(:id as uuid)"),
            {"id": path.rpartition("/")[2]},
        )
    assert left == 0


def test_a_finished_photo_stays_when_its_upload_is_given_up(
    tus: Tus, app: Flask, database: Database
) -> None:
    data = photo("stays")
    path = tus.begun(data)
    tus.patch(path, 0, data)
    assert tus.call("DELETE", path).status_code == 204
    assert held(app, data)
    with database.reading() as session:
        noted = session.scalar(
            text("select count(*) from photo where sha256 = :sha256"),
            {"sha256": hashlib.sha256(data).digest()},
        )
    assert noted == 1


def test_base64_of_the_checksum_is_read_strictly(tus: Tus) -> None:
    path = tus.begun(photo("strict"))
    digest = b64encode(hashlib.sha256(b"part").digest()).decode()
    for said in (f"sha256  {digest}", f"sha256 {digest}==", f"sha256 {digest[:-1]}"):
        assert tus.patch(path, 0, b"part", Upload_Checksum=said).status_code == 400
    assert tus.patch(path, 0, b"part", Upload_Checksum=f"sha256 {digest}").status_code == 204
