"""What ODK Collect sent is read to the byte: of an inspection, of what waits, of what was 409."""

import base64
import hashlib
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.collecting import Filled, jpeg, key_of, message, ramp, send
from tests.http.test_openrosa_submission import kept, rows

SUPERVISOR = Role.TECHNICAL_SUPERVISOR
NEVER = measurement(99_999_999)


@pytest.fixture(scope="module")
def key(database: Database, world: World) -> str:
    return key_of(database, world)


def get(
    client: FlaskClient,
    world: World,
    path: str,
    role: Role = SUPERVISOR,
    where: str = "near",
    **more: str,
) -> Any:
    return client.get(f"/api/v1/{path}", headers=world.headers(role, where) | more)


def submissions(client: FlaskClient, world: World, inspection: object) -> Any:
    answer = get(client, world, f"inspections/{inspection}/submissions")
    assert answer.status_code == 200, answer.text
    assert answer.json["next"] is None
    return answer.json["items"]


def refused(client: FlaskClient, world: World, xml: bytes, where: str = "near") -> Any:
    """The entry of the list for an XML; None when it is not there."""
    path: str | None = "openrosa/refused?limit=2"
    while path:
        page = get(client, world, path, where=where).json
        for item in page["items"]:
            if item["xml_sha256"] == hashlib.sha256(xml).hexdigest():
                return item
        path = page["next"] and page["next"].removeprefix("/api/v1/")
    return None


def test_an_inspection_names_what_came_and_what_was_made_of_it(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    first = Filled(ramp(world), {"width_mm": "a.jpg", "handrail": "й.jpg"})
    assert send(client, key, first.xml(), {"a.jpg": jpeg(81)}, more=True).status_code == 201
    assert send(client, key, first.xml(), {"a.jpg": jpeg(82), "й.jpg": jpeg(83)}).status_code == 201
    second = Filled(ramp(world, width_mm=measurement(1010)), deprecated=first.instance)
    assert send(client, key, second.xml()).status_code == 201
    inspection = kept(database, first).inspection_id
    one, two = submissions(client, world, inspection)
    assert one["instance_id"] == first.instance
    assert (one["corrects"], two["corrects"]) == (None, one["op"])
    for told, filled in ((one, first), (two, second)):
        assert told["xml_sha256"] == hashlib.sha256(filled.xml()).hexdigest()
        assert told["xml_bytes"] == len(filled.xml())
        assert told["mended"] is False
    assert [r["rev"] for r in one["revisions"]] == [1, 2]
    [made] = two["revisions"]
    seen = get(client, world, f"inspections/{inspection}").json
    assert (made["rev"], made["body_sha256"]) == (seen["rev"], seen["body_sha256"])
    files = [(f["name"], f["sha256"], f["first"]) for f in one["files"]]
    assert files == [
        ("a.jpg", hashlib.sha256(jpeg(81)).hexdigest(), True),
        ("a.jpg", hashlib.sha256(jpeg(82)).hexdigest(), False),
        ("й.jpg", hashlib.sha256(jpeg(83)).hexdigest(), True),
    ]
    assert all(f["bytes"] == 4_000 and f["content_type"] == "image/jpeg" for f in one["files"])


def test_a_file_that_does_not_count_is_read_too(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), {"width_mm": "a.jpg"})
    for n in (84, 85):
        assert send(client, key, filled.xml(), {"a.jpg": jpeg(n)}).status_code == 201
    second = hashlib.sha256(jpeg(85)).hexdigest()
    answer = get(client, world, f"photos/{second}/original")
    assert (answer.status_code, answer.data) == (200, jpeg(85))
    facts = get(client, world, f"photos/{second}").json
    assert (facts["shown_in"], facts["inspector"]) == ([], "Inspector.Near")
    assert get(client, world, f"photos/{second}/original", where="far").status_code == 404


def test_the_xml_is_an_attachment_to_the_byte_and_the_reading_is_logged(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    assert send(client, key, filled.xml()).status_code == 201
    [told] = submissions(client, world, kept(database, filled).inspection_id)
    path = f"openrosa/submissions/{told['op']}.xml"
    answer = get(client, world, path, Role.PROSECUTOR)
    assert (answer.status_code, answer.data) == (200, filled.xml())
    digest = hashlib.sha256(filled.xml())
    headers = answer.headers
    assert headers["Content-Type"] == "application/xml"
    assert headers["Content-Disposition"] == f'attachment; filename="{told["op"]}.xml"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox"
    assert headers["ETag"] == f'"{digest.hexdigest()}"'
    spelled = base64.b64encode(digest.digest()).decode()
    assert headers["Content-Digest"] == f"sha-256=:{spelled}:"
    again = get(client, world, path, Role.PROSECUTOR, **{"If-None-Match": headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    logged = rows(
        database,
        "select person_id, detail from audit_log where what = 'submission_read' and subject = :op",
        op=told["op"],
    )
    person = world.people[Role.PROSECUTOR, "near"]
    assert [(entry.person_id, entry.detail) for entry in logged] == [
        (person, {"xml_sha256": digest.hexdigest()})
    ]


def test_the_inspector_reads_what_is_their_own_and_nobody_what_lies_outside(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    assert send(client, key, filled.xml()).status_code == 201
    row = kept(database, filled)
    paths = (
        f"inspections/{row.inspection_id}/submissions",
        f"openrosa/submissions/{row.op}.xml",
    )
    for path in paths:
        assert get(client, world, path, Role.INSPECTOR).status_code == 200
        assert get(client, world, path, where="far").status_code == 404
        assert get(client, world, path, Role.LSG_HEAD).status_code == 404


def test_what_a_tablet_pushed_has_no_submission(
    client: FlaskClient, world: World, things: Any
) -> None:
    assert submissions(client, world, things.of("inspection", "near-1")) == []


def test_changed_xml_is_told_and_not_given_out(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    assert send(client, key, filled.xml()).status_code == 201
    op = kept(database, filled).op
    with database.writing() as session:
        # As somebody with all rights in the database would do it.
        session.execute(
            text("alter table openrosa_instance drop constraint ck_openrosa_instance_xml_sha256")
        )
        session.execute(
            text("update openrosa_instance set xml = xml || ' ' where op = :op"), {"op": op}
        )
    answer = get(client, world, f"openrosa/submissions/{op}.xml")
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:audit-api:problem:bytes-changed"
    with database.writing() as session:
        session.execute(
            text("update openrosa_instance set xml = :xml where op = :op"),
            {"xml": filled.xml(), "op": op},
        )
        session.execute(
            text("""alter table openrosa_instance add constraint ck_openrosa_instance_xml_sha256
                check (xml_sha256 = sha256(xml))""")
        )
    assert get(client, world, f"openrosa/submissions/{op}.xml").data == filled.xml()


def test_what_waits_is_read_by_those_who_decide_on_it(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    outside, never = Filled(ramp(world, "far-1")), Filled(ramp(world, width_mm=NEVER))
    assert send(client, key, outside.xml()).status_code == 201
    assert send(client, key, never.xml()).status_code == 422
    for filled, places in ((outside, ("near", "far")), (never, ("near",))):
        path = f"openrosa/submissions/{kept(database, filled).op}.xml"
        for where in ("near", "far"):
            answer = get(client, world, path, where=where)
            found = (200, filled.xml()) if where in places else (404, answer.data)
            assert (answer.status_code, answer.data) == found
        assert get(client, world, path, Role.PROSECUTOR).status_code == 404


def test_other_answers_under_one_instance_id_are_listed_with_what_they_contradict(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    assert send(client, key, filled.xml()).status_code == 201
    other = Filled(ramp(world, width_mm=measurement(700)), instance=filled.instance)
    shown = send(client, key, other.xml())
    assert shown.status_code == 409
    told = refused(client, world, other.xml())
    row = kept(database, filled)
    assert {
        name: told[name] for name in ("reason", "instance_id", "site", "territory", "current_rev")
    } == {
        "reason": "other-xml",
        "instance_id": filled.instance,
        "site": str(world.sites["near-1"]),
        "territory": "N1",
        "current_rev": 1,
    }
    assert told["op"] == told["submission"] == str(row.op)
    assert told["inspection"] == str(row.inspection_id)
    assert told["xml_bytes"] == len(other.xml())
    [owner] = rows(
        database,
        "select p.full_name, d.name from device d join person p on p.id = d.owner_id "
        "where d.id = :id",
        id=told["device"],
    )
    assert (told["owner"], told["device_name"]) == tuple(owner)
    answer = get(client, world, f"openrosa/refused/{told['xml_sha256']}.xml")
    assert (answer.status_code, answer.data) == (200, other.xml())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in answer.headers["Content-Disposition"]
    for broken in ("0" * 64, told["xml_sha256"].upper(), "..", "x"):
        assert get(client, world, f"openrosa/refused/{broken}.xml").status_code == 404
    russian = {"Accept-Language": "ru"}
    [said] = [
        item["told"]
        for item in get(client, world, "openrosa/refused?limit=200", **russian).json["items"]
        if item["xml_sha256"] == told["xml_sha256"]
    ]
    assert said != told["told"]
    assert "ничего не заменено" in said


def test_a_correction_of_what_is_not_the_newest_is_listed_with_the_inspection(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    first = Filled(ramp(world))
    assert send(client, key, first.xml()).status_code == 201
    second = Filled(ramp(world, width_mm=measurement(1500)), deprecated=first.instance)
    assert send(client, key, second.xml()).status_code == 201
    late = Filled(ramp(world, width_mm=measurement(900)), deprecated=first.instance)
    shown = send(client, key, late.xml())
    assert shown.status_code == 409
    told = refused(client, world, late.xml())
    row = kept(database, second)
    assert (told["reason"], told["current_rev"]) == ("not-current", 2)
    assert told["inspection"] == str(row.inspection_id)
    assert told["submission"] == str(kept(database, first).op)
    assert told["told"] == message(shown)
    stray = Filled(ramp(world), deprecated="uuid:nobody-sent-this")
    assert send(client, key, stray.xml()).status_code == 409
    alone = refused(client, world, stray.xml())
    assert (alone["submission"], alone["inspection"], alone["current_rev"]) == (None, None, None)
    only = get(client, world, "openrosa/refused?limit=200&reason=not-current").json["items"]
    assert {item["reason"] for item in only} == {"not-current"}


def test_a_correction_that_came_too_early_is_told_to_be_here_meanwhile(
    client: FlaskClient, world: World, key: str
) -> None:
    first = Filled(ramp(world))
    second = Filled(ramp(world, width_mm=measurement(1500)), deprecated=first.instance)
    assert send(client, key, second.xml()).status_code == 409
    assert refused(client, world, second.xml())["accepted"] is False
    assert send(client, key, first.xml()).status_code == 201
    assert send(client, key, second.xml()).status_code == 201
    assert refused(client, world, second.xml())["accepted"] is True


def test_what_it_contradicts_outside_is_not_told(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    mine = Filled(ramp(world))
    assert send(client, key, mine.xml()).status_code == 201
    theirs = Filled(ramp(world, "far-1"), deprecated=mine.instance)
    assert send(client, key_of(database, world, "far"), theirs.xml()).status_code == 409
    told = refused(client, world, theirs.xml(), "far")
    assert (told["site"], told["submission"], told["inspection"]) == (
        str(world.sites["far-1"]),
        None,
        None,
    )
    assert refused(client, world, theirs.xml()) is None
    path = f"openrosa/refused/{told['xml_sha256']}.xml"
    assert get(client, world, path).status_code == 404
    assert get(client, world, path, where="far").data == theirs.xml()


def test_it_lies_at_its_site_too_and_where_no_site_is_known_with_its_owner(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    mine = Filled(ramp(world))
    assert send(client, key, mine.xml()).status_code == 201
    abroad = Filled(ramp(world, "far-1"), instance=mine.instance)
    nowhere = Filled(ramp(world) | {"site": "no UUID"}, instance=mine.instance)
    for filled in (abroad, nowhere):
        assert send(client, key, filled.xml()).status_code == 409
    here, there = (refused(client, world, abroad.xml(), where) for where in ("near", "far"))
    assert here["inspection"] == str(kept(database, mine).inspection_id)
    assert (here["site_name"], here["territory"]) == (None, None)
    assert (there["inspection"], there["submission"], there["territory"]) == (None, None, "F1")
    assert refused(client, world, nowhere.xml())["site"] is None
    assert refused(client, world, nowhere.xml(), "far") is None


def test_what_was_rejected_and_contradicted_is_named_to_those_who_decide_on_it(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    never = Filled(ramp(world, width_mm=NEVER))
    assert send(client, key, never.xml()).status_code == 422
    other = Filled(ramp(world), instance=never.instance)
    assert send(client, key, other.xml()).status_code == 409
    told = refused(client, world, other.xml())
    assert (told["submission"], told["inspection"]) == (str(kept(database, never).op), None)


def test_the_body_is_what_the_xml_means_and_the_receipt_is_on_the_body(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    assert send(client, key, filled.xml()).status_code == 201
    row = kept(database, filled)
    [told] = submissions(client, world, row.inspection_id)
    [made] = told["revisions"]
    assert made["body_sha256"] == hashlib.sha256(row.body.encode()).hexdigest()
    assert made["body_sha256"] == row.result["receipt"]["sha256"]
    assert json.loads(row.body)["elements"][0]["answers"] == filled.body["elements"][0]["answers"]
