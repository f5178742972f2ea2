"""Working days and a moved election day over HTTP, by the services that the command line has."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.fingerprint import changed, fingerprint
from tests.http.populated import Things

DAYS = "/api/v1/days"
MOVE = f"/api/v1/campaigns/{CAMPAIGN}/election-day"
MOVERS = {Role.COORDINATOR, Role.ADMINISTRATOR}
DECISION = {"day": "2021-12-05", "reason": "Decision № 1."}


def post(
    client: FlaskClient, world: World, path: str, said: Any, role: Role = Role.ADMINISTRATOR
) -> TestResponse:
    return client.post(path, json=said, headers=world.headers(role))


def days_of(client: FlaskClient, world: World, year: int) -> dict[str, Any]:
    answer = client.get(f"{DAYS}?year={year}&limit=200", headers=world.headers(Role.LSG_HEAD))
    assert answer.status_code == 200, answer.text
    return {item["day"]: item for item in answer.json["items"]}


@pytest.fixture
def chief(database: Database, world: World, things: Things) -> Iterator[World]:
    """The near district's coordinator has the whole campaign's territory, for a while."""
    grant = text("""update person_grant set territory_id = :there
        where person_id = :who and role = 'coordinator'""")
    who = world.people[Role.COORDINATOR, "near"]
    for where in ("region", "near"):
        with database.writing() as session:
            there = text("select territory_id from campaign where id = :id")
            region = session.scalar(there, {"id": CAMPAIGN})
            lies = region if where == "region" else world.territories["near"]
            session.execute(grant, {"there": lies, "who": who})
        if where == "region":
            yield world


def test_everybody_reads_the_days_off_of_a_year(client: FlaskClient, world: World) -> None:
    found = days_of(client, world, 2021)
    assert found["2021-08-31"]["name"] == "Independence Day"
    assert found["2021-08-31"]["working"] is False
    assert found["2021-08-31"]["correction"] is None
    page = client.get(f"{DAYS}?year=2021&limit=2", headers=world.headers(Role.LSG_HEAD)).json
    following = client.get(page["next"], headers=world.headers(Role.LSG_HEAD)).json
    assert [i["day"] for i in page["items"] + following["items"]] == list(found)[:4]


def test_an_administrator_corrects_a_day_and_takes_it_back(
    client: FlaskClient, database: Database, world: World
) -> None:
    said = {"day": "2027-03-11", "kind": "off", "reason": "The muftiate, 1 March"}
    first = post(client, world, DAYS, said)
    assert (first.status_code, first.json["working"]) == (201, False)
    assert days_of(client, world, 2027)["2027-03-11"] == first.json
    assert first.json["correction"]["reason"] == "The muftiate, 1 March"
    again = post(client, world, DAYS, said)
    assert (again.status_code, again.json) == (200, first.json)
    back = post(client, world, DAYS, said | {"kind": "computed"})
    assert (back.status_code, back.json["correction"], back.json["working"]) == (201, None, True)
    assert "2027-03-11" not in days_of(client, world, 2027)
    logged = "select count(*) from audit_log where what = 'day_corrected'"
    with database.reading() as session:
        assert session.scalar(text(logged)) == 2


def test_a_day_off_that_offices_work_is_listed_as_working(
    client: FlaskClient, world: World
) -> None:
    said = {"day": "2027-08-31", "kind": "working", "reason": "Decree"}
    assert post(client, world, DAYS, said).json["working"] is True
    assert days_of(client, world, 2027)["2027-08-31"]["working"] is True


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}), ids=str)
def test_nobody_else_corrects_a_day(client: FlaskClient, world: World, role: Role) -> None:
    said = {"day": "2027-03-12", "kind": "off", "reason": "Mine"}
    assert post(client, world, DAYS, said, role).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"reason": "  "}, {"kind": "half"}, {"day": "1999-01-01"}, {"day": "9999-12-31"}]
)
def test_a_correction_that_says_nothing_is_refused(
    client: FlaskClient, world: World, wrong: dict[str, str]
) -> None:
    said = {"day": "2027-03-12", "kind": "off", "reason": "Announced"} | wrong
    assert post(client, world, DAYS, said).status_code == 422


def test_a_preview_names_every_deadline_and_stores_nothing(
    client: FlaskClient, database: Database, chief: World, things: Things
) -> None:
    before = fingerprint(database)
    answer = post(client, chief, f"{MOVE}/previews", DECISION, Role.COORDINATOR)
    assert answer.status_code == 200, answer.text
    told = answer.json
    assert (told["was"], told["day"]) == ("2021-11-28", "2021-12-05")
    assert things.of("task", "near-1") in {task["id"] for task in told["tasks"]}
    assert all(task["due_on"] > task["was"] for task in told["tasks"])
    assert all(m["day"] > m["was"] for m in told["milestones"])
    assert changed(before, fingerprint(database)) == set()


def test_a_moved_day_gives_what_its_preview_said_once(
    client: FlaskClient, chief: World, things: Things
) -> None:
    preview = post(client, chief, f"{MOVE}/previews", DECISION, Role.COORDINATOR).json
    moved = post(client, chief, MOVE, DECISION, Role.COORDINATOR)
    assert (moved.status_code, moved.json) == (200, preview)
    path = f"/api/v1/tasks/{things.of('task', 'near-1')}"
    task = client.get(path, headers=chief.headers(Role.COORDINATOR)).json
    (notice,) = task["notices"]
    assert (notice["reason"], task["current_due_on"]) == ("Decision № 1.", notice["due_on"])
    again = post(client, chief, MOVE, DECISION, Role.COORDINATOR).json
    assert (again["was"], again["tasks"]) == ("2021-12-05", [])
    back = DECISION | {"day": "2021-11-28"}
    assert post(client, chief, MOVE, back, Role.COORDINATOR).status_code == 200


def test_a_campaign_whose_territory_is_wider_is_unknown(
    client: FlaskClient, world: World, things: Things
) -> None:
    for path in (MOVE, f"{MOVE}/previews"):
        for role in (Role.COORDINATOR, Role.ADMINISTRATOR):
            outside = post(client, world, path, DECISION, role)
            unknown = post(client, world, path.replace(CAMPAIGN, "kg-none-2021"), DECISION, role)
            assert (outside.status_code, outside.data) == (404, unknown.data)


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR}), ids=str
)
def test_nobody_else_moves_a_day(client: FlaskClient, world: World, role: Role) -> None:
    assert post(client, world, MOVE, DECISION, role).status_code == 404


def test_a_move_without_a_reason_is_refused(client: FlaskClient, chief: World) -> None:
    said = DECISION | {"reason": " "}
    for path in (MOVE, f"{MOVE}/previews"):
        assert post(client, chief, path, said, Role.COORDINATOR).status_code == 422


def test_a_closed_campaign_keeps_its_day(
    client: FlaskClient, database: Database, chief: World
) -> None:
    close = text("update campaign set closed_at = :at where id = :id")
    with database.writing() as session:
        session.execute(close, {"at": "2021-12-31T00:00:00Z", "id": CAMPAIGN})
    answer = post(client, chief, MOVE, DECISION, Role.COORDINATOR)
    with database.writing() as session:
        session.execute(close, {"at": None, "id": CAMPAIGN})
    assert answer.status_code == 422
    assert answer.json["type"].endswith(":decision-refused")
