"""What the tests of the HTTP layer share."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.storage.base import Database
from tests.factories import World
from tests.http.exporting import Asking
from tests.http.populated import Things, populate
from tests.http.serving import Office


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    """A client of the module's application."""
    return app.test_client()


@pytest.fixture(scope="module")
def things(app: Flask, database: Database, world: World) -> Things:
    """Ids of what lies in the populated world."""
    return populate(app, database, world)


@pytest.fixture(scope="module")
def office(client: FlaskClient, database: Database, world: World) -> Office:
    """A prosecutor's office of the near district."""
    return Office(client, database, world)


@pytest.fixture(scope="module")
def asking(app: Flask, client: FlaskClient, database: Database, world: World) -> Asking:
    """Somebody of the near district who asks for files."""
    return Asking(app, client, database, world)
