"""Where an assignment stands, on the tablet, in lists and in the figures of the headquarters."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.deadlines import today
from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_person, make_site
from tests.http.assigning import API, a_site, assigned, line, numbers, one, visit


@pytest.fixture
def site(database: Database, world: World) -> UUID:
    """A station of the near district that no other test touches."""
    return a_site(database, world)


def test_an_assignment_is_open_until_its_day_has_passed(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    [made] = assigned(client, world, line(site))
    assert made["state"] == "overdue"
    now = today(datetime.now(UTC))
    for day, state in ((now, "open"), (now - timedelta(days=1), "overdue")):
        with database.writing() as session:
            session.execute(
                text("update assignment set due_on = :day where id = :id"),
                {"day": day, "id": UUID(made["id"])},
            )
        assert one(client, world, made["id"])["state"] == state


def test_a_visit_by_that_inspector_since_then_answers_it(
    client: FlaskClient, world: World, site: UUID
) -> None:
    [made] = assigned(client, world, line(site))
    assert made["inspected_at"] is None
    visit(client, world, site)
    found = one(client, world, made["id"])
    assert found["state"] == "inspected"
    assert found["inspected_at"] > found["assigned_at"]


def test_neither_an_earlier_visit_nor_its_correction_answers_it(
    client: FlaskClient, world: World, site: UUID
) -> None:
    earlier = visit(client, world, site)
    [made] = assigned(client, world, line(site))
    visit(client, world, site, entity=UUID(earlier), base={"rev": 1})
    assert one(client, world, made["id"])["state"] == "overdue"


def test_a_visit_by_somebody_else_does_not_answer_it(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    with database.writing() as session:
        name = f"colleague.{uuid4().hex[:8]}"
        make_person(session, name, [(Role.INSPECTOR, world.territories["near"])])
    [made] = assigned(client, world, line(site, inspector=name))
    visit(client, world, site)
    assert one(client, world, made["id"])["state"] == "overdue"


def test_a_withdrawn_one_says_who_and_why_and_withdrawing_again_changes_nothing(
    client: FlaskClient, world: World, site: UUID
) -> None:
    [made] = assigned(client, world, line(site))
    address = f"{API}/{made['id']}/withdrawals"
    headers = world.headers(Role.COORDINATOR)
    first = client.post(address, json={"reason": "The school is closed"}, headers=headers)
    assert first.status_code == 200
    assert first.json["state"] == "withdrawn"
    assert first.json["withdrawn_by"] == "Coordinator.Near"
    again = client.post(address, json={"reason": "Another one"}, headers=headers)
    assert again.json == first.json
    assert again.json["withdrawn_reason"] == "The school is closed"


def test_an_assignment_outside_cannot_be_withdrawn(
    client: FlaskClient, world: World, site: UUID
) -> None:
    [made] = assigned(client, world, line(site))
    address = f"{API}/{made['id']}/withdrawals"
    headers = world.headers(Role.COORDINATOR, "far")
    answer = client.post(address, json={"reason": "Mine"}, headers=headers)
    assert answer.status_code == 404
    assert one(client, world, made["id"])["state"] == "overdue"


@pytest.mark.parametrize("state", ["open", "inspected", "overdue", "withdrawn"])
def test_the_filter_by_state_keeps_what_stands_there(
    client: FlaskClient, world: World, state: str
) -> None:
    headers = world.headers(Role.COORDINATOR)
    everything = client.get(f"{API}?limit=200", headers=headers).json["items"]
    kept = client.get(f"{API}?limit=200&state={state}", headers=headers).json["items"]
    assert kept == [item for item in everything if item["state"] == state]


def test_the_filter_by_inspector_keeps_that_persons(
    client: FlaskClient, world: World, site: UUID
) -> None:
    assigned(client, world, line(site))
    headers = world.headers(Role.COORDINATOR)
    query = f"{API}?site={site}&inspector="
    assert len(client.get(query + "inspector.near", headers=headers).json["items"]) == 1
    assert client.get(query + "inspector.far", headers=headers).json["items"] == []


# On the tablet


def pulled(client: FlaskClient, world: World, assignment: str) -> Any:
    """The assignment as the near inspector's tablet gets it."""
    page = client.get("/api/v1/sync/pull?limit=1000", headers=world.device_headers()).json
    found = [item for item in page["items"] if item[2] == assignment]
    assert len(found) == 1
    scope, kind = found[0][:2]
    assert (scope, kind) == (f"person:{world.people[Role.INSPECTOR, 'near']}", "assignment")
    return found[0][3]


def test_an_assignment_arrives_at_the_next_pull(
    client: FlaskClient, world: World, site: UUID
) -> None:
    [made] = assigned(client, world, line(site, note="Ask for Aida"))
    doc = pulled(client, world, made["id"])
    assert (doc["site"], doc["campaign"], doc["due_on"], doc["note"]) == (
        str(site), CAMPAIGN, "2021-11-01", "Ask for Aida",
    )  # fmt: skip
    assert doc["withdrawn_at"] is None


def test_a_withdrawn_assignment_stays_on_the_tablet_with_the_reason(
    client: FlaskClient, world: World, site: UUID
) -> None:
    [made] = assigned(client, world, line(site))
    client.post(
        f"{API}/{made['id']}/withdrawals",
        json={"reason": "The school is closed"},
        headers=world.headers(Role.COORDINATOR),
    )
    doc = pulled(client, world, made["id"])
    assert doc["withdrawn_at"] is not None
    assert doc["withdrawn_reason"] == "The school is closed"


# Progress


def progress(client: FlaskClient, world: World, role: Role, by: str) -> list[Any]:
    address = f"/api/v1/statistics/progress?campaign={CAMPAIGN}&by={by}"
    answer = client.get(address, headers=world.headers(role)).json
    return [*answer["items"], answer["total"]]


@pytest.mark.parametrize("by", ["territory", "constituency"])
def test_progress_counts_stations_assigned_and_those_of_them_inspected(
    client: FlaskClient, world: World, database: Database, by: str
) -> None:
    with database.writing() as session:
        done, left = (
            make_site(session, world.territories["near-1"], 8000 + next(numbers)) for _ in range(2)
        )
    before = progress(client, world, Role.COORDINATOR, by)
    assigned(client, world, line(done), line(left))
    visit(client, world, done)
    after = progress(client, world, Role.COORDINATOR, by)
    for n in (0, -1):
        assert after[n]["assigned"] == before[n]["assigned"] + 2
        assert after[n]["assigned_inspected"] == before[n]["assigned_inspected"] + 1


def test_a_withdrawn_assignment_counts_no_longer(
    client: FlaskClient, world: World, site: UUID
) -> None:
    before = progress(client, world, Role.COORDINATOR, "territory")[-1]["assigned"]
    [made] = assigned(client, world, line(site))
    client.post(
        f"{API}/{made['id']}/withdrawals",
        json={"reason": "Enough"},
        headers=world.headers(Role.COORDINATOR),
    )
    assert progress(client, world, Role.COORDINATOR, "territory")[-1]["assigned"] == before


@pytest.mark.parametrize("role", [Role.PROSECUTOR, Role.LSG_HEAD, Role.TECHNICAL_SUPERVISOR])
def test_progress_tells_nothing_of_assignments_to_those_who_read_none(
    client: FlaskClient, world: World, role: Role
) -> None:
    total = progress(client, world, role, "territory")[-1]
    assert (total["assigned"], total["assigned_inspected"]) == (None, None)
