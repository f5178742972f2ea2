"""Every decision on every reason of quarantine, through HTTP; what was decided stands."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.held import SUPERVISOR, Desk, as_bytes, ramp_at
from tests.http.populated import with_photo
from tests.http.reasons_held import REASONS, changed, out_of_scope, rejected

DECISIONS = ("release", "repair", "refuse")
RELEASABLE = {"device-revoked", "campaign-closed", "no-standard-in-force"}
"""What can be let in as it is: nothing but the circumstances held it."""
REPAIRED_WITH: dict[str, dict[str, Any]] = {
    "unknown-kind": {"kind": "inspection"},
    "id-taken": {"id": str(uuid4()), "base": None},
    "base-not-applied": {"base": None},
}


@pytest.fixture(scope="module")
def desk(client: FlaskClient, world: World) -> Desk:
    return Desk(client, world)


def _stored(database: Database, entity: str) -> Any:
    with database.reading() as session:
        return session.execute(
            text("""select op, inspector_id, device_id, body::text, body_sha256 from inspection
                where id = :id and is_current"""),
            {"id": UUID(entity)},
        ).one_or_none()


def _counts(database: Database) -> Any:
    with database.reading() as session:
        return session.execute(
            text("""select (select count(*) from quarantine_decision),
                (select count(*) from inspection), (select count(*) from audit_log)""")
        ).one()


def _decide(desk: Desk, reason: str, op: str, decision: str) -> Any:
    if decision != "repair":
        return desk.decide(op, decision)
    members = REPAIRED_WITH.get(reason, {})
    return desk.decide(op, decision, body=as_bytes(ramp_at(desk.world, "near-1")), **members)


def _works(reason: str, decision: str) -> bool:
    return decision != "release" or reason in RELEASABLE


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_meets_each_decision(
    desk: Desk, database: Database, reason: str, decision: str
) -> None:
    held = REASONS[reason](desk, database)
    assert held.get("reason", held["status"]) == reason
    op = held["op"]
    before = _counts(database)
    answer = _decide(desk, reason, op, decision)
    if not _works(reason, decision):
        assert (answer.status_code, answer.json["type"]) == (
            422,
            "urn:audit-api:problem:still-held",
        )
        assert _counts(database) == before
        assert desk.read(op)["state"] == "open"
        return
    assert answer.status_code == 200, answer.text
    told = answer.json["decision"]
    word = {"release": "released", "repair": "repaired", "refuse": "refused"}[decision]
    assert (told["decision"], told["decided_by"]) == (word, "Technical_Supervisor.Near")
    assert told["outcome"] == (None if decision == "refuse" else "applied")
    assert desk.read(op)["state"] == "decided"
    assert op in desk.ops("&state=decided")
    # The row stays as first answered.
    assert (answer.json["status"], answer.json["reason"]) == (held["status"], held.get("reason"))


def test_a_world_without_a_standard_holds_even_what_is_mended(
    desk: Desk, database: Database
) -> None:
    op = REASONS["no-standard-in-force"](desk, database)["op"]
    with changed(database, "campaign", "election_day", CAMPAIGN, "1901-01-01"):
        answer = desk.decide(op, "repair", body=as_bytes(ramp_at(desk.world, "near-1")))
    assert (answer.status_code, answer.json["reason"]) == (422, "no-standard-in-force")


@pytest.mark.parametrize("second", DECISIONS)
@pytest.mark.parametrize("first", DECISIONS)
def test_what_was_decided_stands(desk: Desk, database: Database, first: str, second: str) -> None:
    op = REASONS["campaign-closed"](desk, database)["op"]
    assert _decide(desk, "campaign-closed", op, first).status_code == 200
    told = desk.read(op)["decision"]
    again = _decide(desk, "campaign-closed", op, second)
    assert (again.status_code, again.json["type"]) == (409, "urn:audit-api:problem:already-decided")
    assert again.json["decision"] == told["decision"]
    assert again.json["decided_by"] == "Technical_Supervisor.Near"
    assert again.json["reason"] == "It was agreed by telephone."
    assert desk.read(op)["decision"] == told


# Release


def test_the_author_of_released_work_stays_its_author(desk: Desk, database: Database) -> None:
    body = ramp_at(desk.world, "far-1")
    entity = uuid4()
    op = desk.hand_in(body, entity=entity)["op"]
    assert desk.decide(op, "release", where="far").status_code == 200
    stored = _stored(database, str(entity))
    assert str(stored.op) == op
    assert stored.inspector_id == desk.world.people[Role.INSPECTOR, "near"]
    assert stored.device_id == desk.world.devices["near"][0]
    assert stored.body.encode() == as_bytes(body)


def test_only_the_supervisor_of_the_sites_district_releases(desk: Desk, database: Database) -> None:
    op = out_of_scope(desk, database)["op"]
    refused = desk.decide(op, "release")
    assert (refused.status_code, refused.json["reason"]) == (422, "out-of-scope")
    assert desk.decide(op, "release", where="far").status_code == 200


def test_a_released_inspection_says_who_let_it_in_and_why(desk: Desk) -> None:
    entity = uuid4()
    op = desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity)["op"]
    desk.decide(op, "release", where="far", reason="The border was drawn wrongly.")
    headers = desk.world.headers(SUPERVISOR, "far")
    told = desk.client.get(f"/api/v1/inspections/{entity}", headers=headers).json["quarantine"]
    assert told["op"] == op
    assert (told["decision"], told["decided_by"]) == ("released", "Technical_Supervisor.Far")
    assert told["reason"] == "The border was drawn wrongly."


def test_who_made_it_does_not_decide_on_it(desk: Desk, database: Database) -> None:
    op = REASONS["campaign-closed"](desk, database)["op"]
    device = desk.world.devices["near"][0]
    supervisor = desk.world.people[SUPERVISOR, "near"]
    with changed(database, "device", "owner_id", device, supervisor):
        refused = desk.decide(op, "refuse")
    assert (refused.status_code, refused.json["type"]) == (403, "urn:audit-api:problem:four-eyes")
    assert desk.decide(op, "refuse").status_code == 200


def test_twin_decisions_at_once_have_one_winner(app: Flask, desk: Desk, database: Database) -> None:
    entity = uuid4()
    op = desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity)["op"]

    def decide(decision: str) -> int:
        return Desk(app.test_client(), desk.world).decide(op, decision, where="far").status_code

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(decide, ["release", "refuse", "release", "refuse"]))
    assert codes == [200, 409, 409, 409]
    applied = desk.read(op, "far")["decision"]["outcome"] == "applied"
    assert (_stored(database, str(entity)) is not None) is applied


# Repair


def test_a_repair_stores_the_mended_bytes_and_keeps_the_original(
    desk: Desk, database: Database
) -> None:
    entity = uuid4()
    held = desk.hand_in(ramp_at(desk.world, "near-1") | {"surprise": 1}, entity=entity)
    original = desk.get(f"/{held['op']}/raw").data
    body = b"{ " + as_bytes(ramp_at(desk.world, "near-1"))[1:]
    answer = desk.decide(held["op"], "repair", body=body, reason="A word too much.")
    assert answer.status_code == 200, answer.text
    assert answer.json["decision"]["body"].encode() == body
    assert answer.json["decision"]["body_sha256"] == hashlib.sha256(body).hexdigest()
    stored = _stored(database, str(entity))
    assert (stored.body.encode(), stored.body_sha256) == (body, hashlib.sha256(body).digest())
    assert desk.get(f"/{held['op']}/raw").data == original
    headers = desk.world.headers(SUPERVISOR)
    told = desk.client.get(f"/api/v1/inspections/{entity}", headers=headers).json["quarantine"]
    assert (told["decision"], told["reason"]) == ("repaired", "A word too much.")
    assert told["original_sha256"] == desk.read(held["op"])["sha256"]


def test_a_repair_that_is_still_wrong_says_where(desk: Desk, database: Database) -> None:
    op = rejected(desk, database)["op"]
    body = as_bytes(ramp_at(desk.world, "near-1") | {"site": "here"})
    answer = desk.decide(op, "repair", body=body)
    assert answer.status_code == 422
    assert "/body/site" in {fault["pointer"] for fault in answer.json["errors"]}


def test_a_repair_mends_what_stands_beside_the_body(desk: Desk) -> None:
    held = desk.hand_in(ramp_at(desk.world, "near-1"), sha256="0" * 64, seq=-1)
    assert held["status"] == "rejected"
    body = as_bytes(ramp_at(desk.world, "near-1"))
    assert desk.decide(held["op"], "release").status_code == 422
    assert desk.decide(held["op"], "repair", body=body).status_code == 200


@pytest.mark.parametrize(
    ("decision", "members"),
    [
        ("release", {"body": {}}),
        ("refuse", {"id": str(uuid4())}),
        ("repair", {}),
        ("repair", {"body": []}),
        ("repair", {"body": {}, "base": {"rev": 1, "op": str(uuid4())}}),
        ("repair", {"body": {}, "base": {"rev": 1.5}}),
        ("replay", {}),
        ("release", {"reason": " "}),
        ("release", {"reason": ""}),
        ("release", {"owner": "me"}),
    ],
)
def test_a_decision_that_says_something_else_is_refused(
    desk: Desk, database: Database, decision: str, members: dict[str, Any]
) -> None:
    op = rejected(desk, database)["op"]
    assert desk.decide(op, decision, **members).status_code == 422
    assert desk.read(op)["state"] == "open"


def test_a_mended_body_is_read_strictly(desk: Desk, database: Database) -> None:
    op = rejected(desk, database)["op"]
    answer = desk.decide(op, "repair", body=b'{"form":"ramp/1","form":"ramp/1"}')
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (400, "duplicate-key")


# What follows


def test_edits_of_a_released_operation_follow_it(desk: Desk, database: Database) -> None:
    entity = uuid4()
    ops = []
    base = None
    for _ in range(3):
        held = desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity, base=base)
        ops.append(held["op"])
        base = {"op": held["op"]}
    assert desk.decide(ops[0], "release", where="far").status_code == 200
    assert str(_stored(database, str(entity)).op) == ops[2]
    assert desk.read(ops[2], "far")["decision"]["decided_by"] == "Technical_Supervisor.Far"


def test_edits_of_a_refused_operation_stay_for_a_person(desk: Desk, database: Database) -> None:
    entity = uuid4()
    first = desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity)["op"]
    edit = desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity, base={"op": first})
    assert edit["reason"] == "base-not-applied"
    assert desk.decide(first, "refuse").status_code == 200
    assert desk.read(edit["op"])["state"] == "open"


def test_an_edit_sent_after_the_release_is_applied_at_once(desk: Desk) -> None:
    entity = uuid4()
    first = desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity)["op"]
    desk.decide(first, "release", where="far")
    edit = desk.hand_in(ramp_at(desk.world, "near-1"), entity=entity, base={"op": first})
    assert edit["reason"] == "id-taken"
    assert (
        desk.hand_in(ramp_at(desk.world, "far-1"), entity=entity, base={"op": first})["reason"]
        == "out-of-scope"
    )


# The tablet hears of it


def test_the_tablet_pulls_what_is_held_and_what_was_decided(desk: Desk) -> None:
    op = desk.hand_in(ramp_at(desk.world, "far-1"))["op"]
    told = desk.pulled()[op]
    assert (told["status"], told["reason"], told["decision"]) == (
        "quarantined",
        "out-of-scope",
        None,
    )
    desk.decide(op, "refuse", reason="Measured twice.")
    told = desk.pulled()[op]
    assert (told["decision"], told["decided_reason"]) == ("refused", "Measured twice.")


def test_the_tablet_hears_which_photos_released_work_needs(desk: Desk) -> None:
    data = b"\xff\xd8 a photo that only the tablet has"
    op = desk.hand_in(with_photo(ramp_at(desk.world, "far-1"), data))["op"]
    desk.decide(op, "release", where="far")
    assert desk.pulled()[op]["need_photos"] == [hashlib.sha256(data).hexdigest()]


def test_other_tablets_hear_nothing_of_it(desk: Desk) -> None:
    op = desk.hand_in(ramp_at(desk.world, "far-1"))["op"]
    assert op not in desk.pulled("far")
