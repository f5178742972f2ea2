"""From the map of needs to a repaired ramp, over HTTP: what each of the offices does in its turn.

The temporary track for election day and its lapse are not built yet, and so not told here.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.services.places.import_needs import import_needs
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.field_schema.bodies import measurement
from tests.http.serving import ACTS, LISTS, NARROW, Office

# A tape reads to 2 mm: 899 may be 900.
BORDERLINE = {"width_mm": measurement(899)}
FLAT = [{"rise_mm": measurement(300), "run_mm": measurement(4800)}]
REBUILT = {"width_mm": measurement(950), "runs": FLAT}
NEEDS = "number,wheelchair,mobility,vision,hearing,intellectual"
QUEUE = "/api/v1/adjudications/queue?limit=200"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller."""
    return app.test_client()


@pytest.fixture
def office(client: FlaskClient, database: Database, world: World) -> Office:
    """A prosecutor's office of the near district."""
    return Office(client, database, world)


class Everybody:
    """Each role of the near district, at its screen."""

    def __init__(self, client: FlaskClient, world: World) -> None:
        self.client = client
        self.world = world

    def get(self, role: Role, path: str, where: str = "near") -> Any:
        """What they read."""
        answer = self.client.get(path, headers=self.world.headers(role, where))
        assert answer.status_code == 200, answer.text
        return answer.json

    def say(self, role: Role, path: str, said: dict[str, Any], status: int = 200) -> Any:
        """What they decide."""
        answer = self.client.post(path, json=said, headers=self.world.headers(role))
        assert answer.status_code == status, answer.text
        return answer.json


def test_from_the_map_of_needs_to_a_repaired_ramp(
    office: Office, client: FlaskClient, database: Database, world: World
) -> None:
    all_of = Everybody(client, world)
    site = office.site()
    [station] = all_of.get(Role.COORDINATOR, f"/api/v1/sites/{site}")["stations"]

    # Before the visit: who votes here with a wheelchair, and who inspects by when.
    with database.writing() as session:
        needs = f"{NEEDS}\n{station['number']},7,12,4,3,2\n".encode()
        import_needs(session, CAMPAIGN, needs, "needs.csv", at=datetime.now(UTC))
    visit = {"inspector": "inspector.near", "due_on": "2021-10-26"}
    line = {"campaign": CAMPAIGN, "site": str(site)} | visit
    all_of.say(Role.COORDINATOR, "/api/v1/assignments", {"items": [line]}, 201)

    # The first visit cannot tell: a tape is not that exact. Supervision sends for another.
    office.visit(site, BORDERLINE)
    assert "width_mm" not in measures(all_of.get(Role.PROSECUTOR, of(site)))
    [waiting] = [
        one
        for one in all_of.get(Role.TECHNICAL_SUPERVISOR, QUEUE)["items"]
        if (one["site"], one["kind"]) == (str(site), "borderline")
    ]
    first = f"/api/v1/inspections/{waiting['inspection']}"
    rev = all_of.get(Role.TECHNICAL_SUPERVISOR, first)["rev"]
    back = {"rev": rev, "reason": "The width lies inside the tape's tolerance: measure again."}
    all_of.say(Role.TECHNICAL_SUPERVISOR, f"{first}/returns", back, 201)

    # Measured again it is too narrow for sure, and the ramp too steep. Supervision confirms.
    office.visit(site, NARROW)
    found = all_of.get(Role.PROSECUTOR, of(site))
    assert measures(found) >= {"width_mm", "runs.rise_mm"}
    slope = next(one for one in found["items"] if "runs.rise_mm" in one["measured"])
    assert (slope["priority"]["voters"], slope["priority"]["voters_from"]) == (19, "needs_map")
    early = office.post(site)
    assert early.status_code == 422
    assert {fault["code"] for fault in early.json["errors"]} == {"not_confirmed"}
    office.adjudicate(site)
    assert {one["state"] for one in all_of.get(Role.PROSECUTOR, of(site))["items"]} == {"confirmed"}

    # The prosecutor serves list №1 and issues an order over it, which the LSG's head reads.
    addressee = {"kind": "lsg_body", "territory": "N1"}
    first_list = office.served(site, addressee=addressee)
    served = first_list["document"]["rows"]
    assert (first_list["number"], len(served)) == (1, len(found["items"]))
    order = office.issue(served_list=first_list["id"])
    assert order.status_code == 201, order.text
    act = f"{ACTS}/{order.json['id']}"
    assert all_of.get(Role.LSG_HEAD, act)["state"] == "issued"

    # The head takes the task on and answers; only a measurement will close anything.
    task = f"/api/v1/tasks/{slope['task']}"
    for word, more in (("acknowledgements", {}), ("starts", {"note": "A mason is hired."})):
        rev = all_of.get(Role.LSG_HEAD, task)["rev"]
        all_of.say(Role.LSG_HEAD, f"{task}/{word}", {"rev": rev} | more)
    assert office.answer(order.json["id"]).status_code == 200
    assert {one["state"] for one in all_of.get(Role.PROSECUTOR, of(site))["items"]} == {"confirmed"}

    # Rebuilt and measured within the limits: closed, the task verified, list №2 says so.
    office.visit(site, REBUILT)
    assert {one["state"] for one in all_of.get(Role.PROSECUTOR, of(site))["items"]} == {"closed"}
    assert all_of.get(Role.LSG_HEAD, task)["state"] == "verified"
    other = office.broken()
    second_list = office.served(other, addressee=addressee)
    since = second_list["document"]["since"]
    assert (second_list["number"], since["number"]) == (2, 1)
    assert set(since["fixed"]) == {row["id"] for row in found["items"]}
    assert since["unchanged"] == []

    # A prosecutor of another district sees none of it.
    for path in ("/api/v1/violations", LISTS, ACTS):
        assert all_of.get(Role.PROSECUTOR, path, "far")["items"] == []
    headers = world.headers(Role.PROSECUTOR, "far")
    for path in (
        of(site),
        f"{LISTS}/{first_list['id']}",
        act,
        f"/api/v1/violations/{slope['id']}",
        task,
    ):
        assert client.get(path, headers=headers).status_code == 404


def of(site: UUID) -> str:
    """The violations of a site."""
    return f"/api/v1/violations?site={site}&limit=200"


def measures(found: Any) -> set[str]:
    """What was measured of these violations."""
    return {name for one in found["items"] for name in one["measured"]}
