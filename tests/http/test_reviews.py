"""Reviews, end to end: what two sides said differently is shown, and a named person decides."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.merging import Meeting, Pad, edit

WIDER = {"width_mm": measurement(1300)}
NARROWER = {"width_mm": measurement(800)}
THERE = {"lat": 40.25, "lon": 69.5}
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


def branch(meeting: Meeting, pad: Pad, site: UUID) -> tuple[UUID, dict[str, Any]]:
    """An inspection with a correction, and another correction of its first revision."""
    entity = uuid4()
    assert meeting.visit(pad, site, entity=entity)["rev"] == 1
    assert meeting.visit(pad, site, entity=entity, base={"rev": 1}, answers=WIDER)["rev"] == 2
    result = meeting.visit(pad, site, entity=entity, base={"rev": 1}, answers=NARROWER)
    assert result["status"] == "conflict", result
    return entity, result


def revisions(meeting: Meeting, entity: UUID) -> list[tuple[Any, ...]]:
    return meeting.rows(
        "select rev, corrects_rev, is_current, op from inspection where id = :id order by rev",
        id=entity,
    )


# A branch


def test_a_second_revision_from_one_base_waits_beside_the_current_one(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    entity, result = branch(meeting, pad, site)
    assert (result["id"], result["rev"]) == (str(entity), 2)
    assert "rev" not in result["receipt"]
    assert [row[:3] for row in revisions(meeting, entity)] == [(1, None, False), (2, 1, True)]
    review = meeting.review(result["review"])
    assert (review["kind"], review["state"], review["site"]) == ("branch", "open", str(site))
    assert review["owner"] == "Inspector.Near"
    assert review["mine"]["base"] == 1
    assert review["server"] == {"rev": 2}
    assert (review["server_rev"], review["decision"]) == (2, None)
    assert review["differences"] == [
        {
            "element": review["differences"][0]["element"],
            "state": "permanent",
            "label": "main entrance",
            "question": "width_mm",
            "mine": NARROWER["width_mm"],
            "server": WIDER["width_mm"],
        }
    ]
    assert '"value": 800' in review["mine_body"]
    assert '"value": 1300' in review["server_body"]


def test_the_bytes_of_a_branch_are_kept(meeting: Meeting, pad: Pad, site: UUID) -> None:
    entity = uuid4()
    meeting.visit(pad, site, entity=entity)
    data = meeting.ramp(site, entity=entity, answers=NARROWER)
    result = pad.one(data)
    assert result["status"] == "conflict"
    kept = meeting.value("select raw from operation where op = :op", op=UUID(result["op"]))
    assert bytes(kept) == data


def test_a_branch_that_is_taken_corrects_the_current_revision(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    entity, result = branch(meeting, pad, site)
    answer = meeting.decide(result["review"], "take_mine")
    assert answer.status_code == 200, answer.text
    decision = answer.json["decision"]
    assert (decision["decision"], decision["decided_by"]) == ("take_mine", SUPERVISOR)
    assert answer.json["state"] == "resolved"
    assert [row[:3] for row in revisions(meeting, entity)] == [
        (1, None, False), (2, 1, False), (3, 2, True),
    ]  # fmt: skip
    assert str(revisions(meeting, entity)[2][3]) == result["op"]
    sha256 = meeting.value(
        "select encode(body_sha256, 'hex') from inspection where id = :id and rev = 3", id=entity
    )
    assert sha256 == answer.json["mine_sha256"]
    # What was decided on is shown as it was, not as it is now.
    assert answer.json["server_rev"] == 2
    assert pad.pulled("inspection")[str(entity)]["rev"] == 3


def test_a_branch_against_which_is_decided_leaves_everything_as_it_is(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    entity, result = branch(meeting, pad, site)
    before = revisions(meeting, entity)
    answer = meeting.decide(result["review"], "keep_server")
    assert (answer.status_code, answer.json["decision"]["decision"]) == (200, "keep_server")
    assert revisions(meeting, entity) == before


def test_an_edit_that_followed_a_branch_is_let_in_with_it(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    entity, result = branch(meeting, pad, site)
    later = meeting.visit(pad, site, entity=entity, base={"op": result["op"]})
    assert (later["status"], later["reason"]) == ("quarantined", "base-not-applied")
    assert meeting.decide(result["review"], "take_mine").status_code == 200
    assert [row[:2] for row in revisions(meeting, entity)][2:] == [(3, 2), (4, 3)]


def test_an_edit_of_an_operation_builds_on_the_revision_that_it_made(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    entity, first = uuid4(), uuid4()
    meeting.visit(pad, site, entity=entity, op=first)
    base = {"op": str(first)}
    assert meeting.visit(pad, site, entity=entity, base=base, answers=WIDER)["rev"] == 2
    late = meeting.visit(pad, site, entity=entity, base=base, answers=NARROWER)
    assert late["status"] == "conflict"
    assert meeting.review(late["review"])["mine"]["base"] == 1


def test_the_same_bytes_under_another_operation_are_no_branch(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    entity = uuid4()
    meeting.visit(pad, site, entity=entity)
    meeting.visit(pad, site, entity=entity, base={"rev": 1}, answers=WIDER)
    again = meeting.visit(pad, site, entity=entity)
    assert (again["status"], again["rev"], again["unchanged"]) == ("applied", 1, True)
    assert len(revisions(meeting, entity)) == 2


# Fields


def test_the_tablets_value_is_written_when_it_is_taken(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    review = meeting.field_review(pad, site)
    shown = meeting.review(review)
    assert [(d["question"], d["mine"], d["server"]) for d in shown["differences"]] == [
        ("address", "Right street", "Left street")
    ]
    assert meeting.decide(review, "take_mine").status_code == 200
    assert (meeting.now(site)["address"], meeting.now(site)["rev"]) == ("Right street", 3)
    assert meeting.traces(site)[-1] == (
        3, "address", "Left street", "Right street", UUID(shown["op"]),
    )  # fmt: skip
    assert meeting.pad().pulled("site")[str(site)]["address"] == "Right street"


def test_the_servers_value_stays_when_it_is_kept(meeting: Meeting, pad: Pad, site: UUID) -> None:
    review = meeting.field_review(pad, site)
    assert meeting.decide(review, "keep_server").status_code == 200
    assert (meeting.now(site)["address"], meeting.now(site)["rev"]) == ("Left street", 2)


def test_what_was_written_since_is_shown_before_it_is_overwritten(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    review = meeting.field_review(pad, site)
    meeting.pad().edit("site", site, address=("Left street", "Middle street"))
    assert [d["server"] for d in meeting.review(review)["differences"]] == ["Middle street"]
    meeting.decide(review, "take_mine")
    assert meeting.traces(site)[-1][2:4] == ("Middle street", "Right street")
    # Afterwards it shows what the operation met.
    assert [d["server"] for d in meeting.review(review)["differences"]] == ["Left street"]


def test_what_decides_which_clauses_bind_is_written_by_a_person(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    result = pad.edit(
        "site",
        site,
        building_status=("existing", "reconstructed"),
        altered_on=(None, "2019-05-01"),
        built_on=("1975-01-01", None),
    )
    shown = meeting.review(result["review"])
    assert (shown["kind"], set(shown["mine"])) == (
        "law-relevant", {"building_status", "altered_on", "built_on"},
    )  # fmt: skip
    assert "judged" in shown["note"]
    assert meeting.decide(result["review"], "take_mine").status_code == 200
    now = meeting.now(site)
    assert (now["building_status"], now["altered_on"], now["built_on"]) == (
        "reconstructed", "2019-05-01", None,
    )  # fmt: skip
    assert {row[1] for row in meeting.traces(site)} == set(shown["mine"])


def test_a_location_that_is_taken_away_by_a_person(meeting: Meeting, pad: Pad, site: UUID) -> None:
    meeting.pad().edit("site", site, location=({"lat": 40.0, "lon": 70.0}, THERE))
    result = pad.edit("site", site, location=({"lat": 40.0, "lon": 70.0}, None))
    assert meeting.decide(result["review"], "take_mine").status_code == 200
    assert meeting.now(site)["location"] is None


def test_the_label_of_an_element_is_taken(meeting: Meeting, pad: Pad, site: UUID) -> None:
    element = meeting.element(pad, site)
    meeting.pad().edit("element", element, label=("main entrance", "yard"))
    result = pad.edit("element", element, label=("main entrance", "side"))
    assert meeting.decide(result["review"], "take_mine").status_code == 200
    label = "select label from element where id = :id"
    assert meeting.value(label, id=element) == "side"
    assert [row[2:4] for row in meeting.traces(element)] == [
        ("main entrance", "yard"), ("yard", "side"),
    ]  # fmt: skip


def test_an_edit_that_followed_is_let_in_when_its_base_is_taken(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    first = uuid4()
    result = pad.one(
        edit("site", site, built_on=("1975-01-01", "1974-01-01"), members={"op": first})
    )
    later = pad.edit("site", site, base={"op": str(first)}, address=("", "Follows"))
    assert later["status"] == "quarantined"
    assert meeting.decide(result["review"], "take_mine").status_code == 200
    assert meeting.now(site)["address"] == "Follows"


def test_what_came_in_a_group_with_it_is_let_in_when_it_is_taken(
    meeting: Meeting, pad: Pad, site: UUID
) -> None:
    meeting.pad().edit("site", site, address=("", "Left street"))
    members = {"group": str(uuid4())}
    results = pad.push(
        edit("site", site, location=({"lat": 40.0, "lon": 70.0}, THERE), members=members),
        edit("site", site, address=("", "Right street"), members=members),
    )
    assert [r["status"] for r in results] == ["quarantined", "conflict"]
    assert meeting.decide(results[1]["review"], "take_mine").status_code == 200
    now = meeting.now(site)
    assert (now["address"], now["location"]) == ("Right street", THERE)
    held = pad.pulled("held")[results[0]["op"]]
    assert (held["decision"], held["outcome"]) == ("released", "applied")


# Tasks


def returned_task(meeting: Meeting, site: UUID) -> tuple[UUID, dict[str, Any]]:
    """A task that supervision returned while its head reported it done."""
    task = meeting.task(meeting.pad(), site)
    head = meeting.pad(Role.LSG_HEAD)
    head.command(task, "acknowledge", "assigned")
    with meeting.database.writing() as session:
        session.execute(
            text("update remediation_task set state = 'returned' where id = :id"), {"id": task}
        )
    photo = {"sha256": "ab" * 32, "bytes": 7, "content_type": "image/jpeg"}
    return task, head.command(task, "report_done", "acknowledged", photos=[photo])


def test_a_command_is_carried_out_when_it_is_taken(meeting: Meeting, site: UUID) -> None:
    task, result = returned_task(meeting, site)
    shown = meeting.review(result["review"])
    assert shown["mine"]["state"] == "reported_done"
    assert shown["server"]["state"] == "returned"
    assert {"question": "state", "mine": "reported_done", "server": "returned"}.items() <= (
        shown["differences"][0].items()
    )
    assert meeting.decide(result["review"], "take_mine").status_code == 200
    state = "select state from remediation_task where id = :id"
    assert meeting.value(state, id=task) == "reported_done"


def test_a_command_that_goes_nowhere_any_more_cannot_be_taken(meeting: Meeting, site: UUID) -> None:
    task, result = returned_task(meeting, site)
    with meeting.database.writing() as session:
        session.execute(
            text("update remediation_task set state = 'assigned' where id = :id"), {"id": task}
        )
    answer = meeting.decide(result["review"], "take_mine")
    assert (answer.status_code, answer.json["type"]) == (422, "urn:audit-api:problem:still-held")
    assert meeting.review(result["review"])["state"] == "open"
    assert meeting.decide(result["review"], "keep_server").status_code == 200
