"""What a site comes to follows what supervision decides; the assessment stays as it was."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.merging import Meeting
from tests.http.test_adjudications import NARROW, decide, widths

# Wide enough for the one that was broken, and not too wide for any other.
RIGHT = {"measure": "width_mm", "answer": {"value": 950, "unit": "mm"}}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def site(meeting: Meeting) -> UUID:
    """A site whose ramp was measured 500 mm wide."""
    site = meeting.site()
    assert meeting.visit(meeting.pad(), site, answers=NARROW)["status"] == "applied"
    return site


def get(meeting: Meeting, path: str) -> Any:
    answer = meeting.client.get(
        f"/api/v1/{path}", headers=meeting.world.headers(Role.TECHNICAL_SUPERVISOR)
    )
    assert answer.status_code == 200, answer.text
    return answer.json


def visit_of(meeting: Meeting, site: UUID) -> Any:
    """The one inspection of a site, as the site tells it."""
    [visit] = get(meeting, f"sites/{site}")["inspections"]
    return visit


def inspection_of(meeting: Meeting, site: UUID) -> Any:
    return get(meeting, f"inspections/{visit_of(meeting, site)['id']}")


def test_an_overturned_violation_counts_no_more(meeting: Meeting, site: UUID) -> None:
    before = inspection_of(meeting, site)
    assert before["adjudicated"] is None
    broken = get(meeting, f"violations?site={site}")["items"]
    assert before["assessment"]["score"]["violations"] == len(broken) > 0
    for n, violation in enumerate(broken, 1):
        assert decide(meeting, violation["id"], "overturn").status_code == 201
        left = inspection_of(meeting, site)["adjudicated"]["score"]["violations"]
        assert left == len(broken) - n
    after = inspection_of(meeting, site)
    assert after["assessment"] == before["assessment"]
    assert after["findings"] == before["findings"]
    assert after["adjudicated"]["score"]["ramp"]["conformity"] != "breaks"
    assert after["adjudicated"]["station_state"] != before["assessment"]["station_state"]
    assert visit_of(meeting, site)["station_state"] == after["adjudicated"]["station_state"]


def test_a_corrected_value_counts_instead_of_the_one_handed_in(
    meeting: Meeting, site: UUID
) -> None:
    before = inspection_of(meeting, site)
    violation = widths(meeting, site)[0]["id"]
    assert decide(meeting, violation, "correct", corrections=[RIGHT]).status_code == 201
    after = inspection_of(meeting, site)
    assert after["assessment"] == before["assessment"]
    assert (
        after["adjudicated"]["score"]["violations"]
        == before["assessment"]["score"]["violations"] - 1
    )
    assert after["adjudicated"]["index"] > before["assessment"]["index"]
    assert visit_of(meeting, site)["index"] == after["adjudicated"]["index"]


def test_what_is_confirmed_leaves_the_score_alone(meeting: Meeting, site: UUID) -> None:
    assert decide(meeting, widths(meeting, site)[0]["id"], "confirm").status_code == 201
    assert inspection_of(meeting, site)["adjudicated"] is None


def test_a_new_revision_stands_for_itself(meeting: Meeting) -> None:
    site, pad = meeting.site(), meeting.pad()
    assert meeting.visit(pad, site, answers=NARROW)["status"] == "applied"
    assert decide(meeting, widths(meeting, site)[0]["id"], "overturn").status_code == 201
    assert meeting.visit(pad, site, answers={"width_mm": NARROW["width_mm"]})["status"] == "applied"
    newest = get(meeting, f"sites/{site}")["inspections"][-1]
    again = get(meeting, f"inspections/{newest['id']}")
    assert again["adjudicated"] is None
    assert newest["station_state"] == again["assessment"]["station_state"]
