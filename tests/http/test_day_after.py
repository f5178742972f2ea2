"""What a temporary remedy relieves on election day is back the day after, as the API tells it."""

from copy import deepcopy
from random import Random
from typing import Any

from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from tests.factories import World, inspection_of, operation, push
from tests.field_schema.bodies import measurement, photo, uuid_of


def read(client: FlaskClient, world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The inspection as technical supervision reads it."""
    result = push(client, world, operation(body))["results"][0]
    assert result["status"] == "applied", result
    address = f"/api/v1/inspections/{result['id']}"
    answer = client.get(address, headers=world.headers(Role.TECHNICAL_SUPERVISOR))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def with_high_threshold(world: World, *, relieved: bool) -> dict[str, Any]:
    """A station that breaks one binding requirement, a threshold; perhaps with a wedge in place."""
    body = inspection_of(world, "near-1", breaches=False)
    door = next(e for e in body["elements"] if e["type"] == "door")
    door["answers"]["threshold_mm"] = measurement(40)
    if relieved:
        wedge = deepcopy(door) | {"state": "election_day"}
        wedge["answers"]["threshold_mm"] = measurement(5)
        wedge["photos"] = [photo(Random(1), "threshold_mm")]  # noqa: S311 - test data
        body["elements"].append(wedge)
    for element in body["elements"]:
        element["id"] = uuid_of(Random(f"{relieved}{element['type']}"))  # noqa: S311 - test data
    return body


def test_a_relieved_station_is_usable_on_the_day_and_not_the_day_after(
    client: FlaskClient, world: World
) -> None:
    found = read(client, world, with_high_threshold(world, relieved=True))
    assert found["assessment"]["score"]["categories"]["wheelchair"] == "conditionally accessible"
    assert found["day_after"]["categories"]["wheelchair"] == "not accessible"
    broken = [f for f in found["findings"] if f["requirement"] == "door.threshold"]
    assert {(f["state"], f["verdict"]) for f in broken if f["weight"] == "binding"} == {
        ("permanent", "violation"),
        ("election_day", "compliant"),
    }


def test_a_station_without_a_remedy_is_the_same_on_both_days(
    client: FlaskClient, world: World
) -> None:
    found = read(client, world, with_high_threshold(world, relieved=False))
    assert found["assessment"]["score"] == found["day_after"]
    assert found["day_after"]["categories"]["wheelchair"] == "not accessible"
