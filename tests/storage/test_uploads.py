"""Whoever asked last has the upload: nobody before can write to it, whatever it was about to do."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from audit_api.domain.sync.uploads import Declared
from audit_api.storage.sync import uploads
from audit_api.storage.sync.uploads import Held
from tests.factories import AT, World, digest

LATER = AT + timedelta(days=7)


@pytest.fixture
def before(session: Session, world: World) -> Held:
    """A request that has the upload, 5 of its bytes are here."""
    device, _ = world.devices["near"]
    said = Declared(digest(uuid4().hex), "image/jpeg", "")
    begun = uploads.begin(
        session, device, said, id=uuid4(), length=None, whole=False, at=AT, expires_at=LATER
    )
    assert uploads.keep(session, begun, b"12345", length=None, at=AT, expires_at=LATER)
    begun.received = 5
    return begun


def take(session: Session, world: World, upload: Held) -> Held:
    """The next request for it."""
    token = digest(world.devices["near"][1])
    taken = uploads.held(uploads.ask_for(session, token, upload.id))
    assert taken is not None
    return taken


def completes(session: Session, held: Held) -> bool:
    with session.begin_nested() as savepoint:
        answer = uploads.complete(session, held, length=10, at=AT)
        done = answer.fetchone() is not None
        if not done:
            # As finish_upload does: the rest of it was sent along.
            savepoint.rollback()
    return done


WRITES: dict[str, Callable[[Session, Held], bool]] = {
    "keep": lambda session, held: uploads.keep(
        session, held, b"6", length=None, at=AT, expires_at=LATER
    ),
    "set_length": lambda session, held: uploads.set_length(session, held, 10),
    "begin_again": uploads.begin_again,
    "complete": completes,
    "give_up": uploads.give_up,
}


@pytest.mark.parametrize("write", WRITES)
def test_who_had_it_before_writes_nothing_though_the_offset_is_the_same(
    session: Session, world: World, before: Held, write: str
) -> None:
    now = take(session, world, before)
    assert (now.epoch, now.received) == (before.epoch + 1, before.received)
    assert not WRITES[write](session, before)
    after = take(session, world, before)
    assert (after.received, after.length, after.attempt) == (5, None, 0)
    assert after.completed_at is None
    assert b"".join(uploads.segments(session, after, until=100)) == b"12345"


@pytest.mark.parametrize("write", WRITES)
def test_who_has_it_now_writes(session: Session, world: World, before: Held, write: str) -> None:
    assert WRITES[write](session, take(session, world, before))


def test_bytes_are_kept_once_at_their_offset(session: Session, world: World, before: Held) -> None:
    now = take(session, world, before)
    assert uploads.keep(session, now, b"67", length=None, at=AT, expires_at=LATER)
    # The same request, not knowing that it was done.
    assert not uploads.keep(session, now, b"67", length=None, at=AT, expires_at=LATER)
    after = take(session, world, before)
    assert after.received == 7
    assert b"".join(uploads.segments(session, after, until=7)) == b"1234567"


def test_another_tablet_takes_nothing(session: Session, world: World, before: Held) -> None:
    other = digest(world.devices["far"][1])
    assert uploads.held(uploads.ask_for(session, other, before.id)) is None
    assert take(session, world, before).epoch == before.epoch + 1
