"""Only what the server signed about exactly this work counts, and only `durable` lets delete."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit_api.domain.evidence.receipts import signed_receipt
from audit_api.domain.evidence.signing import Signer
from audit_api.storage.base import Database
from audit_api.tablet import Answer, LinkDown, Operation, Tablet
from tests.backups import Backups
from tests.conftest import SIGNING_KEY
from tests.factories import World, ramp_of
from tests.http.populated import with_photo
from tests.tablet.conftest import AppTransport

FORGER = Signer(bytes(range(32)))
SERVER = Signer(SIGNING_KEY)
Forge = Callable[[dict[str, Any]], dict[str, Any]]


def captured(tablet: Tablet, world: World, photo: bytes | None = None) -> Operation:
    photo = photo or b"\xff\xd8\xff" + uuid4().bytes
    body = json.dumps(with_photo(ramp_of(world, "near-1"), photo)).encode()
    return tablet.capture(body, entity=str(uuid4()), originals=[photo])


def forging(path: str, forge: Forge) -> Callable[[str, str, Answer], Answer]:
    """Put a forged receipt in the place of each genuine one in the answers to a path."""

    def spoil(method: str, asked: str, answer: Answer) -> Answer:
        if path not in asked or answer.status != 200:
            return answer
        said = json.loads(answer.body)
        if "results" in said:
            said["results"] = [r | {"receipt": forge(r["receipt"])} for r in said["results"]]
        else:
            said["items"] = [forge(receipt) for receipt in said["items"]]
        headers = {k: v for k, v in answer.headers.items() if k != "content-digest"}
        return replace(answer, body=json.dumps(said).encode(), headers=headers)

    return spoil


def signed_by(signer: Signer, receipt: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same statement, perhaps with other members, signed by somebody."""
    said = {
        "op": UUID(receipt["op"]),
        "id": UUID(receipt["id"]),
        "rev": receipt["rev"],
        "sha256": bytes.fromhex(receipt["sha256"]),
        "size": receipt["bytes"],
        "photos_held": receipt["photos_held"],
        "received_at": datetime.fromisoformat(receipt["received_at"]),
        "checkpoint": receipt.get("checkpoint"),
    }
    return signed_receipt(signer, **said | changes)


def by_a_forger(receipt: dict[str, Any]) -> dict[str, Any]:
    return signed_by(FORGER, receipt) | {"key": receipt["key"]}


def about_another_body(receipt: dict[str, Any]) -> dict[str, Any]:
    return signed_by(SERVER, receipt, sha256=bytes(32))


def about_another_size(receipt: dict[str, Any]) -> dict[str, Any]:
    return signed_by(SERVER, receipt, size=receipt["bytes"] + 1)


def about_another_operation(receipt: dict[str, Any]) -> dict[str, Any]:
    return signed_by(SERVER, receipt, op=uuid4())


def with_more_photos(receipt: dict[str, Any]) -> dict[str, Any]:
    return receipt | {"photos_held": [*receipt["photos_held"], "0" * 64]}


def with_a_broken_signature(receipt: dict[str, Any]) -> dict[str, Any]:
    return receipt | {"signature": base64.b64encode(bytes(64)).decode()}


def of_the_lower_level(receipt: dict[str, Any]) -> dict[str, Any]:
    """A genuine `received` in the place of a durable one."""
    return signed_by(SERVER, receipt, checkpoint=None)


def passed_off_as_durable(receipt: dict[str, Any]) -> dict[str, Any]:
    return of_the_lower_level(receipt) | {"level": "durable", "checkpoint": 1}


EVERYWHERE: list[Forge] = [
    by_a_forger, about_another_body, about_another_size, with_more_photos,
    with_a_broken_signature,
]  # fmt: skip
OF_DURABLE: list[Forge] = [*EVERYWHERE, of_the_lower_level, passed_off_as_durable]


@pytest.mark.parametrize("forge", [*EVERYWHERE, about_another_operation], ids=lambda f: f.__name__)
def test_work_stays_in_the_outbox_until_a_genuine_receipt_comes(
    tablet: Tablet, transport: AppTransport, world: World, forge: Forge
) -> None:
    operation = captured(tablet, world)
    tablet._keys.fetch(tablet.link)
    transport.after = forging("/sync/push", forge)
    with pytest.raises(LinkDown):
        tablet.sync()
    assert tablet.find(operation.op).state == "waiting"
    transport.after = lambda method, path, answer: answer
    tablet.sync()
    assert tablet.find(operation.op).state == "applied"


@pytest.mark.parametrize("forge", OF_DURABLE, ids=lambda forge: forge.__name__)
def test_a_forged_durable_receipt_lets_nothing_be_deleted(
    tablet: Tablet, transport: AppTransport, world: World, database: Database, forge: Forge
) -> None:
    operation = captured(tablet, world)
    tablet.sync()
    Backups(database).make()
    transport.after = forging("/sync/receipts", forge)
    with pytest.raises(LinkDown):
        tablet.sync(delete_durable=True)
    assert originals(tablet, operation) == (1, 0)
    transport.after = lambda method, path, answer: answer
    assert len(tablet.sync(delete_durable=True).deleted) == 1


def by_an_unknown_key(receipt: dict[str, Any]) -> dict[str, Any]:
    return signed_by(FORGER, receipt)


def unsigned(receipt: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in receipt.items() if k != "signature"}


@pytest.mark.parametrize(
    "forge", [by_an_unknown_key, unsigned, about_another_operation], ids=lambda f: f.__name__
)
def test_a_durable_receipt_that_cannot_be_checked_is_none(
    tablet: Tablet, transport: AppTransport, world: World, database: Database, forge: Forge
) -> None:
    operation = captured(tablet, world)
    tablet.sync()
    Backups(database).make()
    transport.after = forging("/sync/receipts", forge)
    report = tablet.sync(delete_durable=True)
    assert (report.durable, report.deleted) == (0, [])
    assert originals(tablet, operation) == (1, 0)


def originals(tablet: Tablet, operation: Operation) -> tuple[int, int]:
    """How many of its originals are on the tablet, and how many are not."""
    rows = tablet.store.rows("select sha256 from photo_use where op = ?", operation.op)
    here = [(tablet.store.photos / row["sha256"]).exists() for row in rows]
    return sum(here), len(here) - sum(here)


def test_nothing_is_deleted_before_a_backup_is_whole(
    tablet: Tablet, world: World, database: Database
) -> None:
    operation = captured(tablet, world)
    backups = Backups(database)
    assert tablet.sync(delete_durable=True).deleted == []
    backups.sign()
    assert tablet.sync(delete_durable=True).deleted == []
    token = backups.begin()
    assert tablet.sync(delete_durable=True).deleted == []
    backups.done(token)
    assert len(tablet.sync(delete_durable=True).deleted) == 1
    assert originals(tablet, operation) == (0, 1)


def test_an_original_stays_while_one_operation_that_shows_it_is_not_durable(
    tablet: Tablet, world: World, database: Database
) -> None:
    photo = b"\xff\xd8\xff" + uuid4().bytes
    captured(tablet, world, photo)
    tablet.sync()
    Backups(database).make()
    later = captured(tablet, world, photo)
    assert tablet.sync(delete_durable=True).deleted == []
    assert originals(tablet, later) == (1, 0)
    Backups(database).make()
    assert len(tablet.sync(delete_durable=True).deleted) == 1


def test_a_restored_server_gets_again_what_had_no_backup_and_nothing_else(
    tablet: Tablet, world: World, database: Database, transport: AppTransport
) -> None:
    backed_up = captured(tablet, world)
    tablet.sync()
    Backups(database).make()
    tablet.sync(delete_durable=True)
    not_yet = captured(tablet, world)
    tablet.sync()
    assert database.begin_epoch("restored in a test")
    transport.requests.clear()
    report = tablet.sync()
    assert report.pulled.restored
    assert report.pushed.statuses == {"applied": 1}
    assert tablet.find(not_yet.op).said["replayed"] is True  # type: ignore[index]
    assert "replayed" not in (tablet.find(backed_up.op).said or {})
