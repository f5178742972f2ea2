"""A key of the near district's inspector."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from tests.factories import World


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    """A client of the module's application."""
    return app.test_client()


def new_key(client: FlaskClient, world: World, where: str = "near") -> dict[str, str]:
    """A key as the administrator gets it."""
    answer = client.post(
        "/api/v1/openrosa/keys",
        json={"username": f"inspector.{where}"},
        headers=world.headers(Role.ADMINISTRATOR, where),
    )
    assert answer.status_code == 201, answer.json
    found: dict[str, str] = answer.json
    return found


@pytest.fixture(scope="module")
def at(client: FlaskClient, world: World) -> str:
    """Where the near inspector's routes lie."""
    return f"/openrosa/key/{new_key(client, world)['token']}"
