"""A database of an older release is brought up: all data stay, and documents become today's."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from psycopg import sql
from psycopg.abc import Query
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.settings import Settings
from audit_api.storage.base import make_engine
from audit_api.storage.migrations import runner
from audit_api.storage.migrations.runner import head_revision
from tests.backups import Backups
from tests.cli.conftest import cli_on
from tests.cli.lawful import FIRST, SECOND, Lawful, adoption, make_lawful
from tests.factories import inspection_of, operation, push, push_body, ramp_of
from tests.http.populated import with_photo

OLD = "0006"
PHOTO = b"\xff\xd8 of an older release"
FEED = "select scope, kind, entity_id, doc::text from feed order by 1, 2, 3"
# What the feed held then, as it was written then: younger members are missing.
OLD_FEED = (
    "delete from feed where kind not in ('site', 'task', 'inspection')",
    """update feed set doc = (doc::jsonb - 'elements' - 'violations' - 'returned')::json
        where doc is not null""",
)


_OUT = "copy (select {names} from {table}) to stdout"
_IN = "copy {table} ({names}) from stdin"


def _of(query: LiteralString, table: str, columns: list[str]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL(query).format(names=names, table=sql.Identifier(table))


class At:
    """A database, looked at beside the program."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = settings.database_url.replace("+psycopg", "")

    def rows(self, query: Query) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()

    def columns(self) -> dict[str, list[str]]:
        """Every table of ours with its columns."""
        found: dict[str, list[str]] = {}
        for table, column in self.rows("""
            select table_name, column_name from information_schema.columns join pg_tables
                on tablename = table_name and schemaname = table_schema
            where table_schema = 'public' and table_name <> 'alembic_version'
                and not starts_with(table_name, 'procrastinate')
                and is_generated = 'NEVER' order by 1, 2
        """):
            found.setdefault(table, []).append(column)
        return found

    def content(self, table: str, columns: list[str]) -> list[str]:
        """All rows, each as text, in an order."""
        query = _of("select row({names})::text from {table}", table, columns)
        return sorted(str(row) for (row,) in self.rows(query))


def work_of_an_older_release(lawful: Lawful, settings: Settings, folder: Path) -> bytes:
    """A row in every table; returns an operation that was applied."""
    app, world = lawful.app, lawful.world
    client = app.test_client()
    with cli_on(settings, folder) as cli:
        cli.done("standards", "import", str(FIRST))
        cli.done("standards", "import", str(SECOND))
        lawful.ramp("near-1", 850)
        cli.done(*adoption("1"))
        cli.done(*adoption("2", replaces="1", since="2021-11-15", number="2"))
        cli.done("people", "code", "inspector.near")
    photo = operation(with_photo(ramp_of(world, "near-2"), PHOTO), seq=100)
    station = operation(inspection_of(world, "far-1"), seq=100)
    assert push(client, world, photo)["results"][0]["status"] == "applied"
    assert push(client, world, station, where="far")["results"][0]["status"] == "applied"
    headers = world.device_headers() | {"Content-Type": "image/jpeg"}
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    assert client.put(f"/api/v1/photos/{sha256}", data=PHOTO, headers=headers).status_code == 201
    op = uuid4()
    unknown = operation(ramp_of(world, "near-1") | {"form": "ramp/99"}, seq=101, op=op)
    held = [
        unknown,
        operation(ramp_of(world, "near-1") | {"site": 5}, seq=102),
        operation(ramp_of(world, "far-1"), seq=103),
        operation(b'{"site":"\\u0000"}', seq=104),
    ]
    statuses = [r["status"] for r in push(client, world, *held)["results"]]
    assert statuses == ["quarantined", "rejected", "quarantined", "rejected"]
    other = operation(ramp_of(world, "near-2"), seq=101, op=op)
    assert push(client, world, other)["results"][0]["status"] == "op_reused"
    wrong = {"username": "inspector.near", "password": "wrong"}
    assert client.post("/api/v1/sessions", json=wrong).status_code == 401
    return photo


def older(settings: Settings, today: At) -> At:
    """A database at the old migration, with what today's has in the tables and columns of then."""
    name = f"older_{secrets.token_hex(4)}"
    with psycopg.connect(today.url, autocommit=True) as admin:
        admin.execute(f"create database {name} template template0 encoding 'UTF8'")
    address = settings.database_url.rsplit("/", 1)[0]
    made = At(replace(settings, database_url=f"{address}/{name}"))
    engine = make_engine(made.settings)
    with engine.connect() as connection:
        config = runner._config()
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
        connection.commit()
    engine.dispose()
    here = today.columns()
    with psycopg.connect(today.url) as source, psycopg.connect(made.url) as target:
        # Order and triggers do not matter to a copy.
        target.execute("set session_replication_role = replica")
        for table, columns in made.columns().items():
            both = [column for column in columns if column in here[table]]
            target.execute(_of("delete from {table}", table, both))
            with (
                source.cursor().copy(_of(_OUT, table, both)) as out,
                target.cursor().copy(_of(_IN, table, both)) as into,
            ):
                for data in out:
                    into.write(data)
        for statement in OLD_FEED:
            target.execute(statement)
        target.execute("select setval('feed_seq', (select max(seq) from feed))")
    return made


@pytest.fixture(scope="module")
def databases(
    new_settings: Callable[[], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Lawful, At, At, bytes]]:
    settings = new_settings()
    lawful = make_lawful(settings)
    applied = work_of_an_older_release(lawful, settings, tmp_path_factory.mktemp("files"))
    today = At(settings)
    with cli_on(settings, tmp_path_factory.mktemp("more")) as cli:
        cli.done("feed", "republish")
    yield lawful, today, older(settings, today), applied
    lawful.app.extensions["database"].engine.dispose()


def test_a_database_of_an_older_release_is_brought_up_with_all_it_has(
    databases: tuple[Lawful, At, At, bytes], tmp_path: Path
) -> None:
    lawful, today, old, applied = databases
    then = old.columns()
    before = {table: old.content(table, columns) for table, columns in then.items()}
    assert [table for table, rows in before.items() if not rows] == []
    with cli_on(old.settings, tmp_path) as cli:
        assert head_revision() in cli.done("database", "migrate")
        # The operations of then lie before the people of today.
        held = "select op, site_id, waits_for from held_operation order by op"
        assert old.rows(held) == today.rows(held)
        now = old.columns()
        for table, columns in then.items():
            kept = [column for column in columns if column in now[table]]
            assert kept == columns, table
            assert old.content(table, kept) == before[table], table
        assert old.rows(FEED) != today.rows(FEED)
        cli.done("feed", "republish")
        assert old.rows(FEED) == today.rows(FEED)
        assert "0 written anew" in cli.done("feed", "republish")
    serve(lawful, old, applied)


def serve(lawful: Lawful, old: At, applied: bytes) -> None:
    """What was brought up goes on: it knows its operations, and the log takes all of them."""
    app = create_app(old.settings)
    device, _ = lawful.world.devices["near"]
    answer = app.test_client().post(
        "/api/v1/sync/push",
        data=push_body(device, [applied]),
        headers=lawful.world.device_headers() | {"Content-Type": "application/json"},
    )
    (result,) = answer.json["results"]
    assert (result["status"], result["replayed"]) == ("applied", True)
    backups = Backups(app.extensions["database"])
    everything = "select (select count(*) from operation) + (select count(*) from photo)"
    with app.extensions["database"].reading() as session:
        assert backups.sign().size == session.execute(text(everything)).scalar_one()
    app.extensions["database"].engine.dispose()
