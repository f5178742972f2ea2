"""Exports on the running server: one moment, cut so that it shows, let go of when nobody reads."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, inspection_of, operation, push
from tests.http.exported import read_csv
from tests.journeys.server import Server
from tests.multiplied import multiply_violations

COPIES = 20_000
"""More than the buffers between the server and a reader hold."""
FIRST = 64 * 1024
AT_ONCE = 4
"""As many as one worker sends at once: all may come to the same one."""
HOLDING = text("""
    select pid from pg_stat_activity where datname = current_database()
    and application_name = 'audit_api' and state = 'idle in transaction'
""")


@pytest.fixture(scope="module", autouse=True)
def _many(app: Flask, database: Database, world: World) -> None:
    pushed = push(app.test_client(), world, operation(inspection_of(world, "near-1")))
    assert pushed["results"][0]["status"] == "applied"
    with database.writing() as session:
        multiply_violations(session, COPIES)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


@contextmanager
def reading(server: Server, world: World, path: str) -> Iterator[http.client.HTTPResponse]:
    """An answer whose first bytes are read, and no more yet."""
    connection = http.client.HTTPConnection(server.base_url.removeprefix("http://"), timeout=60)
    # As shipped a system may let a reader's buffer grow to the size of the whole answer.
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FIRST)
    connection.sock.settimeout(60)
    connection.sock.connect((connection.host, connection.port))
    headers = world.headers(Role.PROSECUTOR)
    connection.request("GET", f"/api/v1/{path}", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def holding(database: Database) -> list[int]:
    """The backends of the server that hold a transaction and do nothing in it."""
    with database.reading() as session:
        return list(session.scalars(HOLDING))


def wait_for(database: Database, holders: int) -> list[int]:
    """Wait until so many backends hold a transaction; fails after twenty seconds."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = holding(database)
        if len(found) == holders:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(holding(database))} hold one, not {holders}")


@pytest.mark.parametrize("form", ["csv", "geojson"])
def test_a_stream_that_breaks_is_seen_to_be_cut(
    server: Server, world: World, database: Database, form: str
) -> None:
    with reading(server, world, f"violations.{form}") as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        began = answer.read(FIRST)
        [backend] = wait_for(database, 1)
        with database.writing() as session:
            session.execute(text("select pg_terminate_backend(:pid)"), {"pid": backend})
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
    saved = began + cut.value.partial
    assert b"#end" not in saved
    if form == "geojson":
        with pytest.raises(json.JSONDecodeError):
            json.loads(saved)
    assert holding(database) == []


def test_a_stream_is_one_moment(server: Server, world: World, database: Database) -> None:
    with reading(server, world, "violations.csv?header=codes") as answer:
        began = answer.read(FIRST)
        wait_for(database, 1)
        with database.writing() as session:
            count = session.scalar(text("select count(*) from violation"))
            session.execute(text("update violation set state = 'confirmed', rev = rev + 1"))
            multiply_violations(session, 50)
        rows = read_csv(began + answer.read()).rows
    near = {row["territory"] for row in rows}
    assert near == {"N1", "N2"}
    assert {row["state"] for row in rows} == {"open"}
    assert len(rows) < count
    with reading(server, world, "violations.csv?header=codes") as answer:
        after = read_csv(answer.read()).rows
    assert len(after) > len(rows)
    assert {row["state"] for row in after} >= {"confirmed"}


def test_who_stops_reading_holds_nothing_any_more(
    server: Server, world: World, database: Database
) -> None:
    with reading(server, world, "violations.csv") as answer:
        answer.read(FIRST)
        wait_for(database, 1)
    wait_for(database, 0)


def test_slow_readers_hold_up_no_list(server: Server, world: World, database: Database) -> None:
    with ExitStack() as slow:
        for _ in range(AT_ONCE):
            answer = slow.enter_context(reading(server, world, "violations.csv"))
            answer.read(FIRST)
        wait_for(database, AT_ONCE)
        began = time.monotonic()
        for _ in range(20):
            with reading(server, world, "violations?limit=1") as listed:
                assert listed.read()
        assert time.monotonic() - began < 10
    wait_for(database, 0)
