"""Helpers for tests that assign stations to inspectors."""

from itertools import count
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_site, operation, push
from tests.field_schema.bodies import ramp_body

API = "/api/v1/assignments"
numbers = count(100)


def line(site: UUID, **changes: Any) -> dict[str, Any]:
    """The near inspector visits a site by the first of November."""
    return {
        "campaign": CAMPAIGN,
        "site": str(site),
        "inspector": "inspector.near",
        "due_on": "2021-11-01",
    } | changes


def post(
    client: FlaskClient,
    world: World,
    *lines: dict[str, Any],
    role: Role = Role.COORDINATOR,
    where: str = "near",
) -> TestResponse:
    return client.post(API, json={"items": list(lines)}, headers=world.headers(role, where))


def assigned(client: FlaskClient, world: World, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    answer = post(client, world, *lines)
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def one(client: FlaskClient, world: World, assignment: str) -> Any:
    """An assignment as the coordinator reads it."""
    return client.get(f"{API}/{assignment}", headers=world.headers(Role.COORDINATOR)).json


def visit(client: FlaskClient, world: World, site: UUID, **members: Any) -> str:
    """The near inspector's tablet hands in an inspection of the site."""
    body = ramp_body(seed=site.int) | {"site": str(site), "campaign": CAMPAIGN}
    data = operation(body, seq=next(numbers), **members)
    result = push(client, world, data)["results"][0]
    assert result["status"] == "applied", result
    return str(result["id"])


def faults(answer: TestResponse) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json["errors"]}


def a_site(database: Database, world: World) -> UUID:
    """A new station of the near district."""
    with database.writing() as session:
        return make_site(session, world.territories["near-1"], 8000 + next(numbers))
