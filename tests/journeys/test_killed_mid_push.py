"""A push whose process is killed at any moment is whole or absent, and the retry succeeds."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from tests.factories import World, inspection_of, make_world, operation, push, push_body
from tests.journeys.server import ROOT, Server, environment, post
from tests.journeys.wholeness import ABSENT, WHOLE, traces

ASKS = 11
"""How many statements an accepted inspection asks for: lock, look, arrivals of its photos, site,
situation, ruleset (only while this process does not know that its manifest is kept), revision,
cases, feed, result with the audit log, contact."""
WAITS = 3
"""How many exchanges with the server that takes; one of them is for the ruleset."""
MOMENTS = [
    *(f"ask-{n}" for n in range(1, ASKS + 1)),
    *(f"sent-{n}" for n in range(1, WAITS + 1)),
    *(f"got-{n}" for n in range(1, WAITS + 1)),
    "committed",
]


@pytest.fixture
def fresh(new_settings: Callable[[], Settings]) -> Iterator[tuple[Settings, Database, World]]:
    """A world that nobody has pushed to."""
    settings = new_settings()
    database = Database(make_engine(settings))
    with database.writing() as session:
        world = make_world(session)
    yield settings, database, world
    database.engine.dispose()


def crash(
    settings: Settings, moment: str, token: str, data: bytes
) -> "subprocess.CompletedProcess[bytes]":
    """Push in a process that dies at the moment."""
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.crashing_push", moment, token],
        input=data,
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_is_whole_or_absent_and_the_retry_succeeds(
    fresh: tuple[Settings, Database, World], moment: str
) -> None:
    settings, database, world = fresh
    op, entity = uuid4(), uuid4()
    data = operation(inspection_of(world, "near-1"), op=op, entity=entity)
    device, token = world.devices["near"]
    ended = crash(settings, moment, token, push_body(device, [data]))
    assert ended.returncode == -9, ended.stdout + ended.stderr
    found = _settled(database, op, entity, world)
    assert found in (WHOLE, ABSENT)
    if moment == "committed" or moment.startswith("ask"):
        assert found == (WHOLE if moment == "committed" else ABSENT)
    app = create_app(settings)
    result = push(app.test_client(), world, data)["results"][0]
    app.extensions["database"].engine.dispose()
    assert (result["status"], result["rev"]) == ("applied", 1)
    assert result.get("replayed", False) is (found == WHOLE)
    assert _settled(database, op, entity, world) == WHOLE


def _settled(database: Database, op: UUID, entity: UUID, world: World) -> tuple[object, ...]:
    """What there is, once the server has noticed that the other side is gone."""
    end = time.monotonic() + 10
    while True:
        with database.reading() as session:
            others = session.scalar(
                text("""select count(*) from pg_stat_activity where datname = current_database()
                    and pid <> pg_backend_pid() and backend_type = 'client backend'""")
            )
            if not others or time.monotonic() > end:
                site = world.sites["near-1"]
                return traces(session, op=op, inspection=entity, site=site)
        time.sleep(0.02)


def test_the_moments_cover_every_statement_and_exchange_of_a_push(
    fresh: tuple[Settings, Database, World],
) -> None:
    settings, _, world = fresh
    device, token = world.devices["near"]
    data = push_body(device, [operation(inspection_of(world, "near-1"))])
    ended = crash(settings, "never", token, data)
    assert ended.stdout.split() == [b"200", b"%d" % ASKS, b"%d" % WAITS], ended.stderr


def test_a_worker_killed_at_any_time_under_load_loses_nothing_that_was_acknowledged(
    fresh: tuple[Settings, Database, World], tmp_path: Path
) -> None:
    settings, database, world = fresh
    server = Server(settings, tmp_path / "web.log")
    device, token = world.devices["near"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    ops = [(uuid4(), uuid4()) for _ in range(60)]
    done: list[str] = []

    def tablet() -> None:
        for n, (op, entity) in enumerate(ops):
            body = inspection_of(world, "near-1", seed=n)
            data = push_body(device, [operation(body, seq=n + 1, op=op, entity=entity)])
            while True:
                with contextlib.suppress(OSError):
                    status, answer = post(f"{server.base_url}/api/v1/sync/push", data, headers)
                    if status == 200 and answer["results"][0]["status"] == "applied":
                        done.append(answer["results"][0]["id"])
                        break
                time.sleep(0.05)

    pushing = threading.Thread(target=tablet)
    pushing.start()
    kills = 0
    while pushing.is_alive() and kills < 8:
        pushing.join(0.4)
        server.kill_workers()
        kills += 1
    pushing.join(120)
    alive = pushing.is_alive()
    server.stop()
    assert not alive
    assert kills > 1
    assert done == [str(entity) for _, entity in ops]
    with database.reading() as session:
        for op, entity in ops:
            found = traces(session, op=op, inspection=entity, site=world.sites["near-1"])
            assert found[:3] == (1, 1, 1)
            assert found[8:10] == (1, 1)
