"""A milestone in working days gives the deadline of a repair, by the calendar of the moment."""

from datetime import UTC, date, datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.domain.working_days import DayKind
from audit_api.services.places.correct_day import correct_day
from audit_api.storage.base import Database
from tests.factories import World, operation, push, ramp_of
from tests.field_schema.bodies import measurement


def due_days(database: Database, world: World, site: str) -> set[date]:
    with database.reading() as session:
        rows = session.execute(
            text("""select t.due_on, v.due_on from remediation_task t
                join violation v on v.task_id = t.id where t.site_id = :site"""),
            {"site": world.sites[site]},
        ).all()
    assert rows
    return {day for row in rows for day in row}


def visit(app: Flask, world: World, site: str, seq: int) -> None:
    body = ramp_of(world, site, seed=seq, answers={"width_mm": measurement(400)})
    [result] = push(app.test_client(), world, operation(body, seq=seq))["results"]
    assert result["status"] == "applied"


def test_ten_working_days_and_a_corrected_day(
    app: Flask, client: FlaskClient, database: Database, world: World
) -> None:
    with database.writing() as session:
        session.execute(text("update milestone set working_days = true"))
    visit(app, world, "near-1", 1)
    assert due_days(database, world, "near-1") == {date(2021, 11, 15)}
    with database.writing() as session:
        correct_day(
            session,
            date(2021, 11, 16),
            DayKind.OFF,
            by=f"{Role.ADMINISTRATOR.value}.near",
            reason="A test",
            at=datetime.now(UTC),
        )
    visit(app, world, "near-2", 2)
    assert due_days(database, world, "near-2") == {date(2021, 11, 12)}
    # What was given before stays.
    assert due_days(database, world, "near-1") == {date(2021, 11, 15)}
