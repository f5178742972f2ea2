"""Uploads that are hostile or broken, and services that are away (docs/tus.md)."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.domain.sync.uploads import read_metadata
from audit_api.embedded.child import free_port
from audit_api.http.sync import uploads
from audit_api.services.sync import hand_in_quota
from audit_api.services.sync.hand_in_quota import Quota
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tablets import Tablet
from tests.http.tus import BYTES, Tus, metadata, photo

UPLOADS = "/api/v1/uploads"


@pytest.fixture
def tablet(client: FlaskClient, database: Database, world: World) -> Tablet:
    """A new tablet."""
    return Tablet(client, database, world)


@pytest.fixture
def tus(client: FlaskClient, tablet: Tablet) -> Tus:
    """The new tablet's."""
    return Tus(client, tablet.headers)


def stored(app: Flask, data: bytes) -> bytes:
    """The original with the hash of these bytes, as it lies in the bucket."""
    store: PhotoStore = app.extensions["photo_store"]
    return b"".join(store.read(hashlib.sha256(data).digest()))


def problem(answer: Any) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.json["type"].rpartition(":")[2]


# Bodies and offsets


@pytest.mark.parametrize("chunked", ["", "chunked"])
def test_a_body_longer_than_the_rest_is_413_and_the_rest_still_comes(
    tus: Tus, app: Flask, chunked: str
) -> None:
    data = photo(f"longer {chunked}")
    path = tus.begun(data)
    tus.patch(path, 0, data[:1000])
    answer = tus.patch(path, 1000, data[1000:] + b"x", Transfer_Encoding=chunked)
    assert problem(answer) == (413, "too-large")
    assert tus.offset(path) == 1000
    assert tus.patch(path, 1000, data[1000:]).status_code == 204
    assert stored(app, data) == data


def test_a_byte_after_the_end_is_413(tus: Tus, app: Flask) -> None:
    data = photo("after the end")
    path = tus.begun(data)
    tus.patch(path, 0, data)
    assert problem(tus.patch(path, 5000, b"x")) == (413, "too-large")
    assert problem(tus.patch(path, 4999, data[4999:])) == (409, "offset-differs")
    assert stored(app, data) == data


def test_of_two_patches_at_one_offset_one_is_kept(app: Flask, tus: Tus) -> None:
    for n in range(10):
        data = photo(f"two at once {n}", 100_000)
        path = tus.begun(data)

        def send(length: int, path: str = path, data: bytes = data) -> int:
            other = Tus(app.test_client(), tus.headers)
            status: int = other.patch(path, 0, data[:length]).status_code
            return status

        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(send, (40_000, 70_000)))
        assert Counter(statuses) == {204: 1, 409: 1}
        assert tus.offset(path) == (40_000 if statuses[0] == 204 else 70_000)
        offset = tus.offset(path)
        assert tus.patch(path, offset, data[offset:]).status_code == 204
        assert stored(app, data) == data


@pytest.mark.parametrize("wrong", [-1, 1])
def test_one_byte_beside_the_offset_is_409(tus: Tus, wrong: int) -> None:
    data = photo(f"beside {wrong}")
    path = tus.begun(data)
    tus.patch(path, 0, data[:100])
    answer = tus.patch(path, 100 + wrong, data[100 + wrong :])
    assert problem(answer) == (409, "offset-differs")
    assert tus.offset(path) == 100


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a\x00b.jpg",
        "a\r\nSet-Cookie: x=1",
        "\u202egpj.exe",
        "\u0438\u0306" * 50 + ".jpg",
        "n" * 4096,
        "",
    ],
    ids=["path", "nul", "line", "right to left", "NFD", "4 kB", "empty"],
)
def test_a_file_name_is_text_and_nothing_else(tus: Tus, app: Flask, name: str) -> None:
    data = photo(f"named {name[:20]!r}")
    path = tus.begun(data, Upload_Metadata=metadata(data, filename=name))
    assert tus.patch(path, 0, data).status_code == 204
    told = tus.call("HEAD", path).headers
    assert read_metadata(told["Upload-Metadata"])["filename"] == name
    assert "Set-Cookie" not in told
    assert stored(app, data) == data


# Quotas


def test_beyond_its_unfinished_uploads_a_tablet_is_told_what_to_do(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_UNFINISHED", 3)
    paths = [tus.begun(photo(f"many {n}")) for n in range(3)]
    refused = tus.begin(photo("one more"))
    assert problem(refused) == (429, "too-many-uploads")
    assert "DELETE" in refused.json["detail"]
    assert refused.headers["Retry-After"] == str(refused.json["retry_after"])
    # What was begun goes on, and makes room.
    assert tus.patch(paths[0], 0, photo("many 0")).status_code == 204
    assert tus.begin(photo("one more")).status_code == 201
    assert tus.begin(photo("one too many")).status_code == 429
    tus.call("DELETE", paths[1])
    assert tus.begin(photo("one too many")).status_code == 201


def test_what_is_here_already_needs_no_room(tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
    data = photo("no room needed")
    tus.patch(tus.begun(data), 0, data)
    monkeypatch.setattr(uploads, "MOST_UNFINISHED", 0)
    assert tus.begin(data).headers["Upload-Offset"] == "5000"


def test_unfinished_uploads_count_with_all_that_was_announced(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_UNFINISHED_BYTES", 12_000)
    first = tus.begun(photo("counted 1"))
    tus.patch(first, 0, b"x")
    tus.begun(photo("counted 2"))
    assert problem(tus.begin(photo("counted 3"))) == (429, "too-many-uploads")
    assert tus.begin(photo("small", 2_000)).status_code == 201


def test_a_deferred_length_counts_as_the_largest(tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_UNFINISHED_BYTES", 25_000_000)
    path = tus.begun(photo("deferred"), Upload_Length="", Upload_Defer_Length="1")
    assert tus.begin(photo("beside", 1)).status_code == 429
    tus.patch(path, 0, b"x", Upload_Length="5000")
    assert tus.begin(photo("beside", 1)).status_code == 201


def test_one_tablets_quota_is_not_anothers(
    tus: Tus, client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_UNFINISHED", 1)
    tus.begun(photo("mine"))
    assert tus.begin(photo("mine too")).status_code == 429
    assert Tus(client, world.device_headers("far")).begin(photo("theirs")).status_code == 201


def test_before_the_disk_is_full_new_uploads_are_507(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = photo("before it was full")
    path = tus.begun(data)
    monkeypatch.setattr(uploads, "LEAST_FREE_BYTES", 10**18)
    assert problem(tus.begin(photo("no room"))) == (507, "store-full")
    assert tus.patch(path, 0, data).status_code == 204


@pytest.fixture
def small(settings: Settings) -> Iterator[FlaskClient]:
    """The application with little room for unfinished uploads of all tablets."""
    made = create_app(replace(settings, max_unfinished_bytes=4_999))
    yield made.test_client()
    made.extensions["database"].engine.dispose()


def test_before_unfinished_uploads_take_all_the_room_new_ones_are_507(
    tus: Tus, small: FlaskClient
) -> None:
    assert problem(Tus(small, tus.headers).begin(photo("all the room"))) == (507, "store-full")


# Revoked tablets


def revoke(tablet: Tablet) -> None:
    with tablet.database.writing() as session:
        session.execute(
            text("update device set revoked_at = now() where id = :id"), {"id": tablet.id}
        )


def test_a_revoked_tablet_still_hands_in(tus: Tus, tablet: Tablet, app: Flask) -> None:
    begun, new = photo("begun before"), photo("begun after")
    path = tus.begun(begun)
    tus.patch(path, 0, begun[:100])
    revoke(tablet)
    assert tus.offset(path) == 100
    assert tus.patch(path, 100, begun[100:]).status_code == 204
    assert tus.patch(tus.begun(new), 0, new).status_code == 204
    assert [stored(app, data) for data in (begun, new)] == [begun, new]


def test_beyond_its_quota_a_revoked_tablet_is_told_what_to_do(
    tus: Tus, tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_in_quota, "PHOTOS", Quota(2, 1_000_000))
    revoke(tablet)
    first, second, third = (photo(f"{n} {tablet.id}") for n in range(3))
    tus.patch(tus.begun(first), 0, first)
    path = tus.begun(second)
    # What is still on its way counts too.
    assert problem(tus.begin(third)) == (429, "hand-in-quota-spent")
    tus.patch(path, 0, second)
    refused = tus.begin(third)
    assert problem(refused) == (429, "hand-in-quota-spent")
    assert "enrol it anew" in refused.json["detail"]
    assert tus.begin(first).headers["Upload-Offset"] == "5000"


def test_bytes_on_their_way_count_for_a_revoked_tablet(
    tus: Tus, tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_in_quota, "PHOTOS", Quota(100, 9_999))
    revoke(tablet)
    tus.begun(photo("on its way"))
    assert problem(tus.begin(photo("too many bytes"))) == (429, "hand-in-quota-spent")
    assert tus.begin(photo("few bytes", 4_999)).status_code == 201


# Services that are away


@pytest.fixture
def without_bucket(settings: Settings) -> Iterator[FlaskClient]:
    """The application while nothing answers where its bucket should be."""
    away = replace(settings.s3, endpoint_url=f"http://127.0.0.1:{free_port()}")
    made = create_app(replace(settings, s3=away))
    yield made.test_client()
    made.extensions["database"].engine.dispose()


def test_without_the_bucket_all_but_the_last_byte_is_kept(
    tus: Tus, app: Flask, without_bucket: FlaskClient
) -> None:
    data = photo("bucket away")
    path = tus.begun(data)
    tus.patch(path, 0, data[:3000])
    answer = Tus(without_bucket, tus.headers).patch(path, 3000, data[3000:])
    assert problem(answer) == (503, "bucket-unavailable")
    assert answer.headers["Retry-After"]
    assert tus.offset(path) == 4999
    finished = tus.patch(path, 4999, data[4999:])
    assert (finished.status_code, finished.headers["Upload-Offset"]) == (204, "5000")
    assert stored(app, data) == data


def test_an_upload_that_came_along_goes_on_when_the_bucket_is_back(
    tus: Tus, app: Flask, without_bucket: FlaskClient
) -> None:
    data = photo("along, bucket away")
    told = {"Upload_Length": "5000", "Upload_Metadata": metadata(data)} | {
        "Content_Type": BYTES["Content-Type"]
    }
    answer = Tus(without_bucket, tus.headers).call("POST", UPLOADS, data, **told)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "4999")
    assert tus.patch(answer.headers["Location"], 4999, data[4999:]).status_code == 204
    assert stored(app, data) == data


def test_a_wrong_bucket_loses_nothing_either(tus: Tus, app: Flask, settings: Settings) -> None:
    wrong = create_app(replace(settings, s3=replace(settings.s3, secret_key="not the one")))
    data = photo("bucket refuses")
    path = tus.begun(data)
    answer = Tus(wrong.test_client(), tus.headers).patch(path, 0, data)
    wrong.extensions["database"].engine.dispose()
    assert answer.status_code >= 500
    assert tus.offset(path) == 4999
    assert tus.patch(path, 4999, data[4999:]).status_code == 204
    assert stored(app, data) == data


@pytest.fixture
def without_database(settings: Settings) -> Iterator[FlaskClient]:
    """The application while nothing answers where its database should be."""
    stem, _, name = settings.database_url.rpartition("/")
    host = stem.rpartition("@")[0]
    url = f"{host}@127.0.0.1:{free_port()}/{name.partition('?')[0]}"
    made = create_app(replace(settings, database_url=url))
    yield made.test_client()
    made.extensions["database"].engine.dispose()


def test_without_the_database_head_is_423_so_that_no_client_begins_again(
    tus: Tus, without_database: FlaskClient
) -> None:
    path = tus.begun(photo("database away"))
    away = Tus(without_database, tus.headers)
    for answer in (
        away.call("HEAD", path),
        away.call("POST", path, X_HTTP_Method_Override="HEAD"),
    ):
        assert answer.status_code == 423
        assert "Upload-Offset" not in answer.headers
        assert answer.headers["Retry-After"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert problem(away.patch(path, 0, b"x")) == (503, "database-unavailable")
    assert tus.offset(path) == 0
