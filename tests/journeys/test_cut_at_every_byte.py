"""The link breaks at every single byte of a push, of its photo and of its durable receipt.

Wherever that is, the tablet keeps what the server may lack.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.tablet import HttpTransport, LinkDown, Operation, Patience, Tablet
from audit_api.tablet.photos import delete_durable, send_photos
from audit_api.tablet.receipts import Keys, take_durable
from audit_api.tablet.store import Store
from tests.backups import Backups
from tests.factories import World, make_device, ramp_of
from tests.http.populated import with_photo
from tests.journeys.cutting import CuttingLink
from tests.journeys.server import Server
from tests.tablet.conftest import put_into


@pytest.fixture(scope="module")
def link(server: Server) -> Iterator[CuttingLink]:
    address = urlsplit(server.base_url)
    with CuttingLink(str(address.hostname), address.port or 80).running() as running:
        yield running


@pytest.fixture
def tablet(link: CuttingLink, world: World, database: Database, tmp_path: Path) -> Tablet:
    """A tablet of its own that tries once, so that each try is one cut."""
    put_into(tmp_path, world)
    with database.writing() as session:
        owner = session.scalar(
            text("select owner_id from device where id = :id"), {"id": world.devices["near"][0]}
        )
        device, token = make_device(session, owner, f"tablet {uuid4()}")
    store = Store(tmp_path)
    with store.writing() as db:
        db.execute("update tablet set device = ?, token = ?", (str(device), token))
    store.close()
    once = Patience(tries=1, sleep=lambda seconds: None, chance=random.Random(1))  # noqa: S311
    return Tablet(tmp_path, transport=HttpTransport(link.base_url, timeout_s=10), patience=once)


def captured(tablet: Tablet, world: World) -> Operation:
    # Each test has a photo of its own: the server has none of them yet.
    photo = b"\xff\xd8\xff" + os.urandom(256)
    body = json.dumps(with_photo(ramp_of(world, "near-1"), photo)).encode()
    return tablet.capture(body, entity=str(uuid4()), originals=[photo])


def held(database: Database, operation: Operation) -> int:
    with database.reading() as session:
        return int(
            session.scalar(
                text("select count(*) from operation where op = cast(:op as uuid)"),
                {"op": operation.op},
            )
        )


def the_photo(tablet: Tablet) -> str:
    """The hash of the only photo that the tablet ever took."""
    return str(tablet.store.value("select sha256 from photo"))


def holds_photo(database: Database, sha256: str) -> bool:
    with database.reading() as session:
        found = session.scalar(
            text("select count(*) from photo where sha256 = :sha256"),
            {"sha256": bytes.fromhex(sha256)},
        )
    return found == 1


def tried(tablet: Tablet, link: CuttingLink, step: Callable[[], object]) -> bool:
    """One try of a step; True when the tablet believes that it is done."""
    try:
        step()
    except LinkDown:
        return False
    finally:
        tablet.link.hang_up()
        link.settled()
    return True


def push(tablet: Tablet, link: CuttingLink) -> bool:
    return tried(tablet, link, tablet.pusher.push)


def hand_over(tablet: Tablet, link: CuttingLink) -> bool:
    return tried(tablet, link, lambda: send_photos(tablet.store, tablet.link))


def take_receipts(tablet: Tablet, link: CuttingLink) -> bool:
    keys = Keys(tablet.store)
    return tried(tablet, link, lambda: take_durable(tablet.store, tablet.link, keys))


def uncut(link: CuttingLink) -> None:
    link.request_bytes = link.answer_bytes = None


def keeps_photo(tablet: Tablet) -> bool:
    return delete_durable(tablet.store) == [] and (tablet.store.photos / the_photo(tablet)).exists()


def keeps_everything(tablet: Tablet, operation: Operation) -> bool:
    return [o.op for o in tablet.operations("waiting")] == [operation.op] and keeps_photo(tablet)


def test_a_request_cut_at_any_byte_leaves_the_work_on_the_tablet(
    tablet: Tablet, link: CuttingLink, world: World, database: Database
) -> None:
    operation = captured(tablet, world)
    link.answer_bytes = None
    for k in count():
        link.request_bytes, link.reset = k, k % 2 == 1
        done = push(tablet, link)
        if not link.was_cut:
            break
        assert not done, k
        assert keeps_everything(tablet, operation), k
    assert k > 500
    assert done
    assert held(database, operation) == 1


def test_an_answer_cut_at_any_byte_leaves_the_work_on_the_tablet(
    tablet: Tablet, link: CuttingLink, world: World, database: Database
) -> None:
    operation = captured(tablet, world)
    link.request_bytes = None
    for k in count():
        link.answer_bytes, link.reset = k, k % 2 == 1
        done = push(tablet, link)
        if done:
            break
        assert keeps_everything(tablet, operation), k
    assert k > 500
    assert held(database, operation) == 1
    assert tablet.operations("applied")[0].op == operation.op


@pytest.fixture
def announcing(tablet: Tablet, link: CuttingLink, world: World, database: Database) -> Tablet:
    """A tablet with a durable receipt of its work, while the photo is still on its way."""
    captured(tablet, world)
    uncut(link)
    assert push(tablet, link)
    Backups(database).make()
    assert take_receipts(tablet, link)
    return tablet


def test_a_photo_cut_at_any_byte_stays_on_the_tablet(
    announcing: Tablet, link: CuttingLink, database: Database
) -> None:
    assert announcing.store.value("select durable from operation") is not None
    sha256 = the_photo(announcing)
    for k in count():
        link.request_bytes, link.reset = k, k % 2 == 1
        done = hand_over(announcing, link)
        if not link.was_cut:
            break
        assert not done, k
        assert keeps_photo(announcing), k
        assert not holds_photo(database, sha256), k
    assert k > 259
    assert done
    assert holds_photo(database, sha256)
    assert keeps_photo(announcing)


def test_the_answer_to_a_photo_cut_at_any_byte_leaves_it_on_the_tablet(
    announcing: Tablet, link: CuttingLink, database: Database
) -> None:
    for k in count():
        link.answer_bytes, link.reset = k, k % 2 == 1
        done = hand_over(announcing, link)
        # Here or not, no backup has it yet.
        assert keeps_photo(announcing), k
        if done:
            break
    assert k > 100
    assert holds_photo(database, the_photo(announcing))


def test_a_durable_receipt_cut_at_any_byte_deletes_nothing(
    announcing: Tablet, link: CuttingLink, database: Database
) -> None:
    assert hand_over(announcing, link)
    Backups(database).make()
    for k in count():
        link.answer_bytes, link.reset = k, k % 2 == 1
        done = take_receipts(announcing, link)
        if done:
            break
        assert keeps_photo(announcing), k
    assert k > 500
    assert holds_photo(database, the_photo(announcing))
    assert delete_durable(announcing.store) == [the_photo(announcing)]
