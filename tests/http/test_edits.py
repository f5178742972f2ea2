"""Edits of sites and elements: merged field by field, with a trace, and seen by other tablets."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, operation
from tests.http.merging import Meeting, edit

HERE = {"lat": 40.0, "lon": 70.0}
THERE = {"lat": 40.25, "lon": 69.5}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def site(meeting: Meeting) -> UUID:
    return meeting.site()


def test_an_edit_of_what_is_as_the_tablet_saw_it_is_applied(meeting: Meeting, site: UUID) -> None:
    op = uuid4()
    data = edit(
        "site", site, address=("", "School street 1"), location=(HERE, THERE), members={"op": op}
    )
    result = meeting.pad().one(data)
    assert (result["status"], result["id"], result["rev"]) == ("applied", str(site), 2)
    assert result["receipt"]["rev"] == 2
    now = meeting.now(site)
    assert (now["address"], now["location"], now["rev"]) == ("School street 1", THERE, 2)
    assert meeting.traces(site) == [
        (2, "address", "", "School street 1", op),
        (2, "location", HERE, THERE, op),
    ]


def test_other_tablets_pull_what_was_edited(meeting: Meeting, site: UUID) -> None:
    one, other = meeting.pad(), meeting.pad()
    one.edit("site", site, address=("", "School street 2"))
    assert other.pulled("site")[str(site)]["address"] == "School street 2"
    one.edit("site", site, address=("School street 2", "School street 3"))
    assert other.pulled("site")[str(site)]["address"] == "School street 3"


def test_a_location_may_be_taken_away(meeting: Meeting, site: UUID) -> None:
    assert meeting.pad().edit("site", site, location=(HERE, None))["status"] == "applied"
    assert meeting.now(site)["location"] is None


def test_what_the_server_has_already_changes_nothing(meeting: Meeting, site: UUID) -> None:
    one, other = meeting.pad(), meeting.pad()
    one.edit("site", site, address=("", "School street 3"))
    again = other.edit("site", site, address=("", "School street 3"))
    assert (again["status"], again["rev"], again["unchanged"]) == ("applied", 2, True)
    assert len(meeting.traces(site)) == 1


def test_what_others_changed_since_the_base_comes_back_with_the_answer(
    meeting: Meeting, site: UUID
) -> None:
    one, other = meeting.pad(), meeting.pad()
    one.edit("site", site, base={"rev": 1}, location=(HERE, THERE))
    result = other.edit("site", site, base={"rev": 1}, address=("", "School street 4"))
    assert (result["status"], result["rev"]) == ("merged", 3)
    assert result["from_server"] == {"location": THERE}
    now = meeting.now(site)
    assert (now["address"], now["location"]) == ("School street 4", THERE)


def test_a_field_that_the_tablet_left_as_it_was_stays_as_the_server_has_it(
    meeting: Meeting, site: UUID
) -> None:
    one, other = meeting.pad(), meeting.pad()
    one.edit("site", site, address=("", "School street 5"))
    result = other.edit("site", site, address=("", ""), location=(HERE, THERE))
    assert result["status"] == "rejected"  # an address is never emptied
    same = other.edit("site", site, address=("Old street", "Old street"), location=(HERE, THERE))
    assert (same["status"], same["from_server"]) == ("merged", {"address": "School street 5"})


def test_the_same_field_changed_elsewhere_is_a_conflict_and_the_others_apply(
    meeting: Meeting, site: UUID
) -> None:
    one, other = meeting.pad(), meeting.pad()
    one.edit("site", site, address=("", "Left street 1"))
    result = other.edit("site", site, address=("", "Right street 1"), location=(HERE, THERE))
    assert (result["status"], result["rev"]) == ("conflict", 3)
    assert result["conflicts"] == [
        {"field": "address", "mine": "Right street 1", "server": "Left street 1"}
    ]
    now = meeting.now(site)
    assert (now["address"], now["location"]) == ("Left street 1", THERE)
    review = meeting.review(result["review"])
    assert (review["kind"], review["state"], review["entity"]) == ("field", "open", str(site))
    assert review["mine"] == {"address": "Right street 1"}
    assert review["server"] == {"address": "Left street 1", "rev": 3}


def test_what_decides_which_clauses_bind_waits_for_a_person(meeting: Meeting, site: UUID) -> None:
    result = meeting.pad().edit(
        "site", site, building_status=("existing", "reconstructed"), address=("", "New street 1")
    )
    assert result["status"] == "conflict"
    assert result["conflicts"] == [
        {"field": "building_status", "mine": "reconstructed", "server": "existing"}
    ]
    now = meeting.now(site)
    assert (now["building_status"], now["address"]) == ("existing", "New street 1")
    assert meeting.review(result["review"])["kind"] == "law-relevant"


def test_an_element_gets_another_label(meeting: Meeting, site: UUID) -> None:
    pad = meeting.pad()
    element = meeting.element(pad, site)
    result = meeting.pad().edit("element", element, label=("main entrance", "yard entrance"))
    assert (result["status"], result["id"]) == ("applied", str(element))
    (shown,) = pad.pulled("site")[str(site)]["elements"]
    assert shown["label"] == "yard entrance"
    assert [row[1:4] for row in meeting.traces(element)] == [
        ("label", "main entrance", "yard entrance")
    ]
    other = meeting.pad().edit("element", element, label=("main entrance", "back door"))
    assert other["status"] == "conflict"
    assert meeting.review(other["review"])["entity_kind"] == "element"


def test_a_label_that_an_inspection_changes_leaves_a_trace(meeting: Meeting, site: UUID) -> None:
    pad = meeting.pad()
    element = meeting.element(pad, site)
    result = pad.one(meeting.ramp(site, label="the only entrance"))
    assert result["status"] == "applied"
    op = UUID(result["op"])
    assert meeting.traces(element) == [(2, "label", "main entrance", "the only entrance", op)]
    assert pad.pulled("site")[str(site)]["rev"] == 2


def test_a_label_that_was_corrected_is_not_changed_back_by_an_inspection(
    meeting: Meeting, site: UUID
) -> None:
    pad = meeting.pad()
    element = meeting.element(pad, site)
    meeting.pad().edit("element", element, label=("main entrance", "yard entrance"))
    assert pad.one(meeting.ramp(site))["status"] == "applied"
    label = "select label from element where id = :id"
    assert meeting.value(label, id=element) == "yard entrance"
    assert len(meeting.traces(element)) == 1


def test_a_chain_of_offline_edits_does_not_conflict_with_itself(
    meeting: Meeting, site: UUID
) -> None:
    pad, first = meeting.pad(), uuid4()
    results = pad.push(
        edit("site", site, address=("", "First"), members={"op": first}),
        edit("site", site, base={"op": str(first)}, address=("First", "Second")),
    )
    assert [(r["status"], r["rev"]) for r in results] == [("applied", 2), ("applied", 3)]
    assert meeting.now(site)["address"] == "Second"


def test_an_edit_of_an_operation_sees_what_came_between(meeting: Meeting, site: UUID) -> None:
    pad, first = meeting.pad(), uuid4()
    pad.one(edit("site", site, address=("", "First"), members={"op": first}))
    meeting.pad().edit("site", site, location=(HERE, THERE))
    result = pad.edit("site", site, base={"op": str(first)}, address=("First", "Second"))
    assert (result["status"], result["from_server"]) == ("merged", {"location": THERE})


def test_an_edit_of_an_operation_that_has_not_come_is_blocked(meeting: Meeting, site: UUID) -> None:
    missing = str(uuid4())
    result = meeting.pad().edit("site", site, base={"op": missing}, address=("", "Nowhere"))
    assert (result["status"], result["waits_for"]) == ("blocked", missing)
    assert meeting.now(site)["rev"] == 1


def test_an_edit_of_an_edit_that_waits_for_a_person_waits_with_it(
    meeting: Meeting, site: UUID
) -> None:
    pad, first = meeting.pad(), uuid4()
    pad.one(edit("site", site, built_on=("1975-01-01", "1974-01-01"), members={"op": first}))
    result = pad.edit("site", site, base={"op": str(first)}, address=("", "Follows"))
    assert (result["status"], result["reason"]) == ("quarantined", "base-not-applied")


@pytest.mark.parametrize("kind", ["site", "element"])
def test_what_is_outside_and_what_is_not_there_are_held_alike(meeting: Meeting, kind: str) -> None:
    far = meeting.pad(where="far")
    site = meeting.site()
    outside = meeting.element(meeting.pad(), site) if kind == "element" else site
    told = []
    for entity in (outside, uuid4()):
        fields = {"label": ("main entrance", "x")} if kind == "element" else {"address": ("", "x")}
        result = far.edit(kind, entity, **fields)
        assert (result["status"], result["reason"]) == ("quarantined", "out-of-scope")
        told.append(result["detail"])
    assert told[0] == told[1]
    assert meeting.now(site)["rev"] == 1


def test_an_edit_outside_is_released_where_the_site_lies(meeting: Meeting, site: UUID) -> None:
    result = meeting.pad(where="far").edit("site", site, address=("", "From afar"))
    address = f"/api/v1/quarantine/{result['op']}/decisions"
    said = {"decision": "release", "reason": "The neighbours' inspector was there."}
    headers = meeting.world.headers(Role.TECHNICAL_SUPERVISOR)
    answer = meeting.client.post(address, json=said, headers=headers)
    assert (answer.status_code, answer.json["decision"]["outcome"]) == (200, "applied")
    assert meeting.now(site)["address"] == "From afar"
    assert str(meeting.traces(site)[0][4]) == result["op"]


def test_a_released_edit_that_differs_by_then_goes_on_to_a_review(
    meeting: Meeting, site: UUID
) -> None:
    result = meeting.pad(where="far").edit("site", site, address=("", "From afar"))
    meeting.pad().edit("site", site, address=("", "From here"))
    address = f"/api/v1/quarantine/{result['op']}/decisions"
    said = {"decision": "release", "reason": "Let us look at both."}
    headers = meeting.world.headers(Role.TECHNICAL_SUPERVISOR)
    answer = meeting.client.post(address, json=said, headers=headers)
    assert answer.json["decision"]["outcome"] == "conflict"
    review = meeting.review(answer.json["decision"]["result"]["review"])
    assert (review["op"], review["mine"]) == (result["op"], {"address": "From afar"})
    assert meeting.now(site)["address"] == "From here"


@pytest.mark.parametrize(
    ("language", "words"),
    [("ky", "Бул талаа белгисиз"), ("ru", "Это поле неизвестно"), ("en", "This field is unknown")],
)
def test_a_bad_edit_is_rejected_in_the_owners_language(
    meeting: Meeting, site: UUID, language: str, words: str
) -> None:
    pad = meeting.pad()
    with meeting.database.writing() as session:
        owner = meeting.world.people[Role.INSPECTOR, "near"]
        session.connection().exec_driver_sql(
            "update person set language = %s where id = %s", (language, owner)
        )
    result = pad.one(operation({"fields": {"rev": {"old": 1, "new": 9}}}, kind="site", entity=site))
    assert result["status"] == "rejected"
    (problem,) = result["problems"]
    assert (problem["pointer"], problem["code"]) == ("/body/fields/rev", "unknown_field")
    assert problem["detail"].startswith(words)


def test_a_group_of_edits_is_applied_together(meeting: Meeting, site: UUID) -> None:
    members = {"group": str(uuid4())}
    results = meeting.pad().push(
        edit("site", site, address=("", "Together"), members=members),
        edit("site", site, location=(HERE, THERE), members=members),
        meeting.ramp(site, group=members["group"]),
    )
    assert [r["status"] for r in results] == ["applied"] * 3
    assert meeting.now(site)["address"] == "Together"


def test_a_conflict_undoes_the_rest_of_its_group_and_waits(meeting: Meeting, site: UUID) -> None:
    meeting.pad().edit("site", site, address=("", "Was here before"))
    members = {"group": str(uuid4())}
    results = meeting.pad().push(
        edit("site", site, location=(HERE, THERE), members=members),
        edit("site", site, address=("", "Came late"), members=members),
    )
    assert [r["status"] for r in results] == ["quarantined", "conflict"]
    assert meeting.review(results[1]["review"])["state"] == "open"
    now = meeting.now(site)
    assert (now["address"], now["location"]) == ("Was here before", HERE)


def test_an_edit_among_inspections_keeps_its_place(meeting: Meeting) -> None:
    sites = [meeting.site() for _ in range(4)]
    results = meeting.pad().push(
        meeting.ramp(sites[0]),
        meeting.ramp(sites[1]),
        edit("site", sites[0], address=("", "In between")),
        meeting.ramp(sites[2]),
        meeting.ramp(sites[3]),
    )
    assert [r["status"] for r in results] == ["applied"] * 5
    assert [r["id"] for r in results][2] == str(sites[0])


def test_a_repeated_edit_answers_the_same(meeting: Meeting, site: UUID) -> None:
    pad, data = meeting.pad(), edit("site", site, address=("", "Once"))
    first = pad.one(data)
    assert pad.one(data) == first | {"replayed": True}
    assert len(meeting.traces(site)) == 1


def test_of_two_tablets_that_edit_one_field_at_once_exactly_one_conflicts(
    app: Flask, meeting: Meeting
) -> None:
    for _ in range(5):
        site = meeting.site()
        pads = [meeting.pad(), meeting.pad()]
        for pad in pads:
            pad.client = app.test_client()

        def race(n: int, pads: Any = pads, site: UUID = site) -> dict[str, Any]:
            result: dict[str, Any] = pads[n].edit("site", site, address=("", f"Side {n}"))
            return result

        with ThreadPoolExecutor(2) as both:
            results = list(both.map(race, range(2)))
        assert sorted(r["status"] for r in results) == ["applied", "conflict"]
        (won,) = [n for n, result in enumerate(results) if result["status"] == "applied"]
        assert meeting.now(site)["address"] == f"Side {won}"
        assert len(meeting.traces(site)) == 1


def test_an_edit_of_the_operations_audit_trail_names_its_fields(
    meeting: Meeting, site: UUID
) -> None:
    result = meeting.pad().edit("site", site, address=("", "Logged"))
    rows = meeting.rows(
        "select what, detail ->> 'op', detail -> 'fields' from audit_log where subject = :id",
        id=str(site),
    )
    assert rows == [("site_edited", result["op"], ["address"])]
