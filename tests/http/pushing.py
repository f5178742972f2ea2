"""Helpers for tests that push."""

from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World, push

PUSH = "/api/v1/sync/push"


def send(
    client: FlaskClient, world: World, data: bytes, encoding: str | None = None
) -> tuple[int, Any]:
    """Post bytes as they are; returns (status, decoded answer)."""
    headers = world.device_headers() | {"Content-Type": "application/json"}
    if encoding:
        headers["Content-Encoding"] = encoding
    answer = client.post(PUSH, data=data, headers=headers)
    return answer.status_code, answer.json


def one(client: FlaskClient, world: World, data: bytes) -> dict[str, Any]:
    """Push one operation; returns its result."""
    found: dict[str, Any] = push(client, world, data)["results"][0]
    return found


def kept(database: Database, op: str) -> tuple[str, bytes]:
    """Status and raw bytes of an operation as the database holds them."""
    with database.reading() as session:
        row = session.execute(
            text("select status, raw from operation where op = :op"), {"op": UUID(op)}
        ).one()
    return row[0], row[1]
