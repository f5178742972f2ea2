"""The worker itself makes what was asked for, and goes on with what a killed one left."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.services.exports.run import MOST_ATTEMPTS
from audit_api.services.exports.sweep import sweep_files
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.jobs import enqueue
from audit_api.worker import make_worker
from tests.factories import World
from tests.http.exporting import Asking
from tests.journeys.server import environment

STOPPED = "update procrastinate_workers set last_heartbeat = now() - interval '1 hour'"


@pytest.fixture(scope="module")
def asking(app: Flask, database: Database, world: World) -> Asking:
    client: FlaskClient = app.test_client()
    return Asking(app, client, database, world)


@pytest.fixture
def worker(settings: Settings, database: Database) -> Iterator[procrastinate.App]:
    with make_worker(settings, database).open() as opened:
        yield opened


def crash(settings: Settings) -> None:
    """Let a worker begin what waits, and die of it."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.journeys.crashing_export"],
        env=environment(settings),
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL


def revive(asking: Asking, worker: procrastinate.App) -> None:
    """What happens a minute after a worker was killed."""
    asking.execute(STOPPED)
    with asking.database.writing() as session:
        enqueue(session, "revive_jobs", lock=None, timestamp="0")
    worker.run_worker(wait=False)


def test_the_worker_makes_it(asking: Asking, worker: procrastinate.App) -> None:
    export = asking.asked("violations")
    worker.run_worker(wait=False)
    made = asking.get(export).json
    assert made["state"] == "done", made
    assert asking.file(made).startswith(b"%PDF")


def test_another_worker_goes_on_with_what_a_killed_one_left(
    asking: Asking, worker: procrastinate.App, settings: Settings
) -> None:
    export = asking.asked("violations")
    crash(settings)
    assert asking.get(export).json["state"] == "running"
    worker.run_worker(wait=False)
    assert asking.get(export).json["state"] == "running"
    revive(asking, worker)
    worker.run_worker(wait=False)
    made = asking.get(export).json
    assert made["state"] == "done"
    entries = "select count(*) from audit_log where what = 'exported' and subject = :id"
    assert asking.execute(entries, id=export) == [(1,)]


def test_what_kills_every_worker_is_given_up(
    asking: Asking, worker: procrastinate.App, settings: Settings
) -> None:
    export = asking.asked("violations")
    asking.execute("update export set attempts = :n where id = :id", n=MOST_ATTEMPTS, id=export)
    worker.run_worker(wait=False)
    problem = asking.get(export).json["problem"]
    assert problem["type"] == "urn:audit-api:problem:worker-died"


def test_files_are_swept_after_their_term(asking: Asking) -> None:
    made = asking.done("violations")
    files = asking.app.extensions["file_store"]
    sweep_files(asking.database, files, at=datetime.now(UTC) + timedelta(days=6))
    assert asking.get(made["id"], "/file").status_code == 200
    assert sweep_files(asking.database, files, at=datetime.now(UTC) + timedelta(days=8)) > 0
    assert asking.get(made["id"], "/file").status_code == 410
    sweep_files(asking.database, files, at=datetime.now(UTC) + timedelta(days=60))
    assert asking.get(made["id"]).status_code == 404
    path = made["file"]["verify"].removeprefix("http://localhost")
    assert asking.client.get(path).status_code == 200


@pytest.mark.parametrize("another_waits", [True, False])
def test_a_killed_worker_does_not_hold_up_what_comes_by_the_clock(
    asking: Asking, worker: procrastinate.App, another_waits: bool
) -> None:
    jobs = "select status, count(*) from procrastinate_jobs where task_name = 'sweep' group by 1"
    asking.execute("delete from procrastinate_jobs where task_name = 'sweep'")
    sweep = worker.tasks["sweep"]
    sweep.defer(timestamp=0)
    asking.execute("update procrastinate_jobs set status = 'doing' where task_name = 'sweep'")
    if another_waits:
        sweep.defer(timestamp=1)
    worker.run_worker(wait=False)
    assert ("doing", 1) in asking.execute(jobs)
    revive(asking, worker)
    worker.run_worker(wait=False)
    assert dict(asking.execute(jobs)) == (
        {"failed": 1, "succeeded": 1} if another_waits else {"succeeded": 1}
    )
