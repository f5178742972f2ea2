"""From the map of needs to a repaired ramp, over HTTP: what each of the offices does in its turn.

The clock of the tests stands still, so the days pass by moving election day towards it.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.places.import_needs import import_needs
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.field_schema.bodies import measurement
from tests.http.day_of import DayOf, in_days
from tests.http.merging import Meeting
from tests.http.populated import photo_bytes
from tests.http.serving import ACTS, LISTS, NARROW, Office

# A tape reads to 2 mm: 899 may be 900.
BORDERLINE = {"width_mm": measurement(899)}
FLAT = [{"rise_mm": measurement(300), "run_mm": measurement(4800)}]
REBUILT = {"width_mm": measurement(950), "runs": FLAT}
"""A portable ramp for the day, and the one that is built at last, measure alike."""
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

    def told(self, role: Role, task: str, word: str, **more: Any) -> Any:
        """What they say of a task as it stands."""
        rev = self.get(role, task)["rev"]
        return self.say(role, f"{task}/{word}", {"rev": rev} | more)

    def shown(self, database: Database) -> str:
        """A photo that the LSG head's tablet has handed in."""
        data = photo_bytes(77_777)
        sha256 = hashlib.sha256(data).hexdigest()
        pad = Meeting(self.client, database, self.world).pad(Role.LSG_HEAD)
        headers = pad.headers | {"Content-Type": "image/jpeg"}
        put = self.client.put(f"/api/v1/photos/{sha256}", data=data, headers=headers)
        assert put.status_code == 201, put.text
        return sha256


def test_from_the_map_of_needs_to_a_repaired_ramp(
    office: Office, client: FlaskClient, database: Database, world: World
) -> None:
    all_of = Everybody(client, world)
    day = DayOf(client, database, world)
    day.election(20, final_check=3)
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
    all_of.told(Role.LSG_HEAD, task, "acknowledgements")
    all_of.told(Role.LSG_HEAD, task, "starts", note="A mason is hired.")
    assert office.answer(order.json["id"]).status_code == 200
    assert {one["state"] for one in all_of.get(Role.PROSECUTOR, of(site))["items"]} == {"confirmed"}

    # The mason will not be done by the vote: for the day the head borrows a portable ramp.
    rev = all_of.get(Role.LSG_HEAD, task)["rev"]
    wanted = {"rev": rev, "note": "A portable ramp is borrowed."}
    opened = all_of.say(Role.LSG_HEAD, f"{task}/temporary", wanted, 201)
    assert (opened["track"], opened["due_on"]) == ("temporary", in_days(17).isoformat())
    of_the_day = f"/api/v1/tasks/{opened['id']}"
    all_of.told(Role.LSG_HEAD, of_the_day, "acknowledgements")
    all_of.told(Role.LSG_HEAD, of_the_day, "starts")
    all_of.told(Role.LSG_HEAD, of_the_day, "reports", photos=[all_of.shown(database)])
    assert all_of.get(Role.PROSECUTOR, usable(site))["items"] == [], "said, and not measured"

    # Only a measurement, with a photo, makes it usable on the day; the breach stays what it was.
    day.visit(site, temporary=REBUILT)
    assert all_of.get(Role.LSG_HEAD, of_the_day)["state"] == "verified"
    relieved = all_of.get(Role.PROSECUTOR, usable(site))["items"]
    assert {one["id"] for one in relieved} == {one["id"] for one in found["items"]}
    assert {one["state"] for one in relieved} == {"confirmed"}
    assert {one["usable_on_the_day"]["lapses_on"] for one in relieved} == {in_days(21).isoformat()}

    # The day after election day it has lapsed: all of it shows again, and the mason's task goes on.
    day.election(-1)
    with database.writing() as session:
        assert sweep_tasks(session, EscalationDays(), at=datetime.now(UTC)).lapsed == 1
    assert all_of.get(Role.PROSECUTOR, usable(site))["items"] == []
    again = all_of.get(Role.PROSECUTOR, of(site))["items"]
    assert {(one["state"], one["usable_on_the_day"]) for one in again} == {("confirmed", None)}
    assert all_of.get(Role.LSG_HEAD, of_the_day)["state"] == "lapsed"
    assert all_of.get(Role.LSG_HEAD, task)["state"] == "in_progress"

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
        of_the_day,
        usable(site),
    ):
        assert client.get(path, headers=headers).status_code == 404


def of(site: UUID) -> str:
    """The violations of a site."""
    return f"/api/v1/violations?site={site}&limit=200"


def usable(site: UUID) -> str:
    """Those that a temporary remedy makes usable on the day."""
    return f"{of(site)}&usable_on_the_day=true"


def measures(found: Any) -> set[str]:
    """What was measured of these violations."""
    return {name for one in found["items"] for name in one["measured"]}
