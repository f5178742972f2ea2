"""Originals in and out, byte for byte."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.evidence import photos
from tests.factories import (
    World,
    inspection_of,
    make_person,
    make_session_token,
    operation,
    push,
    ramp_of,
)
from tests.http.held import ramp_at
from tests.http.populated import Things, with_photo


def put(
    client: FlaskClient,
    world: World,
    data: bytes,
    sha256: str | None = None,
    **headers: str,
) -> Any:
    """PUT a photo with the near tablet."""
    name = sha256 or hashlib.sha256(data).hexdigest()
    sent = world.device_headers() | {"Content-Type": "image/jpeg"} | headers
    return client.put(f"/api/v1/photos/{name}", data=data, headers=sent)


def test_a_photo_arrives_and_an_inspection_waits_no_longer(
    client: FlaskClient, world: World
) -> None:
    data = b"\xff\xd8 one " + uuid4().bytes * 5000
    sha256 = hashlib.sha256(data).hexdigest()
    pushed = push(client, world, operation(with_photo(ramp_of(world, "near-1"), data), seq=1))
    assert pushed["need_photos"] == [sha256]
    inspection = f"/api/v1/inspections/{pushed['results'][0]['id']}"
    reader = world.headers(Role.TECHNICAL_SUPERVISOR)
    assert client.get(inspection, headers=reader).json["state"] == "awaiting_photos"
    assert put(client, world, data).status_code == 201
    complete = client.get(inspection, headers=reader).json
    assert complete["state"] == "complete"
    assert complete["photos"][0]["held"] is True
    original = client.get(f"/api/v1/photos/{sha256}/original", headers=reader)
    assert original.data == data
    assert original.headers["X-Content-Type-Options"] == "nosniff"
    assert original.headers["Content-Disposition"].startswith("attachment")


def test_sending_a_photo_again_is_harmless(client: FlaskClient, world: World) -> None:
    data = b"\xff\xd8 twice"
    assert [put(client, world, data).status_code for _ in range(3)] == [201, 200, 200]


def test_a_photo_that_is_here_before_its_inspection_is_not_asked_for(
    client: FlaskClient, world: World
) -> None:
    data = b"\xff\xd8 early"
    put(client, world, data)
    body = with_photo(inspection_of(world, "near-1"), data)
    assert push(client, world, operation(body, seq=2))["need_photos"] == []


def test_bytes_that_hash_to_something_else_are_not_stored(
    client: FlaskClient, world: World, database: Database
) -> None:
    wanted = hashlib.sha256(b"what was announced").digest()
    answer = put(client, world, b"what came", wanted.hex())
    assert (answer.status_code, answer.json["type"]) == (422, "urn:audit-api:problem:hash-mismatch")
    with database.reading() as session:
        count = session.scalar(
            text("select count(*) from photo where sha256 = :sha256"), {"sha256": wanted}
        )
    assert count == 0


@pytest.mark.parametrize("name", ["x", "0" * 63, "0" * 65, "g" * 64, "%2e%2e%2f", "É" * 64])
def test_a_name_that_is_no_hash_is_refused(client: FlaskClient, world: World, name: str) -> None:
    assert put(client, world, b"x", name).status_code in (404, 422)


def test_a_hash_in_upper_case_names_the_same_photo(client: FlaskClient, world: World) -> None:
    data = b"\xff\xd8 upper"
    assert put(client, world, data, hashlib.sha256(data).hexdigest().upper()).status_code == 201
    assert put(client, world, data).status_code == 200


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/pdf", ""])
def test_what_says_it_is_no_photo_is_refused(client: FlaskClient, world: World, kind: str) -> None:
    assert put(client, world, b"<html>", **{"Content-Type": kind}).status_code == 415


def test_an_empty_photo_is_refused(client: FlaskClient, world: World) -> None:
    assert put(client, world, b"").status_code in (411, 422)


def test_a_photo_that_is_too_big_is_refused_before_it_is_read(
    client: FlaskClient, world: World
) -> None:
    answer = client.put(
        f"/api/v1/photos/{'0' * 64}",
        headers=world.device_headers() | {"Content-Type": "image/jpeg"},
        environ_overrides={"CONTENT_LENGTH": "25000001"},
    )
    assert answer.status_code == 413


def test_a_person_hands_in_no_photo(client: FlaskClient, world: World) -> None:
    answer = client.put(
        f"/api/v1/photos/{'0' * 64}", data=b"x", headers=world.headers(Role.ADMINISTRATOR)
    )
    assert answer.status_code == 403


def test_a_photo_of_two_districts_names_nobody_of_the_other(
    client: FlaskClient, database: Database, world: World
) -> None:
    data = b"\xff\xd8 of both " + uuid4().bytes
    path = f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}"
    for n, site in enumerate(("near-2", "far-2"), 61):
        body = with_photo(ramp_at(world, site), data)
        pushed = push(client, world, operation(body, seq=n), where=site.partition("-")[0])
        assert pushed["results"][0]["status"] == "applied", pushed
    assert put(client, world, data).status_code == 201
    with database.writing() as session:
        region = world.territories["region"]
        above = make_person(session, "above", [(Role.PROSECUTOR, region)])
        from_above = {"Authorization": f"Bearer {make_session_token(session, above)}"}
    near, far = (world.headers(Role.PROSECUTOR, where) for where in ("near", "far"))
    for reader in (near, far, from_above):
        assert client.get(f"{path}/original", headers=reader).status_code == 200

    def told(reader: dict[str, str]) -> tuple[Any, list[Any]]:
        facts = client.get(path, headers=reader).json
        assert (facts["device"] is None) == (facts["inspector"] is None)
        return facts["inspector"], [event["by"] for event in facts["custody"]]

    sender = "Inspector.Near"
    assert told(near) == (sender, [sender, "Prosecutor.Near", "Above"])
    assert told(far) == (None, [None, "Prosecutor.Far", "Above"])
    assert told(from_above) == (sender, [sender, "Prosecutor.Near", "Prosecutor.Far", "Above"])


def test_a_revoked_tablet_still_hands_in_its_photos(
    app: Flask, client: FlaskClient, world: World, database: Database, things: Things
) -> None:
    device, token = world.devices["far"]
    with database.writing() as session:
        session.execute(text("update device set revoked_at = now() where id = :id"), {"id": device})
    data = b"\xff\xd8 from a revoked tablet"
    answer = client.put(
        f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}",
        data=data,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"},
    )
    assert answer.status_code == 201
    pushed = push(client, world, operation(ramp_of(world, "far-1"), seq=50), where="far")
    assert pushed["results"][0]["status"] == "quarantined"
    assert pushed["results"][0]["reason"] == "device-revoked"


def test_what_is_known_of_a_photo(client: FlaskClient, world: World) -> None:
    data = b"\xff\xd8 known " + uuid4().bytes
    sha256 = hashlib.sha256(data).hexdigest()
    pushed = push(client, world, operation(with_photo(ramp_of(world, "near-1"), data), seq=1))
    put(client, world, data)
    supervisor = world.headers(Role.TECHNICAL_SUPERVISOR)
    assert client.get(f"/api/v1/photos/{sha256}/original", headers=supervisor).status_code == 200
    facts = client.get(f"/api/v1/photos/{sha256}", headers=supervisor).json
    assert (facts["sha256"], facts["bytes"]) == (sha256, len(data))
    assert [shown["inspection"] for shown in facts["shown_in"]] == [pushed["results"][0]["id"]]
    assert facts["shown_in"][0]["bytes_agree"] is True
    assert [event["what"] for event in facts["custody"]] == ["photo_received", "original_read"]
    assert facts["examination"] is None
    head = client.get(f"/api/v1/photos/{sha256}", headers=world.headers(Role.LSG_HEAD))
    assert head.json["custody"] is None


def test_a_part_of_an_original_is_the_part_that_was_asked_for(
    client: FlaskClient, world: World
) -> None:
    data = b"\xff\xd8 parts " + bytes(range(256)) * 40
    push(client, world, operation(with_photo(ramp_of(world, "near-1"), data), seq=1))
    put(client, world, data)
    path = f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}/original"
    reader = world.headers(Role.PROSECUTOR)
    whole = client.get(path, headers=reader)
    assert (whole.data, whole.headers["Accept-Ranges"]) == (data, "bytes")
    for asked, start, end in (
        ("0-9", 0, 10),
        ("100-", 100, len(data)),
        ("-7", len(data) - 7, None),
    ):
        answer = client.get(path, headers=reader | {"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.data) == (206, data[start:end])
    beyond = client.get(path, headers=reader | {"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.json["type"]) == (
        416,
        "urn:audit-api:problem:range-not-satisfiable",
    )
    other = client.get(path, headers=reader | {"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (other.status_code, other.data) == (200, data)
    again = client.get(path, headers=reader | {"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_inspection_accepted_while_its_photo_arrives_does_not_wait_for_it(
    client: FlaskClient, world: World, database: Database
) -> None:
    data = b"\xff\xd8 in the same moment " + uuid4().bytes
    sha256 = hashlib.sha256(data)
    body = with_photo(inspection_of(world, "near-1", seed=41), data)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            photos.add_photo(
                session,
                sha256.digest(),
                size=len(data),
                content_type="image/jpeg",
                person=world.people[Role.INSPECTOR, "near"],
                device=world.devices["near"][0],
                at=datetime.now(UTC),
            )
            pushed = pool.submit(push, client, world, operation(body, seq=3))
            with pytest.raises(TimeoutError):
                pushed.result(0.5)
        answer = pushed.result(10)
    assert answer["need_photos"] == []
    with database.reading() as session:
        doc = session.scalar(
            text("select doc from feed where entity_id = :id"), {"id": answer["results"][0]["id"]}
        )
    assert doc["photos_missing"] == 0
