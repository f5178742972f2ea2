"""The desk: what is held back, seen by those whose it is, and decided by a named person."""

import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.held import Desk, as_bytes, ramp_at


@pytest.fixture(scope="module")
def desk(client: FlaskClient, world: World) -> Desk:
    return Desk(client, world)


def far_ramp(desk: Desk, **members: Any) -> dict[str, Any]:
    """The near district's inspector measured a ramp in the far one: out of scope."""
    result = desk.hand_in(ramp_at(desk.world, "far-1"), **members)
    assert (result["status"], result["reason"]) == ("quarantined", "out-of-scope")
    return result


def bad_ramp(desk: Desk, site: str = "near-1", **members: Any) -> dict[str, Any]:
    """An inspection that no form lets pass."""
    result = desk.hand_in(ramp_at(desk.world, site) | {"surprise": 1}, **members)
    assert result["status"] == "rejected"
    return result


# Who sees it


def test_problems_are_told_in_the_readers_language_and_the_tablets_answer_stays(
    desk: Desk,
) -> None:
    result = bad_ramp(desk)
    (told,) = result["problems"]
    headers = desk.world.headers(Role.TECHNICAL_SUPERVISOR)
    path = f"/api/v1/quarantine/{result['op']}"
    details = set()
    for language in ("ky", "ru", "en"):
        asked = headers | {"Accept-Language": language}
        one = desk.client.get(path, headers=asked)
        assert one.headers["Content-Language"] == language
        (problem,) = one.json["problems"]
        assert (problem["pointer"], problem["code"]) == (told["pointer"], told["code"])
        listed = desk.client.get("/api/v1/quarantine?limit=200", headers=asked).json["items"]
        assert [i["problems"] for i in listed if i["op"] == result["op"]] == [[problem]]
        details.add(problem["detail"])
    assert len(details) == 3
    assert told["detail"] in details
    kept = text("select result -> 'problems' from operation where op = :op")
    with desk.client.application.extensions["database"].reading() as session:
        assert session.scalar(kept, {"op": result["op"]}) == [told]


def test_a_held_operation_lies_where_its_site_lies_and_where_its_owner_works(desk: Desk) -> None:
    op = far_ramp(desk)["op"]
    assert op in desk.ops()
    assert op in desk.ops(where="far")


def test_what_is_held_of_another_district_is_unknown(desk: Desk) -> None:
    op = bad_ramp(desk)["op"]
    assert op not in desk.ops(where="far")
    unknown = desk.get(f"/{uuid4()}", "far")
    for path in (f"/{op}", f"/{op}/raw"):
        assert (desk.get(path, "far").status_code, unknown.status_code) == (404, 404)
    assert desk.get(f"/{op}", "far").data == unknown.data
    refused = desk.decide(op, "refuse", where="far")
    assert (refused.status_code, refused.data) == (404, desk.decide(str(uuid4()), "refuse").data)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_the_headquarters_read_and_decide_nothing(desk: Desk, role: Role) -> None:
    op = bad_ramp(desk)["op"]
    assert desk.get(f"/{op}", role=role).status_code == 200
    assert desk.decide(op, "refuse", role=role).status_code == 404


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.PROSECUTOR, Role.LSG_HEAD])
def test_others_see_nothing_of_it(desk: Desk, role: Role) -> None:
    assert desk.get(role=role).status_code == 404


def test_the_name_of_a_site_is_told_only_where_it_lies(desk: Desk) -> None:
    op = far_ramp(desk)["op"]
    assert desk.read(op)["site"] == str(desk.world.sites["far-1"])
    assert (desk.read(op)["site_name"], desk.read(op)["territory"]) == (None, None)
    assert desk.read(op, "far")["site_name"]["en"] == "School 8003"


def test_work_on_a_site_that_nobody_knows_is_found_where_its_owner_works(desk: Desk) -> None:
    stray = desk.hand_in(ramp_at(desk.world, "near-1") | {"site": str(uuid4())})
    assert stray["op"] in desk.ops()
    assert stray["op"] not in desk.ops(where="far")


def test_the_owners_district_finds_it_after_the_grant_was_revoked(
    desk: Desk, database: Database
) -> None:
    inspector = desk.world.people[Role.INSPECTOR, "near"]
    revoke = text("update person_grant set revoked_at = :at where person_id = :person")
    try:
        with database.writing() as session:
            session.execute(revoke, {"at": "2021-10-21T00:00:00Z", "person": inspector})
        stray = desk.hand_in(ramp_at(desk.world, "near-1") | {"site": str(uuid4())})
        assert stray["reason"] == "out-of-scope"
        assert stray["op"] in desk.ops()
    finally:
        with database.writing() as session:
            session.execute(revoke, {"at": None, "person": inspector})


# What it says


def test_it_says_whose_it_is_why_it_is_held_and_since_when(desk: Desk) -> None:
    body = ramp_at(desk.world, "far-1")
    result = desk.hand_in(body, seq=4711)
    told = desk.read(result["op"])
    assert told["status"] == "quarantined"
    assert told["state"] == "open"
    assert told["owner"] == "Inspector.Near"
    assert told["device"] == str(desk.world.devices["near"][0])
    assert (told["kind"], told["seq"], told["age_days"]) == ("inspection", 4711, 0)
    assert (told["reason"], told["detail"]) == ("out-of-scope", result["detail"])
    assert told["decision"] is None
    assert told["sha256"] == hashlib.sha256(as_bytes(body)).hexdigest()


def test_the_problems_of_a_rejected_one_are_told_as_the_tablet_heard_them(desk: Desk) -> None:
    result = bad_ramp(desk)
    assert desk.read(result["op"])["problems"] == result["problems"]


def test_the_record_is_shown_and_given_out_to_the_byte(desk: Desk) -> None:
    spelled = (
        json.dumps(ramp_at(desk.world, "far-1"), indent=3).encode().replace(b"ramp", b"r\\u0061mp")
    )
    op = desk.hand_in(spelled)["op"]
    told = desk.read(op)
    raw = desk.get(f"/{op}/raw")
    assert told["body"].encode() == spelled
    assert told["record"].encode() == raw.data
    assert told["record_sha256"] == hashlib.sha256(raw.data).hexdigest()
    assert told["intact"] is True
    assert raw.headers["Content-Disposition"] == f'attachment; filename="{op}.json"'
    assert raw.headers["X-Content-Type-Options"] == "nosniff"


def test_half_a_surrogate_pair_stands_in_the_record_as_it_came(desk: Desk) -> None:
    result = desk.hand_in(b'{"form":"ramp/1","note":"\\ud800"}')
    assert result["status"] == "rejected"
    assert '"note":"\\ud800"' in desk.read(result["op"])["record"]


def test_bytes_that_were_changed_here_are_told_and_nothing_is_decided_on_them(
    desk: Desk, database: Database
) -> None:
    op = far_ramp(desk)["op"]
    with database.writing() as session:
        session.execute(
            text("update operation set raw = '\\xff00' where op = :op"), {"op": UUID(op)}
        )
    told = desk.read(op, "far")
    assert (told["intact"], told["record"], told["record_base64"]) == (False, None, "/wA=")
    refused = desk.decide(op, "release", where="far")
    assert (refused.status_code, refused.json["type"]) == (
        409,
        "urn:audit-api:problem:bytes-changed",
    )


def test_a_mended_one_that_came_under_a_new_op_is_told(desk: Desk) -> None:
    entity = uuid4()
    op = bad_ramp(desk, entity=entity)["op"]
    assert desk.read(op)["current_rev"] is None
    assert desk.hand_in(ramp_at(desk.world, "near-1"), entity=entity)["status"] == "applied"
    assert desk.read(op)["current_rev"] == 1


# Filters


def test_a_list_is_narrowed(desk: Desk, world: World) -> None:
    out, rejected = far_ramp(desk)["op"], bad_ramp(desk)
    bad, code = rejected["op"], rejected["problems"][0]["code"]
    device = world.devices["near"][0]
    for query, found in (
        ("&status=quarantined", {out}),
        ("&status=rejected", {bad}),
        ("&reason=out-of-scope", {out}),
        (f"&reason={code}", {bad}),
        (f"&device={device}", {out, bad}),
        ("&territory=N1", {bad}),
        ("&territory=N", {out, bad}),
        ("&state=open", {out, bad}),
        ("&state=decided", set()),
    ):
        assert {out, bad} & set(desk.ops(query)) == found, query


def test_a_device_of_elsewhere_is_unknown(desk: Desk, world: World) -> None:
    answer = desk.get(f"?device={world.devices['far'][0]}")
    assert (answer.status_code, answer.data) == (404, desk.get(f"?device={uuid4()}").data)


@pytest.mark.parametrize("query", ["status=applied", "state=closed", "reason=", "device=x", "a=1"])
def test_an_unknown_filter_is_refused(desk: Desk, query: str) -> None:
    assert desk.get(f"?{query}").status_code == 422


def test_longest_held_comes_first(desk: Desk) -> None:
    ops = [bad_ramp(desk)["op"] for _ in range(3)]
    found = desk.ops()
    assert [op for op in found if op in ops] == ops
