"""Priority: shown where it may be, reckoned as the rule says, and the order of the task list."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.deadlines import today
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.oversight.priority import priority
from audit_api.domain.vocabulary import Role, Severity
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.places.import_needs import import_needs
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.populated import Things

API = "/api/v1"
COUNTS = {"wheelchair": 3, "mobility": 20, "vision": 4, "hearing": 2, "intellectual": 0}
FILE = f"number,{','.join(COUNTS)}\n8001,{','.join(map(str, COUNTS.values()))}\n".encode()
AT = datetime(2021, 11, 8, 6, 0, tzinfo=UTC)
"""Ten days before the repairs are due."""


@pytest.fixture(scope="module", autouse=True)
def _swept(database: Database, world: World, things: Things) -> None:
    with database.writing() as session:
        import_needs(session, CAMPAIGN, FILE, "needs.csv", at=AT)
        sweep_tasks(session, EscalationDays(), at=AT)


def items(client: FlaskClient, world: World, path: str, role: Role) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following = API + path
    while following:
        answer = client.get(following, headers=world.headers(role))
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        following = answer.json["next"]
    return found


def test_a_violation_tells_its_priority_and_what_it_is_made_of(
    client: FlaskClient, world: World
) -> None:
    violations = items(client, world, "/violations", Role.PROSECUTOR)
    for violation in violations:
        mapped = violation["site"] == str(world.sites["near-1"])
        voters = sum(COUNTS[g] for g in violation["user_groups"]) if mapped else 1000
        severity, now = Severity(violation["severity"]), datetime.now(UTC)
        due_on = datetime.fromisoformat(violation["due_on"]).date()
        assert violation["priority"] == {
            "value": float(priority(severity, voters, due_on, today(now))),
            "voters": voters,
            "voters_from": "needs_map" if mapped else "station",
            "days_left": 1,
        }
    assert {v["priority"]["voters_from"] for v in violations} == {"needs_map", "station"}


def test_a_task_has_the_highest_priority_of_its_violations(
    client: FlaskClient, world: World
) -> None:
    violations = items(client, world, "/violations", Role.PROSECUTOR)
    for task in items(client, world, "/tasks", Role.LSG_HEAD):
        of_task = [v for v in violations if v["task"] == task["id"]]
        day = datetime.fromisoformat(task["due_on"]).date()
        assert Decimal(str(task["priority"])) == max(
            priority(Severity(v["severity"]), v["priority"]["voters"], day, today(AT))
            for v in of_task
        )


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_by_priority_the_pages_have_every_task_once_and_the_highest_first(
    client: FlaskClient, world: World, limit: int
) -> None:
    by_due = items(client, world, "/tasks", Role.PROSECUTOR)
    found = items(client, world, f"/tasks?order=priority&limit={limit}", Role.PROSECUTOR)
    assert sorted(t["id"] for t in found) == sorted(t["id"] for t in by_due)
    assert [t["priority"] for t in found] == sorted((t["priority"] for t in by_due), reverse=True)
    assert found[0]["priority"] > found[-1]["priority"]


def test_a_cursor_of_one_order_opens_no_other(client: FlaskClient, world: World) -> None:
    headers = world.headers(Role.PROSECUTOR)
    page = client.get(f"{API}/tasks?limit=1&order=priority", headers=headers).json
    cursor = page["next"].partition("cursor=")[2]
    assert client.get(f"{API}/tasks?cursor={cursor}", headers=headers).status_code == 400


def test_whoever_may_not_see_the_needs_map_cannot_tell_it_from_priorities(
    client: FlaskClient, world: World
) -> None:
    for path in ("/violations", "/tasks"):
        found = items(client, world, path, Role.INSPECTOR)
        assert found
        assert {item["priority"] for item in found} == {None}
    assert items(client, world, "/tasks?order=priority", Role.INSPECTOR) == []


def test_sweeping_again_changes_nothing_and_the_next_day_does(
    database: Database, things: Things
) -> None:
    with database.writing() as session:
        assert sweep_tasks(session, EscalationDays(), at=AT).reckoned == 0
        tomorrow = datetime(2021, 11, 8, 18, 0, tzinfo=UTC)
        assert sweep_tasks(session, EscalationDays(), at=tomorrow).reckoned > 0
        session.rollback()


def test_a_row_that_somebody_writes_is_left_to_the_next_sweep(
    database: Database, things: Things
) -> None:
    tomorrow = datetime(2021, 11, 9, 6, 0, tzinfo=UTC)
    with database.writing() as busy, database.writing() as session:
        number = busy.scalar(text("select count(*) from remediation_task where priority > 0"))
        busy.execute(
            text("""select from remediation_task where id = (select id from remediation_task
                where priority > 0 limit 1) for update""")
        )
        assert number
        assert sweep_tasks(session, EscalationDays(), at=tomorrow).reckoned == number - 1
        session.rollback()


def test_of_two_that_matter_the_same_the_cheaper_comes_first(
    client: FlaskClient, database: Database, world: World, things: Things
) -> None:
    before = items(client, world, "/tasks?order=priority&limit=200", Role.PROSECUTOR)
    dear, cheap, unknown = (task["id"] for task in before[:3])
    with database.writing() as session:
        session.execute(
            text("""update remediation_task set priority = 99999,
                cost_som = case id::text when :dear then 9000 when :cheap then 100 end
                where id::text = any(:ids)"""),
            {"dear": dear, "cheap": cheap, "ids": [dear, cheap, unknown]},
        )
    found = items(client, world, "/tasks?order=priority&limit=1", Role.PROSECUTOR)
    assert [task["id"] for task in found[:3]] == [cheap, dear, unknown]
    assert len(found) == len(before)
