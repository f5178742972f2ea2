"""A tablet may delete what a durable receipt names: under a checkpoint, and in a backup."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.domain.evidence.checkpoints import key_of_note, read_note
from audit_api.domain.evidence.receipts import Receipt, is_genuine
from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.backups import Backups
from tests.factories import World, make_device, operation, push_body, ramp_of
from tests.http.populated import with_photo

PATH = "/api/v1/sync/receipts"


class Tablet:
    """A tablet of its own, so that each test begins with nothing handed in."""

    def __init__(self, client: FlaskClient, database: Database, world: World) -> None:
        self.client, self.world = client, world
        with database.writing() as session:
            owner = session.execute(
                text("select owner_id from device where id = :id"),
                {"id": world.devices["near"][0]},
            ).scalar_one()
            self.device, token = make_device(session, owner, f"tablet {uuid4()}")
        self.headers = {"Authorization": f"Bearer {token}"}

    def push(self, *operations: bytes) -> list[dict[str, Any]]:
        answer = self.client.post(
            "/api/v1/sync/push", data=push_body(self.device, operations), headers=self.headers
        )
        found: list[dict[str, Any]] = answer.json["results"]
        return found

    def hand_in(self, seq: int, photo: bytes | None = None) -> dict[str, Any]:
        body = ramp_of(self.world, "near-1")
        body = with_photo(body, photo) if photo else body
        return self.push(operation(body, seq=seq))[0]

    def put(self, photo: bytes) -> str:
        sha256 = hashlib.sha256(photo).hexdigest()
        sent = self.headers | {"Content-Type": "image/jpeg"}
        answer = self.client.put(f"/api/v1/photos/{sha256}", data=photo, headers=sent)
        assert answer.status_code == 201
        return sha256

    def durable(self, **query: Any) -> list[dict[str, Any]]:
        """All pages."""
        found: list[dict[str, Any]] = []
        answer = self.client.get(PATH, query_string=query, headers=self.headers)
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json["items"]
            if answer.json["next"] is None:
                return found
            answer = self.client.get(answer.json["next"], headers=self.headers)


@pytest.fixture
def tablet(client: FlaskClient, database: Database, world: World) -> Tablet:
    return Tablet(client, database, world)


@pytest.fixture
def backups(database: Database) -> Backups:
    return Backups(database)


def published(client: FlaskClient) -> dict[str, bytes]:
    items = client.get("/api/v1/receipts/keys").json["items"]
    return {item["key"]: bytes.fromhex(item["public_key"]) for item in items}


def test_before_the_first_checkpoint_none_is_published(
    new_settings: Callable[[], Settings],
) -> None:
    app = create_app(new_settings())
    assert app.test_client().get("/log/checkpoint").status_code == 404
    app.extensions["database"].engine.dispose()


def test_an_operation_is_durable_when_a_backup_behind_its_checkpoint_is_done(
    tablet: Tablet, backups: Backups
) -> None:
    received = tablet.hand_in(1)["receipt"]
    seen = [tablet.durable()]
    backups.sign()
    seen.append(tablet.durable())
    token = backups.begin()
    seen.append(tablet.durable())
    backups.done(token)
    (durable,) = tablet.durable()
    assert seen == [[], [], []]
    changed = {"level", "checkpoint", "signature"}
    assert durable["level"] == "durable"
    assert {k: v for k, v in durable.items() if k not in changed} == {
        k: v for k, v in received.items() if k not in changed
    }


def test_both_levels_are_signed_with_a_published_key(
    client: FlaskClient, tablet: Tablet, backups: Backups
) -> None:
    received = tablet.hand_in(1)["receipt"]
    backups.make()
    for said in (received, *tablet.durable()):
        assert is_genuine(*Receipt.from_json(said), published(client))


def test_what_came_after_the_backup_began_is_not_durable(tablet: Tablet, backups: Backups) -> None:
    first = tablet.hand_in(1)
    token = backups.begin()
    tablet.hand_in(2)
    backups.sign()
    backups.done(token)
    assert [receipt["op"] for receipt in tablet.durable()] == [first["op"]]


def test_a_photo_counts_from_the_first_backup_behind_its_arrival(
    tablet: Tablet, backups: Backups
) -> None:
    photo = b"\xff\xd8 durable " + uuid4().bytes
    tablet.hand_in(1, photo)
    token = backups.begin()
    sha256 = tablet.put(photo)
    backups.done(token)
    before = tablet.durable()[0]["photos_held"]
    backups.make()
    assert (before, tablet.durable()[0]["photos_held"]) == ([], [sha256])


def test_what_was_rejected_or_quarantined_becomes_durable_too(
    tablet: Tablet, backups: Backups
) -> None:
    body = ramp_of(tablet.world, "near-1")
    results = tablet.push(
        operation(body | {"site": 5}, seq=1), operation(ramp_of(tablet.world, "far-1"), seq=2)
    )
    backups.make()
    assert [result["status"] for result in results] == ["rejected", "quarantined"]
    assert [receipt["op"] for receipt in tablet.durable()] == [result["op"] for result in results]


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_pages_bring_each_once_in_the_order_of_seq(
    tablet: Tablet, backups: Backups, limit: int
) -> None:
    # A doubled seq across a page's end, and one that came late.
    ops = [tablet.hand_in(seq)["op"] for seq in (1, 4, 3, 3, 5)]
    backups.make()
    found = [receipt["op"] for receipt in tablet.durable(limit=limit)]
    assert found == [ops[0], *sorted(ops[2:4]), ops[1], ops[4]]
    after = [receipt["op"] for receipt in tablet.durable(after_seq=3, limit=limit)]
    assert after == [ops[1], ops[4]]


def test_a_tablet_gets_only_its_own(
    client: FlaskClient, database: Database, world: World, tablet: Tablet, backups: Backups
) -> None:
    tablet.hand_in(1)
    backups.make()
    assert Tablet(client, database, world).durable() == []


def test_a_revoked_tablet_gets_none(
    client: FlaskClient, database: Database, tablet: Tablet
) -> None:
    with database.writing() as session:
        session.execute(
            text("update device set revoked_at = now() where id = :id"), {"id": tablet.device}
        )
    answer = client.get(PATH, headers=tablet.headers)
    assert (answer.status_code, answer.json["type"]) == (
        403,
        "urn:audit-api:problem:device-revoked",
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [("after_seq=-1", 422), ("after_seq=x", 422), ("limit=201", 422), ("cursor=forged", 400)],
)
def test_nonsense_in_the_query_is_refused(tablet: Tablet, query: str, status: int) -> None:
    answer = tablet.client.get(f"{PATH}?{query}", headers=tablet.headers)
    assert answer.status_code == status


def test_the_checkpoint_is_published(client: FlaskClient, app: Flask, backups: Backups) -> None:
    signed = backups.sign()
    answer = client.get("/log/checkpoint")
    assert (answer.text, answer.content_type) == (signed.note, "text/plain; charset=utf-8")
    assert read_note(answer.text).size == signed.size
    assert key_of_note(answer.text, published(client).values()) in published(client)
