"""Technical supervision decides about violations, beside the finding: four eyes, a reason."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, make_person, make_session_token
from tests.field_schema.bodies import measurement
from tests.http.merging import Meeting, Pad

REASON = "Photo 2 shows the tape at 950."
NARROW = {"width_mm": measurement(500)}
WIDE_ENOUGH = {"measure": "width_mm", "answer": {"value": 1500, "unit": "mm"}}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def pad(meeting: Meeting) -> Pad:
    return meeting.pad()


@pytest.fixture
def site(meeting: Meeting, pad: Pad) -> UUID:
    """A site whose ramp was measured 500 mm wide."""
    site = meeting.site()
    assert meeting.visit(pad, site, answers=NARROW)["status"] == "applied"
    return site


@pytest.fixture
def width(meeting: Meeting, site: UUID) -> str:
    """The violation of that width."""
    return widths(meeting, site)[0]["id"]


def widths(meeting: Meeting, site: UUID) -> list[Any]:
    path = f"/api/v1/violations?site={site}"
    items = meeting.client.get(path, headers=meeting.world.headers(Role.PROSECUTOR)).json["items"]
    return [v for v in items if "width_mm" in v["measured"] and v["weight"] == "binding"]


def read(meeting: Meeting, violation: str, role: Role = Role.PROSECUTOR) -> Any:
    answer = meeting.client.get(
        f"/api/v1/violations/{violation}", headers=meeting.world.headers(role)
    )
    assert answer.status_code == 200, answer.text
    return answer.json


def decide(
    meeting: Meeting,
    violation: str,
    decision: str,
    *,
    rev: int | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> TestResponse:
    """Decide as the near district's technical supervisor, on the violation as it stands."""
    if rev is None:
        rev = meeting.value("select rev from violation where id = :id", id=violation)
    return meeting.client.post(
        f"/api/v1/violations/{violation}/adjudications",
        json={"decision": decision, "rev": rev, "reason": REASON} | more,
        headers=headers or meeting.world.headers(Role.TECHNICAL_SUPERVISOR),
    )


def problem(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def finding(meeting: Meeting, violation: Any) -> Any:
    """The original finding, as the inspection shows it."""
    inspection = meeting.client.get(
        f"/api/v1/inspections/{violation['inspection']}",
        headers=meeting.world.headers(Role.PROSECUTOR),
    ).json
    return next(
        f
        for f in inspection["findings"]
        if (f["requirement"], f["edition"]) == (violation["requirement"], violation["edition"])
    )


def test_a_confirmation_is_told_with_who_when_and_why(meeting: Meeting, width: str) -> None:
    before = read(meeting, width)
    assert (before["state"], before["adjudications"]) == ("open", [])
    answer = decide(meeting, width, "confirm", clause="6.2.3")
    assert answer.status_code == 201, answer.text
    found = read(meeting, width)
    assert (found["state"], found["rev"]) == ("confirmed", before["rev"] + 1)
    assert found == answer.json
    (told,) = found["adjudications"]
    assert told.pop("at")
    assert told == {
        "rev": before["rev"],
        "decision": "confirm",
        "move": "confirm",
        "reason": REASON,
        "clause": "6.2.3",
        "inspection": before["inspection"],
        "inspection_rev": 1,
        "measured": before["measured"],
        "corrected": None,
        "verdict": None,
        "from": "open",
        "to": "confirmed",
        "by": "Technical_Supervisor.Near",
    }
    logged = meeting.rows(
        "select what, detail ->> 'move' from audit_log where subject = :id", id=width
    )
    assert logged == [("violation_adjudicated", "confirm")]


def test_what_supervision_overturns_has_ended_and_its_finding_stays(
    meeting: Meeting, site: UUID, width: str
) -> None:
    before = finding(meeting, read(meeting, width))
    assert decide(meeting, width, "overturn").json["state"] == "overturned"
    assert finding(meeting, read(meeting, width)) == before
    task = read(meeting, width)["task"]
    state = "select state from remediation_task where id = :id"
    assert meeting.value(state, id=task) == "assigned", "other violations still live"
    for other in meeting.rows(
        "select id from violation where site_id = :site and ended_at is null", site=site
    ):
        assert decide(meeting, str(other[0]), "overturn").status_code == 201
    assert meeting.value(state, id=task) == "verified"
    reason = meeting.value(
        "select reason from task_event where task_id = :id order by n desc limit 1", id=task
    )
    assert "overturned" in reason


def test_a_correction_within_the_limit_overturns(meeting: Meeting, width: str) -> None:
    before = read(meeting, width)
    original = finding(meeting, before)
    answer = decide(meeting, width, "correct", corrections=[WIDE_ENOUGH])
    assert answer.status_code == 201, answer.text
    assert answer.json["state"] == "overturned"
    (told,) = answer.json["adjudications"]
    assert (told["move"], told["verdict"]) == ("correct_to_within", "compliant")
    assert told["measured"] == before["measured"]
    assert (before["measured"]["width_mm"], told["corrected"]["width_mm"]) == (500, 1500)
    assert finding(meeting, before) == original


def test_a_correction_that_still_breaks_it_confirms_with_the_corrected_value(
    meeting: Meeting, width: str
) -> None:
    before = read(meeting, width)
    original = finding(meeting, before)
    more = [{"measure": "width_mm", "answer": {"value": 60, "unit": "cm"}}]
    answer = decide(meeting, width, "correct", corrections=more)
    assert (answer.json["state"], answer.json["measured"]["width_mm"]) == ("confirmed", 600)
    assert answer.json["adjudications"][0]["move"] == "correct_to_breach"
    assert finding(meeting, before) == original


def test_a_correction_inside_the_tolerance_is_contested_and_measured_again(
    meeting: Meeting, pad: Pad, width: str
) -> None:
    limit = next(r["value"] for r in read(meeting, width)["required"] if r["measure"] == "width_mm")
    near = [{"measure": "width_mm", "answer": {"value": limit - 1, "unit": "mm"}}]
    answer = decide(meeting, width, "correct", corrections=near)
    assert answer.json["state"] == "contested"
    assert answer.json["adjudications"][0]["verdict"] == "borderline"
    assert pad.pulled("inspection")[answer.json["inspection"]]["state"] == "returned"


def test_a_correction_reaches_into_a_repeat(meeting: Meeting, pad: Pad) -> None:
    site = meeting.site()
    steep = [{"rise_mm": measurement(600), "run_mm": measurement(4800)}]
    meeting.visit(pad, site, answers={"rise_mm": measurement(600), "runs": steep})
    found = meeting.client.get(
        f"/api/v1/violations?site={site}", headers=meeting.world.headers(Role.PROSECUTOR)
    ).json["items"]
    slope = next(v for v in found if v["requirement"].startswith("ramp.running-slope"))
    longer = {"measure": "runs.run_mm", "index": 0, "answer": {"value": 14_000, "unit": "mm"}}
    answer = decide(meeting, slope["id"], "correct", corrections=[longer])
    assert answer.status_code == 201, answer.text
    assert answer.json["adjudications"][0]["corrected"]["runs.run_mm"] == 14_000
    assert answer.json["state"] == "overturned"


@pytest.mark.parametrize(
    ("correction", "pointer"),
    [
        ({"measure": "height_mm", "answer": 1}, "/corrections/0/measure"),
        ({"measure": "runs.run_mm", "index": 9, "answer": 1}, "/corrections/0/measure"),
        (
            {"measure": "landing_top_mm", "answer": {"value": 1700, "unit": "mm"}},
            "/corrections/0/measure",
        ),
        ({"measure": "width_mm", "answer": "wide"}, "/corrections/0/answer"),
        (
            {"measure": "width_mm", "answer": {"value": 950, "unit": "kg"}},
            "/corrections/0/answer/unit",
        ),
    ],
    ids=["no such measure", "no such item", "not of the requirement", "no value", "no unit of it"],
)
def test_a_correction_that_the_form_does_not_know_is_refused_at_its_place(
    meeting: Meeting, width: str, correction: Any, pointer: str
) -> None:
    answer = decide(meeting, width, "correct", corrections=[correction])
    assert problem(answer) == (422, "invalid-input"), answer.text
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]
    assert read(meeting, width)["adjudications"] == []


def test_a_correction_that_changes_nothing_is_refused(meeting: Meeting, width: str) -> None:
    same = [{"measure": "width_mm", "answer": {"value": 500, "unit": "mm"}}]
    answer = decide(meeting, width, "correct", corrections=same)
    assert problem(answer) == (422, "invalid-input")
    assert "confirm" in answer.json["detail"]


@pytest.mark.parametrize("decision", ["confirm", "correct"])
def test_corrections_go_with_correct_alone(meeting: Meeting, width: str, decision: str) -> None:
    more = [WIDE_ENOUGH] if decision == "confirm" else []
    answer = decide(meeting, width, decision, corrections=more)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/corrections"


def test_an_order_to_measure_again_reaches_the_inspectors_tablet(
    meeting: Meeting, pad: Pad, site: UUID, width: str
) -> None:
    answer = decide(meeting, width, "remeasure")
    assert answer.json["state"] == "contested"
    doc = pad.pulled("inspection")[answer.json["inspection"]]
    assert doc["state"] == "returned"
    assert doc["returned"]["reason"] == f"main entrance: {REASON}"
    assert pad.pulled("task")[answer.json["task"]]["violations"]
    # Measured again, still too narrow: it stays contested, and waits for supervision again.
    assert width not in waiting(meeting, site, "contested")
    meeting.visit(pad, site, answers={"width_mm": measurement(510)})
    assert read(meeting, width)["state"] == "contested"
    assert width in waiting(meeting, site, "contested")


def waiting(meeting: Meeting, site: UUID, kind: str, headers: Any = None) -> dict[str, Any]:
    """What waits of a kind at a site, by the id of what is to be opened."""
    answer = meeting.client.get(
        f"/api/v1/adjudications/queue?site={site}&kind={kind}",
        headers=headers or meeting.world.headers(Role.TECHNICAL_SUPERVISOR),
    )
    assert answer.status_code == 200, answer.text
    return {i["review"] or i["violation"] or i["inspection"]: i for i in answer.json["items"]}


@pytest.mark.parametrize(
    ("first", "then"),
    [("confirm", "confirm"), ("overturn", "confirm"), ("overturn", "correct")],
)
def test_a_move_that_the_table_does_not_have_is_refused(
    meeting: Meeting, width: str, first: str, then: str
) -> None:
    decide(meeting, width, first)
    answer = decide(meeting, width, then, corrections=[WIDE_ENOUGH] if then == "correct" else [])
    assert problem(answer) == (409, "move-refused")
    assert answer.json["state"] == {"confirm": "confirmed", "overturn": "overturned"}[first]
    assert len(read(meeting, width)["adjudications"]) == 1


def test_who_decides_on_an_older_state_is_told_the_newer(meeting: Meeting, width: str) -> None:
    decide(meeting, width, "confirm", rev=1)
    answer = decide(meeting, width, "overturn", rev=1)
    assert problem(answer) == (409, "not-current")
    assert answer.json["rev"] == 2


def test_who_measured_does_not_decide_and_is_not_shown_it(
    meeting: Meeting, database: Database, world: World, site: UUID, width: str
) -> None:
    decide(meeting, width, "remeasure")
    with database.writing() as session:
        person = world.people[Role.INSPECTOR, "near"]
        session.execute(
            text("""insert into person_grant (id, person_id, role, territory_id, granted_at)
                values (:id, :person, 'technical_supervisor', :territory, now())"""),
            {"id": uuid4(), "person": person, "territory": world.territories["near"]},
        )
        own = {"Authorization": f"Bearer {make_session_token(session, person)}"}
    try:
        assert problem(decide(meeting, width, "confirm", headers=own)) == (403, "four-eyes")
        meeting.visit(meeting.pad(), site, answers={"width_mm": measurement(510)})
        assert waiting(meeting, site, "contested", own) == {}
        assert width in waiting(meeting, site, "contested")
    finally:
        with database.writing() as session:
            session.execute(
                text("""delete from person_grant where person_id = :person
                    and role = 'technical_supervisor'"""),
                {"person": person},
            )


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.TECHNICAL_SUPERVISOR])
def test_only_technical_supervision_adjudicates(
    meeting: Meeting, world: World, width: str, role: Role
) -> None:
    assert problem(decide(meeting, width, "confirm", headers=world.headers(role)))[0] == 404


def test_one_outside_is_not_there(meeting: Meeting, world: World, width: str) -> None:
    far = world.headers(Role.TECHNICAL_SUPERVISOR, "far")
    # A rev that is not the violation's: what lies outside is not told to have another.
    outside = decide(meeting, width, "confirm", rev=999, headers=far)
    unknown = decide(meeting, str(uuid4()), "confirm", rev=999, headers=far)
    assert (outside.status_code, outside.data) == (404, unknown.data)


def test_adjudications_are_only_ever_added(meeting: Meeting, width: str) -> None:
    decide(meeting, width, "confirm")
    with meeting.database.writing() as session, pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("update adjudication set reason = 'x'"))


# The queue


def test_a_repeat_within_the_limit_that_nobody_announced_waits_until_it_is_looked_at(
    meeting: Meeting, pad: Pad, site: UUID, width: str
) -> None:
    meeting.visit(pad, site, answers={"width_mm": measurement(1500)})
    assert read(meeting, width)["state"] == "closed"
    item = waiting(meeting, site, "diverging")[width]
    assert (item["element"], item["violation_rev"]) == ("main entrance", 2)
    assert decide(meeting, width, "confirm").json["state"] == "closed"
    assert width not in waiting(meeting, site, "diverging")


def test_borderline_findings_wait_until_the_inspection_is_returned(
    meeting: Meeting, pad: Pad, site: UUID, width: str
) -> None:
    limit = next(r["value"] for r in read(meeting, width)["required"] if r["measure"] == "width_mm")
    result = meeting.visit(pad, site, answers={"width_mm": measurement(limit - 1)})
    headers = meeting.world.headers(Role.TECHNICAL_SUPERVISOR)
    path = f"/api/v1/inspections/{result['id']}"
    findings = meeting.client.get(path, headers=headers).json["findings"]
    borderline = sum(f["verdict"] == "borderline" for f in findings)
    assert borderline
    item = waiting(meeting, site, "borderline")[result["id"]]
    assert item["count"] == borderline
    meeting.client.post(
        f"{path}/returns", json={"rev": 1, "reason": "Measure again."}, headers=headers
    )
    assert waiting(meeting, site, "borderline") == {}


def test_a_branch_waits(meeting: Meeting, pad: Pad, site: UUID) -> None:
    first = meeting.visit(pad, site)
    entity = UUID(first["id"])
    assert meeting.visit(pad, site, entity=entity, base={"rev": 1}, label="b")["rev"] == 2
    branch = meeting.visit(pad, site, entity=entity, base={"rev": 1}, label="c")
    assert branch["status"] == "conflict"
    assert waiting(meeting, site, "branch").keys() == {branch["review"]}


def test_pages_of_one_make_the_same_queue_without_gaps_or_twins(
    meeting: Meeting, database: Database, world: World, width: str, pad: Pad, site: UUID
) -> None:
    decide(meeting, width, "remeasure")
    meeting.visit(pad, site, answers={"width_mm": measurement(510)})
    with database.writing() as session:
        region = world.territories["region"]
        person = make_person(session, f"all-{uuid4().hex}", [(Role.COORDINATOR, region)])
        headers = {"Authorization": f"Bearer {make_session_token(session, person)}"}

    def pages(query: str) -> list[Any]:
        found, following = [], f"/api/v1/adjudications/queue?{query}"
        while following:
            answer = meeting.client.get(following, headers=headers)
            assert answer.status_code == 200, answer.text
            found += answer.json["items"]
            following = answer.json["next"]
        return found

    whole = pages("limit=200")
    assert len({i["kind"] for i in whole}) > 1
    assert pages("limit=1") == whole
    assert [i["since"] for i in whole] == sorted(i["since"] for i in whole)
