"""The main story over HTTP: measured, found, listed for each role, repaired, measured again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from tests.factories import CAMPAIGN, World, operation, push, ramp_of

Get = Callable[[Role, str], Any]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller."""
    return app.test_client()


@pytest.fixture
def get(client: FlaskClient, world: World) -> Get:
    """GET as a role of the near district; the decoded answer."""

    def call(role: Role, path: str) -> Any:
        answer = client.get(f"/api/v1{path}", headers=world.headers(role))
        assert answer.status_code == 200, answer.text
        return answer.json

    return call


def _measure(client: FlaskClient, world: World, seq: int, element: str | None, rise: int) -> str:
    """Push a ramp with one run of 4,800 mm; returns the element's id."""
    body = ramp_of(world, "near-1")
    ramp = body["elements"][0]
    if element:
        ramp["id"] = element
    ramp["answers"]["runs"] = [
        {
            "rise_mm": {"value": rise, "unit": "mm", "instrument": "tape-07"},
            "run_mm": {"value": 4800, "unit": "mm", "instrument": "tape-07"},
        }
    ]
    result = push(client, world, operation(body, seq=seq))["results"][0]
    assert result["status"] == "applied", result
    return str(ramp["id"])


def test_a_ramp_too_steep_becomes_a_case_and_a_task_until_it_is_measured_again(
    client: FlaskClient, world: World, get: Get
) -> None:
    def slopes(state: str) -> list[Any]:
        found = get(Role.PROSECUTOR, f"/violations?state={state}")["items"]
        return [v for v in found if v["requirement"].startswith("ramp.running-slope")]

    element = _measure(client, world, 1, None, rise=600)
    violation = slopes("open")[0]
    assert violation["element"] == element
    assert violation["measured"] == {"runs.rise_mm": 600, "runs.run_mm": 4800}
    task = get(Role.LSG_HEAD, f"/tasks/{violation['task']}")
    assert (task["state"], task["due_on"]) == ("assigned", "2021-11-18")
    inspection = get(Role.TECHNICAL_SUPERVISOR, f"/inspections/{violation['inspection']}")
    spelled = [f["text"] for f in inspection["findings"] if f["verdict"] == "violation"]
    assert any("1:8" in text for text in spelled)
    before = get(Role.COORDINATOR, f"/statistics/progress?campaign={CAMPAIGN}")["total"]
    assert before["open_violations"] > 0

    # Measured once more, still too steep: the same case, seen again.
    _measure(client, world, 2, element, rise=550)
    again = slopes("open")
    assert [v["id"] for v in again] == [violation["id"]]
    assert again[0]["measured"]["runs.rise_mm"] == 550
    assert again[0]["first_seen_at"] == violation["first_seen_at"]

    # Rebuilt at 1:16 and measured: only now it is closed.
    _measure(client, world, 3, element, rise=300)
    assert [v["id"] for v in slopes("closed")] == [violation["id"]]
    assert slopes("open") == []

    # Too steep again: the same case is open again.
    _measure(client, world, 4, element, rise=600)
    assert [v["id"] for v in slopes("open")] == [violation["id"]]


def test_a_borderline_measurement_neither_opens_nor_closes(
    client: FlaskClient, world: World, get: Get
) -> None:
    def slopes(element: str) -> list[tuple[str, int]]:
        found = get(Role.PROSECUTOR, "/violations?limit=200")["items"]
        return [
            (v["state"], v["measured"]["runs.rise_mm"])
            for v in found
            if v["element"] == element and v["requirement"].startswith("ramp.running-slope")
        ]

    fresh = _measure(client, world, 10, str(uuid4()), rise=402)
    assert slopes(fresh) == []
    steep = _measure(client, world, 11, str(uuid4()), rise=600)
    _measure(client, world, 12, steep, rise=402)
    assert slopes(steep) == [("open", 600)]
