"""Workers that are killed while they send: everything arrives, twice at most what was under way."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.events.hooked import Hooked
from tests.events.receiver import Message, receiving
from tests.factories import World
from tests.http.serving import Office
from tests.journeys.server import environment

KILLS = 3
WORKERS = 2


@pytest.fixture(scope="module")
def settings(new_settings: Callable[[], Settings]) -> Settings:
    return replace(new_settings(), webhooks_anywhere=True)


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_killed_workers_lose_nothing(
    client: FlaskClient, database: Database, world: World, settings: Settings
) -> None:
    office = Office(client, database, world)
    with receiving() as receiver:
        hooked = Hooked(client, database, world, receiver).subscribe()
        for _ in range(KILLS):
            office.act(office.broken())
        for _ in range(KILLS):
            under_way = len(receiver.messages) + 4

            # Slow, so that the kill meets them in the middle of it.
            def slow(_: Message) -> int:
                time.sleep(0.05)
                return 200

            receiver.manner = slow
            command = [sys.executable, "-m", "tests.events.telling"]
            workers = [subprocess.Popen(command, env=environment(settings)) for _ in range(WORKERS)]
            ends = time.monotonic() + 30
            while len(receiver.messages) < under_way and time.monotonic() < ends:
                time.sleep(0.01)
            for worker in workers:
                worker.kill()
                worker.wait()
            hooked.pass_time(timedelta(minutes=2))
        receiver.manner = lambda _: 200
        hooked.work()
        hooked.work(later=timedelta(hours=1))
        assert hooked.pending() == 0
        times = Counter(message.id for message in receiver.messages)
        assert set(times) == {event for _, event in hooked.happened()}
        assert max(times.values()) <= 1 + KILLS
        assert sum(times.values()) - len(times) <= KILLS * WORKERS
        for message in receiver.messages:
            message.verify(hooked.secret)
