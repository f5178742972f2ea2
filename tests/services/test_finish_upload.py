"""The end of an upload is one transaction: all of it, or, when taken over, nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.sync.uploads import Declared
from audit_api.domain.vocabulary import Role
from audit_api.services.sync.finish_upload import finish_upload
from audit_api.storage.base import Database
from audit_api.storage.sync import uploads
from audit_api.storage.sync.uploads import Held
from tests.factories import AT, World, digest

LATER = AT + timedelta(days=7)
DATA = b"1234567890"


@pytest.fixture
def actor(world: World) -> Actor:
    device, _ = world.devices["near"]
    return Actor(world.people[Role.INSPECTOR, "near"], "inspector.near", "en", (), device=device)


@pytest.fixture
def begun(database: Database, world: World) -> Held:
    """An upload of which all but the last byte is here."""
    device, _ = world.devices["near"]
    said = Declared(digest(uuid4().hex), "image/jpeg", "")
    with database.writing() as session:
        held = uploads.begin(
            session, device, said, id=uuid4(), length=10, whole=False, at=AT, expires_at=LATER
        )
        assert uploads.keep(session, held, DATA[:-1], length=10, at=AT, expires_at=LATER)
    held.received = 9
    return held


def here(session: Session, held: Held) -> tuple[int, int, int]:
    """Photos, parts and log entries of the upload."""
    statement = text(
        """select (select count(*) from photo where sha256 = :sha256),
            (select count(*) from upload_segment where upload_id = :id),
            (select count(*) from audit_log where subject = :hex)"""
    )
    values = {"sha256": held.sha256, "id": held.id, "hex": held.sha256.hex()}
    row = session.execute(statement, values).one()
    return row[0], row[1], row[2]


def test_the_photo_is_noted_and_its_parts_go(database: Database, actor: Actor, begun: Held) -> None:
    with database.pipelining() as session:
        assert finish_upload(session, actor, begun, length=10, at=AT)
    with database.reading() as session:
        assert here(session, begun) == (1, 0, 1)


def test_whoever_was_overtaken_notes_nothing_and_takes_nothing_away(
    database: Database, world: World, actor: Actor, begun: Held
) -> None:
    token = digest(world.devices["near"][1])
    with database.writing() as session:
        assert uploads.held(uploads.ask_for(session, token, begun.id)) is not None
    with database.pipelining() as session:
        assert not finish_upload(session, actor, begun, length=10, at=AT)
    with database.reading() as session:
        assert here(session, begun) == (0, 1, 0)
