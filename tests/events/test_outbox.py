"""Events are derived from what the work itself wrote: each once, none lost, in order."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from audit_api.domain.events.gaps import STATEMENT_ENDS
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.services.events.derive_events import derive_events
from audit_api.services.manage_people import add_grant
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.places.move_election_day import move_election_day
from audit_api.storage import audit_log
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.serving import NARROW, WIDE, Office


def derive(database: Database, at: datetime | None = None, most: int = 2_000) -> None:
    """Derive until nothing is left."""
    read: int | None = most
    while read == most:
        with database.writing() as session:
            read = derive_events(session, at=at or datetime.now(UTC), most=most)


def told(database: Database, about: UUID | str) -> list[dict[str, Any]]:
    """What is told of an object or of the things of a site, in order."""
    with database.reading() as session:
        found = text("""select payload from outbox_event
            where cast(:about as uuid) in (object_id, site_id) order by n""")
        return list(session.scalars(found, {"about": str(about)}))


@pytest.fixture(autouse=True)
def _up_to_date(database: Database, world: World) -> None:
    derive(database)


def test_the_life_of_a_violation_is_told_step_by_step(office: Office, database: Database) -> None:
    site = office.broken()
    # Between two looks of the worker: nothing of it is left out.
    office.visit(site, WIDE)
    office.visit(site, NARROW)
    derive(database)
    lives = [told(database, violation) for violation in office.violations(site)]
    wide = next(life for life in lives if life[0]["data"]["requirement"].endswith("width"))
    assert [event["type"] for event in wide] == [
        "violation.opened", "violation.confirmed", "violation.closed", "violation.reopened",
    ]  # fmt: skip
    data = wide[0]["data"]
    assert data["href"] == f"/api/v1/violations/{data['id']}"
    assert (data["site"], data["state"]) == (str(site), "open")
    assert all(life[0]["type"] == "violation.opened" for life in lives)


def test_tasks_and_inspections_of_the_site_are_told_too(office: Office, database: Database) -> None:
    site = office.broken()
    office.visit(site, WIDE)
    derive(database)
    types = [event["type"] for event in told(database, site)]
    assert types.count("inspection.accepted") == 2
    assert types.count("task.assigned") == 1


def test_letters_are_told_by_the_place_that_they_went_to(
    office: Office, database: Database
) -> None:
    act = office.act()
    office.answer(act["id"])
    office.decide(act["id"], "return")
    office.answer(act["id"])
    office.decide(act["id"], "fulfil")
    served = office.served(office.broken())
    derive(database)
    assert [event["type"] for event in told(database, act["id"])] == [
        "act.issued", "act.answered", "act.answer_returned", "act.answered", "act.fulfilled",
    ]  # fmt: skip
    (event,) = told(database, served["id"])
    assert (event["type"], event["data"]["number"]) == ("served_list.served", served["number"])


def test_escalation_is_told_step_by_step(office: Office, database: Database) -> None:
    site = office.broken()
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=datetime.now(UTC))
    derive(database)
    steps = [e["data"]["step"] for e in told(database, site) if e["type"] == "task.escalated"]
    assert sorted(steps) == ["coordinator", "district", "lsg_reminded", "prosecutor"]


def test_no_event_names_a_person_or_says_what_somebody_wrote(
    office: Office, database: Database, world: World
) -> None:
    office.answer(office.act()["id"])
    derive(database)
    with database.reading() as session:
        said = " ".join(session.scalars(text("select payload::text from outbox_event")))
        names = list(session.scalars(text("select full_name from person")))
    assert "violation.opened" in said
    assert [name for name in names if name in said] == []
    assert "portable ramp" not in said
    assert "Widen the ramp" not in said


def test_deriving_again_makes_nothing_new(office: Office, database: Database) -> None:
    office.broken()
    derive(database)
    count = text("select count(*) from outbox_event")
    with database.reading() as session:
        before = session.scalar(count)
    with database.writing() as session:
        # Even from the beginning: an event is one, however often it is derived.
        session.execute(text("delete from outbox_source"))
    derive(database, most=3)
    with database.reading() as session:
        assert session.scalar(count) == before


def _return(session: Any, inspection: UUID) -> None:
    audit_log.record(session, "inspection_returned", inspection, at=datetime.now(UTC), rev=1)


def test_what_commits_late_is_told_when_it_has_come(office: Office, database: Database) -> None:
    site = office.broken()
    derive(database)
    with database.reading() as session:
        find = text("select id from inspection where site_id = :site")
        inspection = session.scalar(find, {"site": site})
    much_later = datetime.now(UTC) + 3 * STATEMENT_ENDS
    with database.writing() as slow:
        _return(slow, inspection)
        with database.writing() as quick:
            audit_log.record(quick, "signed_in", inspection, at=datetime.now(UTC))
        for minutes in range(3):
            derive(database, much_later + timedelta(minutes=minutes))
        assert "inspection.returned" not in [e["type"] for e in told(database, site)]
    derive(database)
    assert [e["type"] for e in told(database, site)].count("inspection.returned") == 1


def test_what_is_rolled_back_leaves_no_gap_for_long(office: Office, database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("select nextval(pg_get_serial_sequence('audit_log', 'n'))"))
        connection.rollback()
    with database.writing() as session:
        audit_log.record(session, "signed_in", "x", at=datetime.now(UTC))
    derive(database)
    gaps = text("select gaps from outbox_source where source = 'audit_log'")
    with database.reading() as session:
        assert session.scalar(gaps)
    later = datetime.now(UTC) + STATEMENT_ENDS
    derive(database, later)
    derive(database, later)
    with database.reading() as session:
        assert session.scalar(gaps) == []


def test_only_one_worker_derives(office: Office, database: Database) -> None:
    with database.writing() as one:
        assert derive_events(one, at=datetime.now(UTC)) is not None
        with database.writing() as other:
            assert derive_events(other, at=datetime.now(UTC)) is None


def test_a_moved_day_is_told_of_each_task(office: Office, database: Database, world: World) -> None:
    site = office.broken()
    derive(database)
    with database.writing() as session:
        day = session.scalar(
            text("select election_day from campaign where id = :id"), {"id": CAMPAIGN}
        )
        move_election_day(
            session,
            CAMPAIGN,
            day - timedelta(days=1),
            by=_username(session, world),
            reason="A test",
            at=datetime.now(UTC),
        )
    derive(database)
    noticed = [e for e in told(database, site) if e["type"] == "task.noticed"]
    assert [(e["data"]["was_due_on"], e["data"]["due_on"]) for e in noticed] == [
        ("2021-11-18", "2021-11-17")
    ]


def _username(session: Any, world: World) -> str:
    """Somebody who may move the day of the whole region."""
    coordinator = world.people[Role.COORDINATOR, "near"]
    add_grant(session, coordinator, Role.COORDINATOR, "R", at=datetime.now(UTC))
    return "coordinator.near"
