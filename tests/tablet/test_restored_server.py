"""A server that was restored: a tablet learns it from a push too, also when it may read nothing."""

import json
from uuid import uuid4

from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.tablet import Operation, Tablet
from tests.factories import World, inspection_of
from tests.tablet.conftest import AppTransport

FORGET = (
    "set session_replication_role = replica",
    "delete from feed where entity_id = cast(:op as uuid)",
    "delete from held_operation where op = cast(:op as uuid)",
    "delete from operation where op = cast(:op as uuid)",
    "set session_replication_role = origin",
)


def captured(tablet: Tablet, world: World) -> Operation:
    body = json.dumps(inspection_of(world, "near-1"), ensure_ascii=False).encode()
    return tablet.capture(body, entity=str(uuid4()))


def restore_without(database: Database, operation: Operation) -> None:
    """What a backup from before the operation leaves: another epoch, and nothing of it."""
    with database.writing() as session:
        for statement in FORGET:
            session.execute(text(statement), {"op": operation.op} if ":op" in statement else {})
    assert database.begin_epoch("restored in a test")


def stored(database: Database, operation: Operation) -> str | None:
    with database.reading() as session:
        found: str | None = session.scalar(
            text("select convert_from(raw, 'UTF8') from operation where op = cast(:op as uuid)"),
            {"op": operation.op},
        )
        return found


REVOKE = """
    update device set revoked_at = now(), revoked_by = owner_id, revoked_reason = 'lost'
    where id = cast(:device as uuid)
"""
GIVE_BACK = """
    update device set revoked_at = null, revoked_by = null, revoked_reason = null
    where id = cast(:device as uuid)
"""


def change(database: Database, tablet: Tablet, statement: str) -> None:
    with database.writing() as session:
        session.execute(text(statement), {"device": tablet.store.identity["device"]})


def test_a_revoked_tablet_hands_in_again_what_the_backup_lacks(
    tablet: Tablet, world: World, database: Database
) -> None:
    tablet.sync()
    change(database, tablet, REVOKE)
    operation = captured(tablet, world)
    assert tablet.sync().pushed.statuses == {"quarantined": 1}
    kept = stored(database, operation)
    restore_without(database, operation)
    assert stored(database, operation) is None
    report = tablet.sync()
    assert (report.revoked, report.pushed.statuses) == (True, {"quarantined": 1})
    assert stored(database, operation) == kept == operation.record.decode()
    change(database, tablet, GIVE_BACK)


def test_a_push_alone_tells_it_and_everything_goes_out_at_once(
    tablet: Tablet, world: World, database: Database, transport: AppTransport
) -> None:
    tablet.sync()
    before = captured(tablet, world)
    tablet.sync()
    # Quarantined or applied: what the server answered is nothing that the tablet may rely on now.
    assert database.begin_epoch("restored in a test")
    after = captured(tablet, world)
    transport.requests.clear()
    tablet.pusher.push()
    sent = [path for method, path, _ in transport.requests if method == "POST"]
    assert sent == ["/api/v1/sync/push"] * 2
    assert tablet.operations("waiting") == []
    assert {o.op for o in tablet.operations("applied")} == {before.op, after.op}


def test_the_sync_that_finds_a_restored_server_shows_what_became_of_the_work(
    tablet: Tablet, world: World, database: Database
) -> None:
    body = json.dumps(inspection_of(world, "far-1", seed=3)).encode()
    operation = tablet.capture(body, entity=str(uuid4()))
    tablet.sync()
    restore_without(database, operation)
    report = tablet.sync()
    assert (report.pulled.restored, report.pushed.statuses) == (True, {"quarantined": 1})
    assert ("held", operation.op) in tablet.items("held")
