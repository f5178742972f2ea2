"""The link breaks at every single byte of a push: the tablet keeps what the server may lack."""

import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.tablet import HttpTransport, LinkDown, Operation, Patience, Tablet
from audit_api.tablet.photos import delete_durable
from tests.factories import World, ramp_of
from tests.journeys.cutting import CuttingLink
from tests.journeys.server import Server
from tests.tablet.conftest import put_into

PHOTO = b"\xff\xd8\xff" + bytes(range(256))


@pytest.fixture(scope="module")
def link(server: Server) -> Iterator[CuttingLink]:
    address = urlsplit(server.base_url)
    with CuttingLink(str(address.hostname), address.port or 80).running() as running:
        yield running


@pytest.fixture
def tablet(link: CuttingLink, world: World, tmp_path: Path) -> Tablet:
    """A tablet that tries once, so that each try is one cut."""
    put_into(tmp_path, world)
    once = Patience(tries=1, sleep=lambda seconds: None, chance=random.Random(1))  # noqa: S311
    return Tablet(tmp_path, transport=HttpTransport(link.base_url, timeout_s=10), patience=once)


def captured(tablet: Tablet, world: World) -> Operation:
    body = json.dumps(ramp_of(world, "near-1")).encode()
    return tablet.capture(body, entity=str(uuid4()), originals=[PHOTO])


def held(database: Database, operation: Operation) -> int:
    with database.reading() as session:
        return int(
            session.scalar(
                text("select count(*) from operation where op = cast(:op as uuid)"),
                {"op": operation.op},
            )
        )


def push(tablet: Tablet, link: CuttingLink) -> bool:
    """One try; True when the tablet believes that it is done."""
    try:
        tablet.pusher.push()
    except LinkDown:
        return False
    finally:
        tablet.link.hang_up()
        link.settled()
    return True


def keeps_everything(tablet: Tablet, operation: Operation) -> bool:
    return (
        [o.op for o in tablet.operations("waiting")] == [operation.op]
        and delete_durable(tablet.store) == []
        and any(tablet.store.photos.iterdir())
    )


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
