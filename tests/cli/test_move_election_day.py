"""A moved election day: what it changes is shown first, and no served deadline moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.domain.vocabulary import Role
from audit_api.settings import Settings
from tests.cli.conftest import Cli
from tests.factories import CAMPAIGN, World, make_person, make_world, operation, push, ramp_of
from tests.field_schema.bodies import measurement

STORED = """
    select distinct c.election_day::text, t.due_on::text, t.current_due_on::text, v.due_on::text,
        v.current_due_on::text, t.rev
    from campaign c, remediation_task t join violation v on v.task_id = t.id
"""
SERVED = [("2021-11-28", "2021-11-18", "2021-11-18", "2021-11-18", "2021-11-18", 1)]
NOTICED = [("2021-12-05", "2021-11-18", "2021-11-25", "2021-11-18", "2021-11-25", 2)]
LATER = "2021-12-05"


@dataclass(frozen=True)
class Place:
    """A site with a task, on a database of the test's own; `boss` coordinates the region."""

    cli: Cli
    client: FlaskClient
    world: World

    def move(self, day: str = LATER, *options: str, by: str = "boss") -> list[str]:
        reason = "Synthetic decision"
        words = ["campaigns", "move-election-day", CAMPAIGN, day, "--by", by, "--reason", reason]
        return [*words, *options]

    def task(self) -> dict[str, Any]:
        headers = self.world.headers(Role.LSG_HEAD)
        found: dict[str, Any] = self.client.get("/api/v1/tasks", headers=headers).json["items"][0]
        return found


@pytest.fixture
def place(cli: Cli) -> Iterator[Place]:
    app = create_app(Settings.from_env())
    database = app.extensions["database"]
    with database.writing() as session:
        world = make_world(session)
        make_person(session, "boss", [(Role.COORDINATOR, world.territories["region"])])
    with app.test_client() as client:
        body = ramp_of(world, "near-1", answers={"width_mm": measurement(400)})
        [result] = push(client, world, operation(body))["results"]
        assert result["status"] == "applied"
        yield Place(cli, client, world)
    database.engine.dispose()


def test_a_preview_names_every_deadline_and_stores_nothing(place: Place) -> None:
    said = place.cli.done(*place.move(LATER, "--dry-run"))
    assert f"{CAMPAIGN}: election day 2021-11-28 -> 2021-12-05" in said
    assert "milestone remediation_due: 2021-11-18 -> 2021-11-25" in said
    assert f"task {place.task()['id']}, N1, station 8001, ramp" in said
    assert ": 2021-11-18 -> 2021-11-25" in said
    assert said.endswith("1 notices.\nDry run: nothing was stored.\n")
    assert place.cli.query(STORED) == SERVED
    assert place.cli.query("select count(*) from deadline_notice") == [(0,)]


def test_the_served_deadline_stays_and_the_notice_stands_beside_it(place: Place) -> None:
    place.cli.done(*place.move())
    assert place.cli.query(STORED) == NOTICED
    task = place.task()
    assert task["due_on"] == "2021-11-18"
    [notice] = task["notices"]
    assert (notice["was"], notice["due_on"], notice["reason"]) == (
        "2021-11-18", "2021-11-25", "Synthetic decision",
    )  # fmt: skip
    headers = place.world.headers(Role.PROSECUTOR)
    [violation] = place.client.get("/api/v1/violations?limit=1", headers=headers).json["items"]
    assert (violation["due_on"], violation["notice_due_on"]) == ("2021-11-18", "2021-11-25")


def test_the_same_decision_again_changes_nothing(place: Place) -> None:
    place.cli.done(*place.move())
    said = place.cli.done(*place.move())
    assert said == f"{CAMPAIGN}: election day is 2021-12-05 and no deadline changes.\n"
    assert place.cli.query(STORED) == NOTICED
    assert place.cli.query("select count(*) from election_day_move") == [(1,)]


def test_moved_back_there_are_two_notices_and_the_last_counts(place: Place) -> None:
    place.cli.done(*place.move())
    place.cli.done(*place.move("2021-11-28"))
    task = place.task()
    assert [(n["was"], n["due_on"]) for n in task["notices"]] == [
        ("2021-11-18", "2021-11-25"), ("2021-11-25", "2021-11-18"),
    ]  # fmt: skip


TEMPORARY = """
    select due_on::text, current_due_on::text, rev from remediation_task where track = 'temporary'
"""


@pytest.fixture
def remedy(place: Place) -> None:
    """A temporary task beside the permanent one, due at a final check three days before."""
    with place.cli.database.writing() as session:
        session.execute(
            text("""insert into milestone (campaign_id, id, days_before, name_ky, name_ru, name_en)
                values (:c, 'final_check', 3, '-', '-', '-')"""),
            {"c": CAMPAIGN},
        )
        session.execute(
            text("""insert into remediation_task (id, site_id, element_id, campaign_id, track,
                    state, due_on, assigned_at, rev, relieves)
                select gen_random_uuid(), site_id, element_id, campaign_id, 'temporary',
                    'assigned', '2021-11-25', now(), 1, array(select id from violation)
                from remediation_task""")
        )


def test_a_temporary_task_gets_the_notice_of_its_own_milestone(place: Place, remedy: None) -> None:
    later = "2999-12-05"
    with place.cli.database.writing() as session:
        session.execute(text("update campaign set election_day = '2999-11-28'"))
        session.execute(
            text("""update remediation_task set due_on = case track
                when 'temporary' then date '2999-11-25' else date '2999-11-18' end""")
        )
    said = place.cli.done(*place.move(later))
    assert "temporary: 2999-11-25 -> 2999-12-02" in said
    assert place.cli.query(TEMPORARY) == [("2999-11-25", "2999-12-02", 2)]
    assert place.cli.query("select count(*) from deadline_notice") == [(2,)]


def test_with_the_day_as_it_is_a_late_temporary_task_is_not_put_off(
    place: Place, remedy: None
) -> None:
    said = place.cli.done(*place.move("2021-11-28"))
    assert said == f"{CAMPAIGN}: election day is 2021-11-28 and no deadline changes.\n"
    assert place.cli.query(TEMPORARY) == [("2021-11-25", "2021-11-25", 1)]


def test_a_tablet_hears_of_it(place: Place) -> None:
    place.cli.done(*place.move())
    assert place.cli.query("""
        select doc ->> 'due_on', doc ->> 'notice_due_on' from feed where kind = 'task'
    """) == [("2021-11-18", "2021-11-25")]


def test_after_a_corrected_calendar_the_same_day_gives_notices(place: Place) -> None:
    with place.cli.database.writing() as session:
        session.execute(text("update milestone set working_days = true"))
    said = place.cli.done(*place.move("2021-11-28"))
    assert ": 2021-11-18 -> 2021-11-15" in said


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("prosecutor.near", "is no coordinator or administrator"),
        ("nobody", "is no coordinator or administrator"),
        ("coordinator.near", "There is no campaign 'kg-test-2021' in the grants"),
    ],
)
def test_who_may_not_decide_is_refused(place: Place, by: str, said: str) -> None:
    assert said in place.cli.refused(*place.move(by=by))
    assert place.cli.query(STORED) == SERVED


def test_a_closed_campaign_keeps_its_deadlines(place: Place) -> None:
    with place.cli.database.writing() as session:
        session.execute(text("update campaign set closed_at = now()"))
    assert "is closed" in place.cli.refused(*place.move())


def test_the_decision_is_in_the_audit_log(place: Place) -> None:
    place.cli.done(*place.move())
    assert place.cli.query("""
        select a.subject, p.username, a.detail::text from audit_log a
        join person p on p.id = a.person_id where a.what = 'election_day_moved'
    """) == [
        (CAMPAIGN, "boss", '{"was":"2021-11-28","day":"2021-12-05","notices":1}')
    ]  # fmt: skip
