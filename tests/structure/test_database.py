"""The migrations make exactly what the table classes say, and guard what must not change."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from audit_api.storage.base import Database
from audit_api.storage.migrations.runner import current_revision, head_revision, migrate
from audit_api.storage.tables import Base
from tests.factories import World


def _is_ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
    """The job queue's tables come from its own package."""
    table = getattr(thing, "table", thing)
    return not str(getattr(table, "name", name)).startswith("procrastinate")


def test_the_migrations_make_what_the_table_classes_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    assert migrate(database.engine) == head_revision()
    assert current_revision(database.engine) == head_revision()


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set what = 'x'",
        "delete from audit_log",
        "truncate audit_log",
    ],
)
def test_the_audit_log_only_grows(session: Session, statement: str) -> None:
    session.execute(
        text("insert into audit_log (at, what, subject, detail) values (:at, 'a', 's', '{}')"),
        {"at": datetime.now(UTC)},
    )
    with pytest.raises(DBAPIError, match="audit_log"):
        session.execute(text(statement))


def test_every_name_of_a_constraint_follows_the_convention() -> None:
    nameless = [
        (table.name, constraint)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert nameless == []


def test_an_operation_without_a_result_cannot_be_committed(
    database: Database, world: World
) -> None:
    claim = text("""insert into operation (op, device_id, sha256, envelope_sha256, received_at, raw)
        values (:op, :device, sha256('a'), sha256('b'), now(), '')""")
    with (
        Session(database.engine) as session,
        pytest.raises(DBAPIError, match='null value in column "status"'),
    ):
        session.execute(claim, {"op": uuid4(), "device": world.devices["near"][0]})
