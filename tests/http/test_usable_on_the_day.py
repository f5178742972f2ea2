"""A temporary remedy in place makes a violation usable on the day, and never ends it."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.day_of import FLAT, STEEP, DayOf, in_days


@pytest.fixture
def day(client: FlaskClient, database: Database, world: World) -> DayOf:
    """Five days before the election."""
    made = DayOf(client, database, world)
    made.election(5)
    return made


@pytest.fixture
def site(day: DayOf) -> UUID:
    return day.site()


def test_a_remedy_measured_in_place_makes_it_usable_and_leaves_its_state(
    day: DayOf, site: UUID
) -> None:
    visit = day.visit(site, permanent=STEEP, temporary=FLAT)
    found = day.steep(site)
    assert found["state"] == "open"
    assert found["measured"]["runs.rise_mm"] == 450
    relief = found["usable_on_the_day"]
    assert (relief["inspection"], relief["inspection_rev"]) == (visit["id"], 1)
    assert (relief["lapses_on"], len(relief["photos"])) == (in_days(6).isoformat(), 1)
    assert day.get(f"/violations/{found['id']}")["usable_on_the_day"] == relief


def test_a_later_visit_to_the_remedy_alone_relieves_too(day: DayOf, site: UUID) -> None:
    day.visit(site, permanent=STEEP)
    assert day.steep(site)["usable_on_the_day"] is None
    day.visit(site, temporary=FLAT)
    found = day.steep(site)
    assert (found["state"], found["usable_on_the_day"] is None) == ("open", False)


def test_without_a_photo_nothing_is_relieved(day: DayOf, site: UUID) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT, photo=False)
    assert day.steep(site)["usable_on_the_day"] is None


def test_a_remedy_that_is_outside_relieves_nothing_and_ends_what_held(
    day: DayOf, site: UUID
) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT)
    day.visit(site, temporary=STEEP)
    assert day.steep(site)["usable_on_the_day"] is None


def test_a_corrected_visit_relieves_no_more_by_what_it_took_back(day: DayOf, site: UUID) -> None:
    first = day.visit(site, permanent=STEEP, temporary=FLAT)
    day.visit(site, permanent=STEEP, entity=UUID(first["id"]), base={"rev": 1})
    assert day.steep(site)["usable_on_the_day"] is None


@pytest.mark.parametrize(("days", "usable"), [(0, True), (-1, False)], ids=["the day", "after"])
def test_it_lapses_by_the_clock_and_shows_again(
    day: DayOf, site: UUID, days: int, usable: bool
) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT)
    day.election(days)
    assert (day.steep(site)["usable_on_the_day"] is not None) is usable
    assert day.steep(site)["state"] == "open"


def test_a_moved_election_day_moves_the_lapse(day: DayOf, site: UUID) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT)
    day.election(12)
    assert day.steep(site)["usable_on_the_day"]["lapses_on"] == in_days(13).isoformat()


def test_what_came_back_after_a_repair_is_not_relieved_by_what_stood_before(
    day: DayOf, site: UUID
) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT)
    day.visit(site, permanent=FLAT)
    assert (day.steep(site)["state"], day.steep(site)["usable_on_the_day"]) == ("closed", None)
    day.visit(site, permanent=STEEP)
    assert (day.steep(site)["state"], day.steep(site)["usable_on_the_day"]) == ("open", None)


def test_the_list_keeps_what_is_usable_or_what_is_not(day: DayOf, site: UUID) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT)
    relieved = {v["id"] for v in day.violations(site) if v["usable_on_the_day"]}
    every = {v["id"] for v in day.violations(site)}
    assert day.steep(site)["id"] in relieved

    def kept(usable: str) -> set[str]:
        return {v["id"] for v in day.violations(site, f"&usable_on_the_day={usable}")}

    assert (kept("true"), kept("false")) == (relieved, every - relieved)


def test_nobody_elsewhere_is_told(day: DayOf, site: UUID, world: World) -> None:
    day.visit(site, permanent=STEEP, temporary=FLAT)
    headers = world.headers(Role.PROSECUTOR, "far")
    for path in (f"/violations?site={site}", f"/violations/{day.steep(site)['id']}"):
        assert day.client.get(f"/api/v1{path}", headers=headers).status_code == 404
    path = "/api/v1/violations?usable_on_the_day=true"
    assert day.client.get(path, headers=headers).json["items"] == []
    path = f"/api/v1/statistics/progress?campaign={CAMPAIGN}"
    assert day.client.get(path, headers=headers).json["total"]["usable_on_the_day"] == 0


def test_progress_tells_stations_whose_every_violation_is_relieved(day: DayOf, site: UUID) -> None:
    def usable() -> Any:
        return day.get(f"/statistics/progress?campaign={CAMPAIGN}")["total"]["usable_on_the_day"]

    before = usable()
    day.visit(site, permanent=STEEP)
    assert usable() == before
    day.visit(site, temporary=FLAT)
    assert len(day.violations(site)) == len(day.violations(site, "&usable_on_the_day=true"))
    assert usable() == before + 1
    day.election(-1)
    assert usable() == 0
