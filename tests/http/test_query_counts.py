"""Every list asks the database as often for many rows as for one: a few times."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.populated import Things
from tests.http.wire import Wire, watched

MOST = 7
"""begin, commit, who asks, the tree of the grants, the catalog's version, and the list itself."""
MANY = 200
NAMED = {"requirement": "ramp.handrails"}
"""Parameters of addresses of lists."""
ASKED = {"/api/v1/days": "year=2027"}
"""Lists that have to be asked for something."""
EVERYBODYS_OWN = {
    "/api/v1/webhooks/{webhook}/deliveries": "tests/events/test_deliveries.py",
}
"""Lists of a thing of one's own, which nobody has in the populated world."""
EMPTY = {
    "/api/v1/exports": "nobody asked for a file",
    "/api/v1/webhooks": "nobody has one",
    "/api/v1/sync/receipts": "nothing is backed up here; test_durable_receipts.py",
}
"""Lists of one row or none in the populated world."""
STORED = (
    "/api/v1/violations",
    "/api/v1/tasks",
    "/api/v1/adjudications/queue",
    "/api/v1/inspections/flagged",
)


def list_routes(app: Flask) -> list[str]:
    """Addresses of every page by key, as the document tells them: `items` and `next`."""
    document = app.test_client().get("/openapi.json").json
    assert document is not None
    schemas = document["components"]["schemas"]

    def is_page(operation: dict[str, Any]) -> bool:
        content = operation["responses"].get("200", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "/")
        told = schemas.get(name.rsplit("/", 1)[1], {}).get("properties", {})
        parameters = {one.get("name") for one in operation.get("parameters", ())}
        return {"items", "next"} <= told.keys() and {"limit", "cursor"} <= parameters

    return sorted(
        f"{path.format_map(NAMED)}?{ASKED.get(path, '')}"
        for path, methods in document["paths"].items()
        if "get" in methods and path not in EVERYBODYS_OWN and is_page(methods["get"])
    )


@pytest.fixture(scope="module")
def wire(
    database: Database, things: Things, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wire]:
    """The populated world's database, watched."""
    with watched(database, tmp_path_factory.mktemp("wire")) as found:
        yield found


def reader(client: FlaskClient, world: World, path: str) -> dict[str, str]:
    """Authorization of whoever sees most of a list."""
    everybody = [world.device_headers(), *(world.headers(role) for role in Role)]
    rows = {}
    for n, headers in enumerate(everybody):
        answer = client.get(f"{path}&limit={MANY}", headers=headers)
        if answer.status_code == 200:
            rows[n] = len(answer.json["items"])
    return everybody[max(rows, key=lambda n: rows[n])]


def asked(wire: Wire, client: FlaskClient, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    """How many statements a page takes, and the page. The second time: nothing is new then."""
    client.get(path, headers=headers)
    before = wire.sent()
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return wire.sent() - before, answer.json


def test_every_list_asks_as_often_for_many_rows_as_for_one(
    app: Flask, client: FlaskClient, world: World, wire: Wire
) -> None:
    told = {}
    for path in list_routes(app):
        headers = reader(client, world, path)
        few, page = asked(wire, client, f"{path}&limit=1", headers)
        many, whole = asked(wire, client, f"{path}&limit={MANY}", headers)
        assert len(whole["items"]) > 1 or path.rstrip("?") in EMPTY, (
            f"{path}: one row proves nothing"
        )
        assert few == many, (
            f"{path}: {few} statements for one row, {many} for {len(whole['items'])}"
        )
        if page["next"] is not None:
            after, _ = asked(wire, client, page["next"], headers)
            assert after == few, (
                f"{path}: {few} statements for the first page, {after} for the next"
            )
        told[path.rstrip("?")] = many
    assert all(told[path] > 3 for path in STORED)
    assert {path: n for path, n in told.items() if n > MOST} == {}


def test_the_wire_counts_whoever_sends(database: Database, wire: Wire) -> None:
    before = wire.sent()
    with database.reading() as session:
        for _ in range(3):
            session.connection().exec_driver_sql("select 1")
    assert wire.sent() - before == 5
