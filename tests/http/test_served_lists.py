"""A prosecutor serves lists: numbered, frozen, hashed, only of what may be served."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from audit_api.domain.vocabulary import Role
from tests.factories import CAMPAIGN
from tests.http.exported import read_csv
from tests.http.serving import LISTS, NARROW, WIDE, Office, body_of, owner, somebody


def codes(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {fault["code"] for fault in answer.json["errors"]}


def test_a_list_says_everything_of_each_violation_in_three_languages(office: Office) -> None:
    site = office.broken()
    made = office.served(site)
    document = made["document"]
    assert document["addressee"]["name"] == "Owner"
    assert document["parameters"]["filters"] == {"site": str(site)}
    assert sorted(row["violation"] for row in document["rows"]) == office.violations(site)
    row = next(r for r in document["rows"] if r["measured"].get("width_mm") == 500)
    assert row["state"] == "confirmed"
    assert row["weight"] == "binding"
    assert "500 mm" in row["fact"]["en"]
    assert "500 мм" in row["fact"]["ru"]
    assert row["measured_text"]["en"] in row["fact"]["en"]
    assert row["required_text"]["en"] in row["fact"]["en"]
    for words in ("title", "threshold", "fact", "standard_title", "site_name", "territory_name"):
        assert all(row[words][language] for language in ("ky", "ru", "en")), words
    assert len(row["photos"]) == 1
    assert row["clause"] or row["clause_hint"] or row["source"]


def test_the_hash_is_of_the_bytes_that_are_answered(office: Office) -> None:
    made = office.served(office.broken())
    answer = office.get(f"{LISTS}/{made['id']}")
    body = answer.data.decode()
    document = body[body.index('"document":') + len('"document":') : -1]
    assert hashlib.sha256(document.encode()).hexdigest() == made["sha256"]
    again = json.dumps(
        json.loads(document), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    assert again == document


def test_a_list_never_changes_when_what_it_speaks_of_does(office: Office) -> None:
    site = office.broken()
    made = office.served(site)
    office.visit(site, WIDE)
    with office.database.writing() as session:
        session.execute(text("update site set name_en = 'New' where id = :id"), {"id": site})
    now = office.get(f"{LISTS}/{made['id']}").json
    assert now == made


@pytest.mark.parametrize("table", ["served_list", "served_violation"])
@pytest.mark.parametrize("change", ["update {0} set {1} = {1}", "delete from {0}", "truncate {0}"])
def test_the_database_refuses_to_change_what_was_served(
    office: Office, table: str, change: str
) -> None:
    office.served(office.broken())
    column = "number" if table == "served_list" else "list_id"
    statement = change.format(table, column) + (" cascade" if "truncate" in change else "")
    with (
        pytest.raises(DBAPIError, match="append-only"),
        office.database.writing() as session,
    ):
        session.execute(text(statement))


def test_the_database_refuses_a_hash_of_something_else(office: Office) -> None:
    office.served(office.broken())
    with (
        pytest.raises(DBAPIError, match="ck_served_list_sha256"),
        office.database.writing() as session,
    ):
        session.execute(
            text("""insert into served_list select gen_random_uuid(), campaign_id, office_id,
                number + 1000, territory_id, addressee_kind, addressee_name, served_on, served_at,
                served_by, fixed, document || 'x', sha256 from served_list limit 1""")
        )


@pytest.mark.parametrize("state", ["open", "contested", "remedied"])
def test_what_is_not_confirmed_is_not_served(office: Office, state: str) -> None:
    site = office.broken()
    office.confirm(site, state)
    answer = office.post(site)
    assert codes(answer) == {"not_confirmed"}
    assert state in answer.json["errors"][0]["detail"]
    assert office.post(violations=office.violations(site)).status_code == 422


@pytest.mark.parametrize("state", ["closed", "overturned", "superseded"])
def test_what_has_ended_is_not_served_even_by_name(office: Office, state: str) -> None:
    site = office.broken()
    office.confirm(site, state)
    assert codes(office.post(site)) == {"nothing-to-serve"}
    assert codes(office.post(violations=office.violations(site))) == {"not_confirmed"}


def test_without_a_photo_or_its_original_nothing_is_served(office: Office) -> None:
    bare, waiting = office.site(), office.site()
    office.visit(bare, NARROW, photo=False)
    office.visit(waiting, NARROW, held=False)
    for site in (bare, waiting):
        office.confirm(site)
    assert codes(office.post(bare)) == {"no_photo"}
    answer = office.post(waiting)
    assert codes(answer) == {"originals_missing"}


def test_a_preview_says_why_not_in_the_asked_language_and_writes_nothing(office: Office) -> None:
    site, other = office.broken(), office.broken(confirmed=False)
    ids = office.violations(site) + office.violations(other)
    said = {
        "campaign": CAMPAIGN,
        "addressee": somebody(),
        "violations": ids,
    }
    headers = office.world.headers(Role.PROSECUTOR) | {"Accept-Language": "ru"}
    answer = office.client.post(f"{LISTS}/previews", json=said, headers=headers)
    assert answer.status_code == 200, answer.text
    assert sorted(answer.json["ready"]) == office.violations(site)
    assert sorted(v["violation"] for v in answer.json["not_ready"]) == office.violations(other)
    for refused in answer.json["not_ready"]:
        assert refused["reasons"] == ["not_confirmed"]
        assert "Технический надзор" in refused["text"]
    assert office.get(f"{LISTS}?violation={ids[0]}").json["items"] == []


def test_what_is_left_out_by_wish_stands_in_the_list(office: Office) -> None:
    site, other = office.broken(), office.broken(confirmed=False)
    ids = office.violations(site) + office.violations(other)
    made = office.served(violations=ids, skip_not_ready=True)
    document = made["document"]
    assert sorted(row["violation"] for row in document["rows"]) == office.violations(site)
    assert {left["violation"] for left in document["left_out"]} == set(office.violations(other))
    assert all(left["reasons"] == ["not_confirmed"] for left in document["left_out"])


def test_a_later_list_says_what_became_of_the_one_before(office: Office) -> None:
    whom = somebody()
    mended, kept, overturned = (office.broken() for _ in range(3))
    ids = {site: office.violations(site) for site in (mended, kept, overturned)}
    first = office.served(addressee=whom, violations=[v for found in ids.values() for v in found])
    assert first["document"]["since"] is None
    office.confirm(mended, "closed")
    office.confirm(overturned, "overturned")
    new = office.broken()
    picked = ids[kept] + office.violations(new)
    second = office.served(addressee=whom, violations=picked)
    since = second["document"]["since"]
    assert since["number"] == first["number"]
    assert sorted(since["fixed"]) == ids[mended]
    assert sorted(since["dropped"]) == ids[overturned]
    assert sorted(since["unchanged"]) == ids[kept]
    assert sorted(since["new"]) == office.violations(new)
    assert since["reopened"] == since["left_out"] == []
    office.confirm(mended)
    third = office.served(addressee=whom, violations=ids[mended] + ids[kept])["document"]["since"]
    assert sorted(third["reopened"]) == ids[mended]
    assert sorted(third["unchanged"]) == ids[kept]
    assert sorted(third["left_out"]) == office.violations(new)
    named = office.served(
        addressee=whom, violations=ids[mended] + ids[kept], since=first["number"]
    )["document"]["since"]
    assert named["number"] == first["number"]
    assert sorted(named["unchanged"]) == sorted(ids[mended] + ids[kept])


def test_what_was_measured_within_and_outside_again_between_two_lists_is_open_again(
    office: Office,
) -> None:
    whom = somebody()
    broken, kept = office.broken(), office.broken()
    ids = office.violations(broken) + office.violations(kept)
    office.served(addressee=whom, violations=ids)
    office.visit(broken, WIDE)
    office.visit(broken, NARROW)
    office.adjudicate(broken)
    since = office.served(addressee=whom, violations=ids)["document"]["since"]
    assert since["reopened"]
    assert set(since["reopened"]) <= set(office.violations(broken))
    assert set(since["unchanged"]) >= set(office.violations(kept))
    assert since["new"] == since["fixed"] == []


def test_a_row_says_who_confirmed_it_when_and_why(office: Office) -> None:
    for row in office.served(office.broken())["document"]["rows"]:
        said = row["confirmation"]
        assert (said["decision"], said["reason"]) == ("confirm", "Seen in the photo.")
        assert said["decided_by"] == "Technical_Supervisor.Near"
        assert said["decided_at"]


def test_lists_to_others_are_no_list_before(office: Office) -> None:
    site = office.broken()
    first = office.served(site, addressee=somebody())
    second = office.served(site, addressee=somebody())
    assert second["document"]["since"] is None
    assert second["number"] == first["number"] + 1
    answer = office.post(site, addressee=somebody(), since=first["number"])
    assert answer.json["errors"][0]["pointer"] == "/since"


def test_numbers_have_no_gap_whoever_serves_at_once_and_whatever_is_refused(
    app: Flask, office: Office
) -> None:
    sites = [office.broken() for _ in range(8)]
    unconfirmed = office.broken(confirmed=False)
    start = office.served(sites[0])["number"]

    def serve(n: int) -> Any:
        own = Office(app.test_client(), office.database, office.world)
        if n % 3 == 2:
            assert own.post(unconfirmed).status_code == 422
            return None
        return own.served(sites[n % 8])["number"]

    with ThreadPoolExecutor(6) as pool:
        numbers = [n for n in pool.map(serve, range(18)) if n is not None]
    assert sorted(numbers) == list(range(start + 1, start + 13))


def test_each_office_and_campaign_has_numbers_of_its_own(office: Office) -> None:
    near = office.served(office.broken())
    far = office.served(office.broken("far-1"), addressee=owner("F1", "Far owner"), where="far")
    assert (near["office"], far["office"]) == ("N", "F")
    assert far["number"] == 1


def test_another_districts_prosecutor_sees_none_of_it(office: Office) -> None:
    site = office.broken()
    made = office.served(site)
    for path in (f"{LISTS}/{made['id']}", f"{LISTS}/{made['id']}.csv"):
        outside = office.get(path, where="far")
        unknown = office.get(path.replace(made["id"], str(uuid4())), where="far")
        assert (outside.status_code, outside.data) == (404, unknown.data)
    listed = office.get(LISTS, where="far").json["items"]
    assert made["id"] not in {item["id"] for item in listed}
    assert office.post(site, where="far").status_code == 404
    theirs = office.post(
        addressee=owner("F1", "X"), violations=office.violations(site), where="far"
    )
    assert codes(theirs) == {"not-theirs"}


def test_what_the_addressee_does_not_answer_for_is_not_served_to_it(office: Office) -> None:
    elsewhere = office.broken("near-2")
    assert codes(office.post(violations=office.violations(elsewhere))) == {"not-theirs"}
    district = office.served(
        addressee=owner("N", "District school office"), violations=office.violations(elsewhere)
    )
    assert district["addressee"]["territory"] == "N"


def test_an_election_commission_is_refused_with_the_reason(office: Office) -> None:
    whom = {"kind": "election_commission", "territory": "N1", "name": "Precinct commission"}
    answer = office.post(office.broken(), addressee=whom)
    assert codes(answer) == {"outside-supervision"}
    assert "outside the prosecutor's supervision" in answer.json["detail"]


@pytest.mark.parametrize(
    ("whom", "pointer"),
    [
        ({"kind": "lsg_body", "territory": "N"}, "/addressee/territory"),
        ({"kind": "lsg_body", "territory": "N1", "name": "Somebody"}, "/addressee/name"),
        ({"kind": "building_owner", "territory": "N1"}, "/addressee/name"),
    ],
    ids=["a district has no such body", "a body is named by its place", "an owner has a name"],
)
def test_an_addressee_is_named_as_its_kind_asks(
    office: Office, whom: dict[str, Any], pointer: str
) -> None:
    answer = office.post(office.broken(), addressee=whom)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_only_the_body_that_was_written_to_reads_it_of_local_self_government(
    office: Office,
) -> None:
    site = office.broken()
    to_body = office.served(site, addressee=body_of("N1"))
    to_owner = office.served(site)
    head = office.get(LISTS, Role.LSG_HEAD).json["items"]
    assert to_body["id"] in {item["id"] for item in head}
    assert to_owner["id"] not in {item["id"] for item in head}
    assert office.get(f"{LISTS}/{to_owner['id']}", Role.LSG_HEAD).status_code == 404
    assert office.get(f"{LISTS}/{to_body['id']}", Role.LSG_HEAD).status_code == 200


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.PROSECUTOR}), ids=str)
def test_only_prosecutors_serve(office: Office, role: Role) -> None:
    site = office.broken()
    assert office.post(site, role=role).status_code == 404
    assert office.post(site, "/previews", role=role).status_code == 404


def test_the_csv_has_a_row_for_each_violation_and_no_formula(office: Office) -> None:
    site = office.broken()
    with office.database.writing() as session:
        session.execute(
            text("update site set address = '=cmd()', name_ru = '+Школа' where id = :id"),
            {"id": site},
        )
    made = office.served(site)
    answer = office.get(f"{LISTS}/{made['id']}.csv?header=codes&language=ru")
    assert answer.status_code == 200
    rows = read_csv(answer.data).rows
    assert sorted(row["violation"] for row in rows) == office.violations(site)
    assert {row["address"] for row in rows} == {"'=cmd()"}
    assert {row["site_name"] for row in rows} == {"'+Школа"}


def test_serving_is_in_the_audit_log(office: Office) -> None:
    made = office.served(office.broken())
    with office.database.reading() as session:
        [(person, detail)] = session.execute(
            text("select person_id, detail from audit_log where subject = :id"),
            {"id": made["id"]},
        )
    assert person == office.world.people[Role.PROSECUTOR, "near"]
    assert detail == {
        "number": made["number"],
        "violations": made["violations"],
        "sha256": made["sha256"],
    }


def test_what_closes_while_a_list_is_made_is_not_served_as_broken(
    app: Flask, office: Office
) -> None:
    site = office.broken()
    with office.database.writing() as session, ThreadPoolExecutor(1) as pool:
        session.execute(
            text("""update violation set state = 'closed', ended_at = now()
                where site_id = :site"""),
            {"site": site},
        )
        own = Office(app.test_client(), office.database, office.world)
        served = pool.submit(own.post, site)
        with pytest.raises(TimeoutError):
            served.result(timeout=0.7)
        session.commit()
        answer = served.result(timeout=10)
    assert codes(answer) == {"nothing-to-serve"}
