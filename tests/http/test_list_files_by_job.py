"""A list that the worker makes is the file that the address answers at once."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.exported import content
from tests.http.exporting import Asking
from tests.http.populated import Things


@pytest.fixture
def asking(
    app: Flask, client: FlaskClient, database: Database, world: World, things: Things
) -> Asking:
    assert things
    return Asking(app, client, database, world)


@pytest.mark.parametrize("form", ["csv", "xlsx", "geojson", "gpkg"])
def test_the_register_by_a_job_is_the_register_at_once(asking: Asking, form: str) -> None:
    made = asking.done("violations", format=form, language="ru", filters={"severity": "major"})
    headers = asking.world.headers(Role.PROSECUTOR)
    path = f"/api/v1/violations.{form}?severity=major&language=ru"
    at_once = asking.client.get(path, headers=headers)
    assert content(path, asking.file(made)) == content(path, at_once.data)
    assert made["done"] > 0


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_served_list_by_a_job_is_the_same_too(asking: Asking, things: Things, form: str) -> None:
    served = things.of("served_list", "near-1")
    made = asking.done("served_list", format=form, id=served, language="ky")
    headers = asking.world.headers(Role.PROSECUTOR)
    path = f"/api/v1/served-lists/{served}.{form}?language=ky"
    at_once = asking.client.get(path, headers=headers)
    assert content(path, asking.file(made)) == content(path, at_once.data)
