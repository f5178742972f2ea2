"""Who decides on reviews, once, and who is told what."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, make_person, make_session_token
from tests.http.merging import Meeting, Pad

SUPERVISOR = "Technical_Supervisor.Near"


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def site(meeting: Meeting) -> UUID:
    return meeting.site()


@pytest.fixture
def pad(meeting: Meeting) -> Pad:
    return meeting.pad()


def test_what_was_decided_stands(meeting: Meeting, pad: Pad, site: UUID) -> None:
    review = meeting.field_review(pad, site)
    assert meeting.decide(review, "keep_server").status_code == 200
    again = meeting.decide(review, "take_mine", reason="On second thoughts.")
    assert (again.status_code, again.json["type"]) == (409, "urn:audit-api:problem:already-decided")
    assert (again.json["decision"], again.json["decided_by"]) == ("keep_server", SUPERVISOR)
    assert again.json["reason"] == "Both inspectors were asked."
    assert meeting.now(site)["address"] == "Left street"


def test_of_two_decisions_at_once_one_stands(
    app: Flask, meeting: Meeting, pad: Pad, site: UUID
) -> None:
    for _ in range(3):
        review = pad.edit("site", site, built_on=("1975-01-01", "1974-01-01"))["review"]

        def decide(word: str, review: str = review) -> Any:
            return replace(meeting, client=app.test_client()).decide(review, word)

        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(decide, ["keep_server", "keep_server"]))
        assert sorted(a.status_code for a in answers) == [200, 409]
        (late,) = [a.json for a in answers if a.status_code == 409]
        assert late["decided_by"] == SUPERVISOR


def test_nobody_decides_on_what_is_ones_own(
    meeting: Meeting, database: Database, world: World, site: UUID
) -> None:
    near = world.territories["near"]
    with database.writing() as session:
        both = make_person(
            session,
            f"both.{uuid4().hex[:6]}",
            [(Role.INSPECTOR, near), (Role.TECHNICAL_SUPERVISOR, near)],
        )
        token = make_session_token(session, both)
    world.people[Role.INSPECTOR, "both"] = both
    pad = meeting.pad(where="both")
    review = meeting.field_review(pad, site)
    answer = meeting.client.post(
        f"/api/v1/reviews/{review}/decisions",
        json={"decision": "take_mine", "reason": "I am right."},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.json["type"]) == (403, "urn:audit-api:problem:four-eyes")
    assert meeting.decide(review, "take_mine").status_code == 200


def test_a_review_of_another_district_is_unknown(meeting: Meeting, pad: Pad, site: UUID) -> None:
    review = meeting.field_review(pad, site)
    unknown = meeting.get(f"/{uuid4()}", "far")
    assert (unknown.status_code, meeting.get(f"/{review}", "far").data) == (404, unknown.data)
    assert meeting.decide(review, "take_mine", where="far").status_code == 404
    assert review not in [r["id"] for r in meeting.get("?limit=200", "far").json["items"]]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_the_headquarters_read_and_decide_nothing(
    meeting: Meeting, pad: Pad, site: UUID, role: Role
) -> None:
    review = meeting.field_review(pad, site)
    assert meeting.get(f"/{review}", role=role).status_code == 200
    assert meeting.decide(review, "keep_server", role=role).status_code == 404


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.PROSECUTOR, Role.LSG_HEAD])
def test_others_see_no_reviews(meeting: Meeting, role: Role) -> None:
    assert meeting.get(role=role).status_code == 404


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_decision_needs_a_reason(meeting: Meeting, pad: Pad, site: UUID, reason: Any) -> None:
    review = meeting.field_review(pad, site)
    assert meeting.decide(review, "take_mine", reason=reason).status_code == 422
    assert meeting.review(review)["state"] == "open"


def test_reviews_are_listed_by_kind_site_and_state(meeting: Meeting, pad: Pad, site: UUID) -> None:
    field = meeting.field_review(pad, site)
    law = pad.edit("site", site, built_on=("1975-01-01", "1974-01-01"))["review"]

    def listed(query: str) -> list[str]:
        return [r["id"] for r in meeting.get(f"?site={site}{query}").json["items"]]

    assert listed("") == [field, law]
    assert listed("&kind=law-relevant") == [law]
    meeting.decide(field, "keep_server")
    assert (listed("&state=open"), listed("&state=resolved")) == ([law], [field])


def test_the_tablet_learns_by_pull_what_became_of_its_work(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    review = meeting.field_review(pad, site)
    op = meeting.review(review)["op"]
    held = pad.pulled("held")[op]
    assert (held["status"], held["review"], held["decision"]) == ("conflict", review, None)
    meeting.decide(review, "take_mine", reason="The sign on the gate says so.")
    held = pad.pulled("held")[op]
    assert (held["decision"], held["decided_reason"]) == ("mine", "The sign on the gate says so.")


def test_a_decision_stands_in_the_audit_log(meeting: Meeting, pad: Pad, site: UUID) -> None:
    review = meeting.field_review(pad, site)
    meeting.decide(review, "take_mine")
    rows = meeting.rows(
        "select what, detail ->> 'decision' from audit_log where subject = :id", id=review
    )
    assert rows == [("review_decided", "mine")]
