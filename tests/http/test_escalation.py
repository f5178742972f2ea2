"""Escalation by sweep: step by step, once each, shown on the task and a filter of the list."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.oversight.escalation import EscalationDays, EscalationStep
from audit_api.domain.vocabulary import Role
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.storage.base import Database
from audit_api.storage.places.election_day import add_move
from tests.factories import CAMPAIGN, World
from tests.http.populated import Things

DUE = date(2021, 11, 18)
STEPS = list(EscalationStep)
STORED = text("""
    select e.task_id, e.due_on, e.step, e.at from task_escalation e
    order by e.task_id, e.due_on, e.step
""")


def noon(days: int) -> datetime:
    """Noon in Kyrgyzstan, so many days after the deadline of every task."""
    day = DUE + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC)


def escalated(session: Session, days: int) -> Mapping[EscalationStep, int]:
    return sweep_tasks(session, EscalationDays(), at=noon(days)).escalated


def count(session: Session) -> int:
    found: int = session.execute(text("select count(*) from remediation_task")).scalar_one()
    return found


@pytest.fixture
def tasks(session: Session, things: Things) -> int:
    """How many tasks there are; all are due on the same day and assigned."""
    assert session.scalars(text("select distinct current_due_on from remediation_task")).all() == [
        DUE
    ]
    return count(session)


def test_the_steps_are_taken_day_by_day_each_once(session: Session, tasks: int) -> None:
    taken = {
        days: [step for step, number in escalated(session, days).items() if number == tasks]
        for days in range(-5, 10)
    }
    assert {days: steps for days, steps in taken.items() if steps} == {
        -3: [EscalationStep.LSG_REMINDED],
        1: [EscalationStep.DISTRICT],
        3: [EscalationStep.COORDINATOR],
        7: [EscalationStep.PROSECUTOR],
    }


def test_sweeping_twice_changes_nothing(session: Session, tasks: int) -> None:
    assert sum(escalated(session, 3).values()) == 3 * tasks
    stored = session.execute(STORED).all()
    assert set(escalated(session, 3).values()) == {0}
    assert session.execute(STORED).all() == stored


def test_a_sweep_that_was_missed_is_made_up_for(session: Session, tasks: int) -> None:
    assert escalated(session, 30) == dict.fromkeys(STEPS, tasks)


@pytest.mark.parametrize("state", ["reported_done", "verified"])
def test_what_is_said_to_be_done_waits_for_a_measurement_not_for_the_lsg(
    session: Session, tasks: int, state: str
) -> None:
    session.execute(text("update remediation_task set state = :state"), {"state": state})
    assert set(escalated(session, 30).values()) == {0}


def test_a_task_that_comes_back_is_escalated(session: Session, tasks: int) -> None:
    session.execute(text("update remediation_task set state = 'returned'"))
    assert escalated(session, 1)[EscalationStep.DISTRICT] == tasks


def test_a_closed_campaign_is_left_alone(session: Session, tasks: int) -> None:
    session.execute(text("update campaign set closed_at = now()"))
    assert set(escalated(session, 30).values()) == {0}


def test_a_notice_of_a_new_deadline_begins_anew(session: Session, world: World, tasks: int) -> None:
    escalated(session, 1)
    ids = list(session.scalars(text("select id from remediation_task")))
    later = DUE + timedelta(days=7)
    add_move(
        session,
        CAMPAIGN,
        was=date(2021, 11, 28),
        day=date(2021, 12, 5),
        reason="A test",
        by=world.people[Role.COORDINATOR, "near"],
        at=noon(2),
        tasks=ids,
        due_on=later,
    )
    assert set(escalated(session, 3).values()) == {0}
    assert escalated(session, 4)[EscalationStep.LSG_REMINDED] == tasks
    assert session.execute(text("select count(*) from task_escalation")).scalar_one() == 3 * tasks


@pytest.fixture(scope="module")
def district(database: Database, things: Things) -> int:
    """All tasks came to the district, those of one site to the prosecutor."""
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=noon(1))
        session.execute(
            text("""insert into task_escalation (task_id, due_on, step, at)
                select t.id, t.current_due_on, 'prosecutor', :at from remediation_task t
                where t.site_id = :site"""),
            {"at": noon(7), "site": things.of("site", "near-1")},
        )
        return count(session)


def items(client: FlaskClient, world: World, path: str, role: Role) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1{path}", headers=world.headers(role))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_the_list_keeps_those_that_came_to_a_step(
    client: FlaskClient, world: World, things: Things, district: int
) -> None:
    everything = items(client, world, "/tasks?limit=200", Role.PROSECUTOR)
    kept = items(client, world, "/tasks?limit=200&escalated=prosecutor", Role.PROSECUTOR)
    site = things.of("site", "near-1")
    assert kept == [task for task in everything if task["site"] == site]
    assert 0 < len(kept) < len(everything)
    assert items(client, world, "/tasks?escalated=coordinator", Role.PROSECUTOR) == []


def test_a_task_shows_its_steps_in_their_order(
    client: FlaskClient, world: World, things: Things, district: int
) -> None:
    path = f"/tasks?escalated=prosecutor&site={things.of('site', 'near-1')}"
    task = items(client, world, path, Role.LSG_HEAD)[0]
    assert [(e["step"], e["due_on"]) for e in task["escalations"]] == [
        (step, "2021-11-18") for step in ("lsg_reminded", "district", "prosecutor")
    ]


def test_a_step_that_is_none_is_refused(client: FlaskClient, world: World, things: Things) -> None:
    answer = client.get("/api/v1/tasks?escalated=moon", headers=world.headers(Role.PROSECUTOR))
    assert answer.status_code == 422
