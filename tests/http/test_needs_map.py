"""The needs map over HTTP: who reads exact counts, who reads none below three."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.services.places.import_needs import import_needs
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World

FILE = b"""number,wheelchair,mobility,vision,hearing,intellectual
8001,3,20,4,2,0
8002,1,10,0,3,1
8003,7,70,7,7,7
"""
READERS = [role for role in Role if role is not Role.INSPECTOR]


@pytest.fixture(scope="module", autouse=True)
def _mapped(database: Database, world: World) -> None:
    with database.writing() as session:
        import_needs(session, CAMPAIGN, FILE, "needs.csv", at=datetime.now(UTC))


def needs(client: FlaskClient, world: World, role: Role) -> list[dict[str, Any]]:
    path = f"/api/v1/sites/{world.sites['near-1']}"
    found: list[dict[str, Any]] = client.get(path, headers=world.headers(role)).json["needs"]
    return found


def total(client: FlaskClient, world: World, role: Role) -> dict[str, Any]:
    path = f"/api/v1/statistics/progress?campaign={CAMPAIGN}"
    found: dict[str, Any] = client.get(path, headers=world.headers(role)).json["total"]
    return found


@pytest.mark.parametrize("role", READERS)
def test_who_works_with_the_map_reads_exact_counts(
    client: FlaskClient, world: World, role: Role
) -> None:
    counts = {"wheelchair": 3, "mobility": 20, "vision": 4, "hearing": 2, "intellectual": 0}
    assert needs(client, world, role) == [
        {"campaign": CAMPAIGN, "number": 8001, "suppressed_below": None, "voters": counts,
         "synthetic": False}
    ]  # fmt: skip


def test_an_inspector_reads_no_count_below_three(client: FlaskClient, world: World) -> None:
    counts = {"wheelchair": 3, "mobility": 20, "vision": 4, "hearing": None, "intellectual": None}
    assert needs(client, world, Role.INSPECTOR) == [
        {"campaign": CAMPAIGN, "number": 8001, "suppressed_below": 3, "voters": counts,
         "synthetic": False}
    ]  # fmt: skip


def test_figures_sum_what_lies_inside_the_grants(client: FlaskClient, world: World) -> None:
    found = total(client, world, Role.COORDINATOR)
    assert found["with_needs_map"] == 2
    assert found["needs"] == {
        "wheelchair": 4, "mobility": 30, "vision": 4, "hearing": 5, "intellectual": 1,
    }  # fmt: skip


def test_an_inspector_reads_no_sums(client: FlaskClient, world: World) -> None:
    found = total(client, world, Role.INSPECTOR)
    assert (found["with_needs_map"], found["needs"]) == (None, None)
