"""What the headquarters read each morning: tasks by state, the burn-up, and their pictures."""

from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.lists.progress import station_points
from tests.factories import CAMPAIGN, World, make_site, make_territory
from tests.http.populated import Things

STATISTICS = "/api/v1/statistics"
PICTURES = ("burn-up.svg", "progress.svg", "map.svg")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", autouse=True)
def _populated(things: Things) -> None:
    """Every test here reads the populated world."""


def get(
    client: FlaskClient, world: World, path: str, role: Role = Role.COORDINATOR, **more: Any
) -> Any:
    address = f"{STATISTICS}/{path}{'&' if '?' in path else '?'}campaign={CAMPAIGN}"
    answer = client.get(address, headers=world.headers(role), **more)
    assert answer.status_code == 200, answer.text
    return answer


def test_the_states_of_stations_and_the_not_inspected_are_all_stations(
    client: FlaskClient, world: World
) -> None:
    for by in ("territory", "constituency"):
        answer = get(client, world, f"progress?by={by}").json
        for group in [*answer["items"], answer["total"]]:
            states = [
                group[state]
                for state in (
                    "compliant", "usable_with_temporary_measures", "not_remediable_in_time",
                    "not_assessed",
                )
            ]  # fmt: skip
            assert sum(states) == group["inspected"]
            assert group["ramp_conforms"] <= group["has_ramp"] <= group["inspected"]
    assert answer["total"]["has_ramp"] > 0


def test_a_building_with_two_stations_has_its_violations_once_in_all(
    client: FlaskClient, world: World, database: Database
) -> None:
    before = get(client, world, "progress").json["total"]
    with database.writing() as session:
        session.execute(
            text(
                "insert into station (campaign_id, number, site_id, voters, constituency_number)"
                " select campaign_id, 9999, site_id, 7, constituency_number from station"
                " where site_id = :site"
            ),
            {"site": world.sites["near-1"]},
        )
    try:
        for by in ("territory", "constituency"):
            answer = get(client, world, f"progress?by={by}").json
            assert answer["total"]["stations"] == before["stations"] + 1
            assert answer["total"]["open_violations"] == before["open_violations"]
            assert sum(g["open_violations"] for g in answer["items"]) == before["open_violations"]
    finally:
        with database.writing() as session:
            session.execute(text("delete from station where number = 9999"))


@pytest.mark.parametrize("by", ["territory", "constituency"])
def test_tasks_by_state_are_those_of_the_list(client: FlaskClient, world: World, by: str) -> None:
    answer = get(client, world, f"tasks?by={by}").json
    listed = client.get(
        f"/api/v1/tasks?campaign={CAMPAIGN}&limit=200", headers=world.headers(Role.COORDINATOR)
    ).json["items"]
    total = answer["total"]
    assert total["tasks"] == len(listed) > 0
    for state, number in total["states"].items():
        assert number == sum(task["state"] == state for task in listed), state
    assert total["overdue"] == sum(task["overdue"] for task in listed) > 0
    assert sum(group["tasks"] for group in answer["items"]) == total["tasks"]


def test_tasks_of_a_track_are_counted_apart(client: FlaskClient, world: World) -> None:
    every = get(client, world, "tasks").json["total"]["tasks"]
    permanent = get(client, world, "tasks?track=permanent").json["total"]["tasks"]
    temporary = get(client, world, "tasks?track=temporary").json["total"]["tasks"]
    assert permanent + temporary == every


def test_the_burn_up_ends_with_what_the_lists_show(client: FlaskClient, world: World) -> None:
    answer = get(client, world, "burn-up").json
    days = answer["items"]
    assert [day["day"] for day in days] == sorted({day["day"] for day in days})
    progress = get(client, world, "progress").json["total"]
    assert answer["stations"] == progress["stations"]
    assert days[-1]["inspected"] == progress["inspected"]
    violations = client.get(
        f"/api/v1/violations?campaign={CAMPAIGN}&limit=200",
        headers=world.headers(Role.COORDINATOR),
    ).json["items"]
    assert days[-1]["found"] == len(violations)
    assert days[-1]["closed"] == sum(v["state"] == "closed" for v in violations)
    assert date.fromisoformat(days[-1]["day"]) <= date.fromisoformat(answer["election_day"])


def test_a_visit_counts_on_its_day_unless_the_tablets_clock_was_off(
    client: FlaskClient, world: World, database: Database
) -> None:
    def inspected_by(day: str) -> int:
        days = get(client, world, "burn-up").json["items"]
        return max((d["inspected"] for d in days if d["day"] <= day), default=0)

    assert inspected_by("2021-10-01") == 0
    with database.writing() as session:
        before = session.execute(text("select id, rev, started_at, flags from inspection")).all()
        session.execute(text("update inspection set started_at = '2021-09-30T22:00:00Z'"))
    try:
        assert inspected_by("2021-09-30") == 0
        assert inspected_by("2021-10-01") == 2
        with database.writing() as session:
            session.execute(text("update inspection set flags = '{device-clock-off}'"))
        assert inspected_by("2021-10-01") == 0
    finally:
        with database.writing() as session:
            for row in before:
                session.execute(
                    text(
                        "update inspection set started_at = :at, flags = :flags"
                        " where id = :id and rev = :rev"
                    ),
                    {"id": row.id, "rev": row.rev, "at": row.started_at, "flags": row.flags},
                )


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_tells_what_it_shows_in_the_language_asked_for(
    client: FlaskClient, world: World, picture: str, language: str
) -> None:
    answer = get(client, world, f"{picture}?language={language}")
    assert answer.content_type == "image/svg+xml; charset=utf-8"
    assert answer.headers["Content-Language"] == language
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    root = ET.fromstring(answer.data)  # noqa: S314 - our own
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert description is not None
    assert description.text
    assert get(client, world, f"{picture}?language={language}").data == answer.data


def test_the_map_shows_the_stations_of_the_reader_alone(client: FlaskClient, world: World) -> None:
    answer = get(client, world, "map.svg?language=en")
    root = ET.fromstring(answer.data)  # noqa: S314 - our own
    description = root.findtext(f"{SVG}desc", "")
    told = sum(int(part.rpartition(": ")[2]) for part in description.split(", "))
    assert told == get(client, world, "progress").json["total"]["stations"]


@pytest.mark.parametrize(
    ("territories", "areas"),
    [
        ("near-1 near-2", {"N1", "N2"}),
        ("near-1 near-2 far-1 far-2", {"N", "F"}),
        ("near-1 region", {"N1"}),
        ("", set()),
    ],
)
def test_areas_of_the_map_are_districts_or_within_one_its_territories(
    database: Database, world: World, territories: str, areas: set[str]
) -> None:
    scope = Scope(frozenset(world.territories[name] for name in territories.split()))
    with database.reading() as session:
        points, names = station_points(session, scope, scope, CAMPAIGN, today=date(2021, 11, 1))
    assert {point["area"] for point in points} == set(names) == areas
    words = {"N": "Near", "F": "Far", "N1": "Near-1", "N2": "Near-2"}
    assert {code: name["en"] for code, name in names.items()} == {c: words[c] for c in areas}


def test_a_station_of_a_city_lies_in_an_area_of_its_own(database: Database, world: World) -> None:
    region, near = world.territories["region"], world.territories["near-1"]
    with database.engine.connect() as connection, Session(connection) as session:
        city = make_territory(session, "C1", "city", region, "City")
        make_site(session, city, 8999, constituency=1)
        session.flush()
        found = {}
        for territories in ({city, near}, {city}):
            scope = Scope(frozenset(territories))
            points, _ = station_points(session, scope, scope, CAMPAIGN, today=date(2021, 11, 1))
            found[len(territories)] = sorted(point["area"] for point in points)
    assert found == {2: ["C1", "N"], 1: ["C1"]}


def test_what_happens_elsewhere_is_counted_for_nobody_else(
    client: FlaskClient, world: World
) -> None:
    """One district's figures and another's, and those of the office above both."""

    def of(where: str, path: str) -> Any:
        answer = client.get(f"{STATISTICS}/{path}", headers=world.headers(Role.COORDINATOR, where))
        assert answer.status_code == 200, answer.text
        return answer

    near, far = (of(where, f"burn-up?campaign={CAMPAIGN}").json for where in ("near", "far"))
    assert near["stations"] == 2
    assert near["items"][-1]["inspected"] == 2
    assert far["stations"] != near["stations"] or far["items"] != near["items"]
    for picture in PICTURES:
        one, other = (
            of(where, f"{picture}?campaign={CAMPAIGN}&language=en").data
            for where in ("near", "far")
        )
        assert one != other, picture
