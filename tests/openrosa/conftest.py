"""A key of the near district's inspector, and the engines that fill forms in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from audit_api.domain.vocabulary import Role
from field_schema.xforms import XForm
from tests.agreement import odk
from tests.factories import World
from tests.openrosa import filled
from tests.openrosa.filled import Fill, Row


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


@pytest.fixture(params=["JavaRosa", "Web Forms"])
def fill(request: pytest.FixtureRequest, tmp_path: Path) -> Fill:
    """What an engine saves of one record. It fails where the engine does not let one on."""
    if request.param == "Web Forms":

        def in_node(
            xform: XForm, sites: Sequence[Row], elements: Sequence[Row], record: Mapping[str, str]
        ) -> "etree._Element":
            saved = filled.fill_in_node(tmp_path, xform, sites, dict(record), elements)
            assert not saved["violated"], saved["violated"]
            return etree.fromstring(saved["xml"])

        return in_node
    if odk.why_not() is not None:
        pytest.skip(str(odk.why_not()))
    filled.compile_driver(tmp_path)

    def in_java(
        xform: XForm, sites: Sequence[Row], elements: Sequence[Row], record: Mapping[str, str]
    ) -> "etree._Element":
        return etree.fromstring(filled.fill(xform, tmp_path, sites, [record], elements)[0])

    return in_java
