"""A subscriber's receiver, and an office whose work it is told of."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.storage.base import Database
from tests.events.hooked import HOOKS, Hooked
from tests.events.receiver import Receiver, receiving
from tests.factories import World
from tests.http.serving import Office


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def office(client: FlaskClient, database: Database, world: World) -> Office:
    return Office(client, database, world)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def hooked(
    client: FlaskClient, database: Database, world: World, receiver: Receiver
) -> Iterator[Hooked]:
    made = Hooked(client, database, world, receiver).subscribe()
    yield made
    client.delete(f"{HOOKS}/{made.id}", headers=made.headers)
