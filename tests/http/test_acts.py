"""A prosecutor issues acts; the addressee answers; the prosecutor says what came of it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from audit_api.domain.deadlines import today
from audit_api.domain.oversight.acts import ActMove
from audit_api.domain.vocabulary import ActKind, ActState, Role
from tests.domain.test_acts import LEADS
from tests.factories import CAMPAIGN, make_person, make_session_token
from tests.http.serving import ACTS, DEMAND, Office, body_of, owner, somebody

PATHS: dict[str, tuple[str, ...]] = {
    "issued": (),
    "answered": ("answer",),
    "fulfilled": ("fulfil",),
    "not_fulfilled": ("fail",),
    "withdrawn": ("withdraw",),
}


def faults(answer: Any) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json["errors"]}


def make(office: Office, act: str, move: str) -> Any:
    """One move of an act, by whoever makes it."""
    if move == "answer":
        return office.answer(act)
    more = {}
    if move == "record_answer":
        more = {"answered_on": today(datetime.now(UTC)).isoformat(), "signed_by": "The head"}
    return office.decide(act, move, **more)


def test_an_act_says_what_it_is_to_whom_and_by_when(office: Office) -> None:
    site = office.broken()
    made = office.act(site, kind="representation")
    document = made["document"]
    assert (made["kind"], made["state"], made["overdue"]) == ("representation", "issued", False)
    assert document["kind_name"]["ru"] == "представление"
    assert document["addressee"]["territory"] == "N1"
    assert document["demand"] == DEMAND
    assert sorted(row["violation"] for row in document["rows"]) == office.violations(site)
    assert all(row["fact"]["ky"] for row in document["rows"])
    assert made["answer_due_on"] == document["answer_due_on"] == "2999-01-01"
    answer = office.get(f"{ACTS}/{made['id']}").data.decode()
    begin = answer.index('"document":') + len('"document":')
    bytes_of = answer[begin : answer.index(',"events":')].encode()
    assert hashlib.sha256(bytes_of).hexdigest() == made["sha256"]
    assert [event["move"] for event in made["events"]] == ["issue"]


def test_an_act_over_a_served_list_cites_its_number_and_hash(office: Office) -> None:
    site = office.broken()
    served = office.served(site, addressee=body_of("N1"))
    made = office.issue(served_list=served["id"]).json
    cited = made["document"]["served_list"]
    assert (cited["number"], cited["sha256"]) == (served["number"], served["sha256"])
    assert cited["states"] == dict.fromkeys(office.violations(site), "confirmed")
    assert made["addressee"] == served["addressee"]
    found = office.get(f"{ACTS}?violation={office.violations(site)[0]}").json["items"]
    assert [act["id"] for act in found] == [made["id"]]


def test_a_list_of_which_nothing_is_left_supports_no_act(office: Office) -> None:
    site = office.broken()
    served = office.served(site, addressee=somebody())
    office.confirm(site, "closed")
    assert faults(office.issue(served_list=served["id"])) == {("/served_list", "nothing-left")}


def test_what_is_not_confirmed_supports_no_act(office: Office) -> None:
    site = office.broken(confirmed=False)
    over = {"campaign": CAMPAIGN, "addressee": somebody(), "violations": office.violations(site)}
    answer = office.issue(**over)
    assert {code for _, code in faults(answer)} == {"not_confirmed"}


def test_an_election_commission_is_refused_with_the_reason(office: Office) -> None:
    whom = {"kind": "election_commission", "territory": "N1", "name": "Commission"}
    over = {"campaign": CAMPAIGN, "addressee": whom}
    answer = office.issue(violations=office.violations(office.broken()), **over)
    assert faults(answer) == {("/addressee/kind", "outside-supervision")}


@pytest.mark.parametrize(
    "over",
    [
        {},
        {"served_list": str(uuid4()), "campaign": CAMPAIGN},
        {"campaign": CAMPAIGN, "violations": [str(uuid4())]},
    ],
    ids=["neither", "both", "no addressee"],
)
def test_an_act_is_over_a_list_or_over_violations(office: Office, over: dict[str, Any]) -> None:
    assert office.issue(**over).status_code == 422


def test_without_a_term_the_prosecutor_gives_the_day(office: Office) -> None:
    served = office.served(office.broken())
    answer = office.issue(served_list=served["id"], answer_due_on=None)
    assert faults(answer) == {("/answer_due_on", "no-term")}


def test_a_term_of_the_settings_gives_the_day(app: Flask, office: Office) -> None:
    served = office.served(office.broken())
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, act_answer_days={ActKind.ORDER: 10})
    try:
        made = office.issue(served_list=served["id"], answer_due_on=None).json
        other = office.issue(kind="warning", served_list=served["id"], answer_due_on=None)
    finally:
        app.extensions["settings"] = before
    due = today(datetime.now(UTC)) + timedelta(days=10)
    assert made["answer_due_on"] == due.isoformat()
    assert faults(other) == {("/answer_due_on", "no-term")}


@pytest.mark.parametrize("move", ActMove, ids=str)
@pytest.mark.parametrize("state", ActState, ids=str)
def test_every_pair_of_state_and_move_leads_on_or_is_refused(
    office: Office, state: ActState, move: ActMove
) -> None:
    act = office.act()["id"]
    for step in PATHS[state]:
        assert make(office, act, step).status_code == 200
    answer = make(office, act, move)
    now = office.get(f"{ACTS}/{act}").json
    target = LEADS.get((state.value, move.value))
    if target is None:
        assert answer.status_code == 409
        assert answer.json["type"] == "urn:audit-api:problem:move-refused"
        assert answer.json["state"] == now["state"] == state
        assert len(now["events"]) == 1 + len(PATHS[state])
    else:
        assert answer.status_code == 200, answer.text
        assert now["state"] == answer.json["state"] == target
        last = now["events"][-1]
        assert (last["move"], last["from_state"], last["to_state"]) == (move, state, target)
        assert last["reason"]
        assert last["by"]


def test_an_answer_on_paper_has_a_day_and_a_signature(office: Office) -> None:
    act = office.act()["id"]
    assert office.decide(act, "record_answer").status_code == 422
    future = {"answered_on": "2999-01-01", "signed_by": "The head"}
    assert office.decide(act, "record_answer", **future).status_code == 422
    past = {"answered_on": "2000-01-01", "signed_by": "The head"}
    assert office.decide(act, "record_answer", **past).status_code == 422
    assert office.decide(act, "fulfil", signed_by="The head").status_code == 422
    made = make(office, act, "record_answer").json
    assert made["events"][-1]["signed_by"] == "The head"


def test_an_act_that_awaits_an_answer_too_long_is_overdue(office: Office) -> None:
    act = office.act(answer_due_on=today(datetime.now(UTC)).isoformat())["id"]
    late = text("""insert into supervisory_act select gen_random_uuid(), kind, campaign_id,
        office_id, number + 1000, territory_id, addressee_kind, addressee_name, list_id,
        issued_on - 9, issued_at, issued_by, answer_due_on - 5, document, sha256
        from supervisory_act where id = :id returning id""")
    with office.database.writing() as session:
        older = str(session.scalar(late, {"id": act}))
        session.execute(
            text("""insert into act_event (act_id, at, person_id, move, to_state, reason)
                select :older, at, person_id, move, to_state, reason from act_event
                where act_id = :id"""),
            {"older": older, "id": act},
        )
    overdue = {item["id"] for item in office.get(f"{ACTS}?overdue=true").json["items"]}
    assert older in overdue
    assert act not in overdue
    assert office.answer(older).status_code == 200
    assert office.get(f"{ACTS}/{older}").json["overdue"] is False


def test_numbers_have_no_gap_and_each_kind_its_own(app: Flask, office: Office) -> None:
    served = office.served(office.broken())
    start = office.issue(served_list=served["id"], kind="warning").json["number"]

    def issue(n: int) -> Any:
        own = Office(app.test_client(), office.database, office.world)
        if n % 3 == 2:
            refused = own.issue(served_list=served["id"], kind="warning", answer_due_on=None)
            assert refused.status_code == 422
            return None
        return own.issue(served_list=served["id"], kind="warning").json["number"]

    with ThreadPoolExecutor(6) as pool:
        numbers = [n for n in pool.map(issue, range(12)) if n is not None]
    assert sorted(numbers) == list(range(start + 1, start + 9))


def test_two_decisions_at_once_are_one(app: Flask, office: Office) -> None:
    act = office.act()["id"]

    def decide(decision: str) -> int:
        own = Office(app.test_client(), office.database, office.world)
        return own.decide(act, decision).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, ["fulfil", "withdraw"])) == [200, 409]
    assert len(office.get(f"{ACTS}/{act}").json["events"]) == 2


@pytest.mark.parametrize("table", ["supervisory_act", "act_violation", "act_event"])
@pytest.mark.parametrize("change", ["update {0} set {1} = {1}", "delete from {0}", "truncate {0}"])
def test_the_database_refuses_to_change_an_act(office: Office, table: str, change: str) -> None:
    office.act()
    column = "number" if table == "supervisory_act" else "act_id"
    statement = change.format(table, column) + (" cascade" if "truncate" in change else "")
    with (
        pytest.raises(DBAPIError, match="append-only"),
        office.database.writing() as session,
    ):
        session.execute(text(statement))


def test_another_districts_prosecutor_sees_none_of_it(office: Office) -> None:
    site = office.broken()
    made = office.act(site)
    unknown = office.get(f"{ACTS}/{uuid4()}", where="far")
    outside = office.get(f"{ACTS}/{made['id']}", where="far")
    assert (outside.status_code, outside.data) == (404, unknown.data)
    assert made["id"] not in {a["id"] for a in office.get(ACTS, where="far").json["items"]}
    assert office.decide(made["id"], "withdraw", where="far").status_code == 404
    assert office.answer(made["id"], where="far").status_code == 404
    served = office.served(site)
    assert office.issue(where="far", served_list=served["id"]).status_code == 404


def test_the_head_reads_and_answers_only_what_was_written_to_that_body(office: Office) -> None:
    mine = office.act()["id"]
    owners = office.act(addressee=owner("N1", "Owner"))["id"]
    listed = {act["id"] for act in office.get(ACTS, Role.LSG_HEAD).json["items"]}
    assert mine in listed
    assert owners not in listed
    assert office.get(f"{ACTS}/{owners}", Role.LSG_HEAD).status_code == 404
    assert office.answer(owners).status_code == 404
    assert office.answer(mine).json["events"][-1]["by"] == "Lsg_Head.Near"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.PROSECUTOR}), ids=str)
def test_only_prosecutors_issue_and_decide(office: Office, role: Role) -> None:
    act = office.act()["id"]
    served = office.served(office.broken(), addressee=body_of("N1"))
    assert office.issue(role=role, served_list=served["id"]).status_code == 404
    assert office.decide(act, "withdraw", role=role).status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LSG_HEAD}), ids=str)
def test_only_heads_answer(office: Office, role: Role) -> None:
    assert office.answer(office.act()["id"], role).status_code == 404


def test_an_office_below_does_not_decide_on_an_act_of_the_one_above(office: Office) -> None:
    with office.database.writing() as session:
        grants = [(Role.PROSECUTOR, office.world.territories["region"])]
        token = make_session_token(session, make_person(session, f"p.{uuid4().hex}", grants))
    office.world.tokens[Role.PROSECUTOR, "region"] = token
    made = office.act(where="region")
    assert made["office"] == "R"
    assert office.get(f"{ACTS}/{made['id']}").status_code == 200
    assert office.decide(made["id"], "withdraw").status_code == 404
    assert office.decide(made["id"], "withdraw", where="region").status_code == 200


def test_who_issued_an_act_does_not_answer_it(office: Office) -> None:
    with office.database.writing() as session:
        near = office.world.territories["near"]
        grants = [(Role.PROSECUTOR, near), (Role.LSG_HEAD, near)]
        token = make_session_token(session, make_person(session, f"b.{uuid4().hex}", grants))
    office.world.tokens[Role.PROSECUTOR, "both"] = token
    office.world.tokens[Role.LSG_HEAD, "both"] = token
    act = office.act(where="both")["id"]
    answer = office.answer(act, where="both")
    assert (answer.status_code, answer.json["type"]) == (403, "urn:audit-api:problem:four-eyes")
    assert office.answer(act).status_code == 200


def test_every_step_is_in_the_audit_log(office: Office) -> None:
    act = office.act()["id"]
    office.answer(act)
    office.decide(act, "fulfil")
    with office.database.reading() as session:
        logged = session.execute(
            text("select what, detail ->> 'move' from audit_log where subject = :id order by n"),
            {"id": act},
        ).all()
    assert [tuple(row) for row in logged] == [
        ("act_issued", None),
        ("act_moved", "answer"),
        ("act_moved", "fulfil"),
    ]
