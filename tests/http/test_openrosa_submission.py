"""What ODK Collect sends becomes inspections, once, with all their photos."""

import hashlib
import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, inspection_of
from tests.field_schema.bodies import measurement
from tests.http.collecting import (
    Filled,
    jpeg,
    key_of,
    message,
    ramp,
    send,
    without_instruments,
)


@pytest.fixture(scope="module")
def key(database: Database, world: World) -> str:
    return key_of(database, world)


def rows(database: Database, sql: str, **values: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.execute(text(sql), values))


def kept(database: Database, filled: Filled) -> Any:
    """The instance's row with its inspection's, as it stands."""
    [row] = rows(
        database,
        """select i.inspection_id, v.rev, v.channel, v.body::text as body, v.form, o.status,
            i.xml, o.result, i.op, v.body_sha256 = sha256(convert_to(v.body::text, 'UTF8')) as right
        from openrosa_instance i join operation o on o.op = i.op
        left join inspection v on v.id = i.inspection_id and v.is_current
        where i.instance_id = :id""",
        id=filled.instance,
    )
    return row


def state(client: FlaskClient, world: World, inspection: object) -> Any:
    path = f"/api/v1/inspections/{inspection}"
    answer = client.get(path, headers=world.headers(Role.TECHNICAL_SUPERVISOR))
    assert answer.status_code == 200, answer.text
    return answer.json


def test_head_offers_a_megabyte_and_never_another_address(client: FlaskClient, key: str) -> None:
    answer = client.head(f"{key}/submission?deviceID=collect%3Aabc")
    assert answer.status_code == 204
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "1000000"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert "Location" not in answer.headers


def test_a_form_is_an_inspection_with_the_answers_that_were_given(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    body = without_instruments(inspection_of(world, "near-1"))
    filled = Filled(body)
    answer = send(client, key, filled.xml())
    assert answer.status_code == 201, message(answer)
    assert message(answer) == "The inspection has arrived. All its photos are here."
    row = kept(database, filled)
    assert (row.status, row.channel, row.form, row.rev) == ("applied", "openrosa", "station/1", 1)
    assert bytes(row.xml) == filled.xml()
    assert row.right
    read = json.loads(row.body)
    for given, found in zip(body["elements"], read["elements"], strict=True):
        for member in ("type", "label", "state", "answers", "not_measured"):
            assert found[member] == given[member], member
    for member in ("site", "campaign", "form", "position"):
        assert read[member] == body[member]
    assert read["started"]["wall"] == body["started"]["wall"]


def test_the_verdicts_are_those_of_the_same_answers_pushed_by_a_tablet(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world, width_mm=measurement(500)))
    assert send(client, key, filled.xml()).status_code == 201
    found = rows(
        database,
        "select count(*) from violation where last_inspection_id = :id",
        id=kept(database, filled).inspection_id,
    )
    assert found[0][0] > 0


def test_photos_make_it_complete_and_a_replay_stores_nothing(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), {"width_mm": "1.jpg", None: "2.jpg"})
    files = {"1.jpg": jpeg(1), "2.jpg": jpeg(2)}
    assert send(client, key, filled.xml(), files).status_code == 201
    before = rows(database, "select count(*), max(n) from audit_log")
    again = send(client, key, filled.xml(), files)
    assert (again.status_code, message(again)) == (
        202,
        "All of this was here already; nothing was stored twice. All its photos are here.",
    )
    assert rows(database, "select count(*), max(n) from audit_log") == before
    row = kept(database, filled)
    assert row.rev == 1
    seen = state(client, world, row.inspection_id)
    assert seen["state"] == "complete"
    assert {p["question"] for p in seen["photos"]} == {"width_mm", None}
    assert all(p["held"] for p in seen["photos"])


def test_an_inspection_waits_for_its_photos_and_tells_which(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(
        ramp(world, width_mm=measurement(500)), {"width_mm": "a.jpg", "handrail": "b.jpg"}
    )
    first = send(client, key, filled.xml(), {"a.jpg": jpeg(11)}, more=True)
    assert first.status_code == 201
    assert "1 (b.jpg)" in message(first)
    inspection = kept(database, filled).inspection_id
    assert state(client, world, inspection)["state"] == "awaiting_photos"
    seen = state(client, world, inspection)
    assert len(seen["photos"]) == 1
    assert [(w["name"], w["question"]) for w in seen["awaited"]] == [("b.jpg", "handrail")]
    device = client.get(
        f"/api/v1/devices/{seen['device']}", headers=world.headers(Role.COORDINATOR)
    ).json
    absent = device["owes"]["photos"]
    assert (device["owes_photos"], [p["name"] for p in absent]) == (1, ["b.jpg"])
    last = send(client, key, filled.xml(), {"b.jpg": jpeg(12)})
    assert last.status_code == 201
    seen = state(client, world, inspection)
    assert (seen["state"], len(seen["photos"]), seen["rev"]) == ("complete", 2, 2)
    names = {p["sha256"] for e in seen["body"]["elements"] for p in e["photos"]}
    assert names == {p["sha256"] for p in seen["photos"]}
    [shown] = rows(
        database,
        "select distinct v.last_inspection_rev from violation v where v.last_inspection_id = :id",
        id=inspection,
    )
    assert shown[0] == 2
    assert send(client, key, filled.xml(), {"b.jpg": jpeg(12)}).status_code == 202


def test_other_answers_under_one_instance_id_are_409_and_both_are_kept(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), {"width_mm": "a.jpg"})
    assert send(client, key, filled.xml(), {"a.jpg": jpeg(21)}).status_code == 201
    other = Filled(ramp(world, width_mm=measurement(700)), instance=filled.instance)
    for _ in range(2):
        answer = send(client, key, other.xml(), {"z.jpg": jpeg(22)})
        assert (answer.status_code, "Both are kept" in message(answer)) == (409, True)
    assert bytes(kept(database, filled).xml) == filled.xml()
    [refused] = rows(
        database,
        "select xml, reason from openrosa_refused where instance_id = :id",
        id=filled.instance,
    )
    assert (bytes(refused.xml), refused.reason) == (other.xml(), "other-xml")


def test_a_known_name_with_other_bytes_never_replaces_the_first(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), {"width_mm": "a.jpg"})
    assert send(client, key, filled.xml(), {"a.jpg": jpeg(31)}).status_code == 201
    assert send(client, key, filled.xml(), {"a.jpg": jpeg(32)}).status_code == 201
    assert send(client, key, filled.xml(), {"a.jpg": jpeg(32)}).status_code == 202
    row = kept(database, filled)
    [photo] = state(client, world, row.inspection_id)["photos"]
    assert photo["sha256"] == hashlib.sha256(jpeg(31)).hexdigest()
    assert row.rev == 1


@pytest.mark.parametrize(("of_xml", "of_file"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_names_with_short_i_and_yo_meet_in_both_spellings(
    client: FlaskClient, world: World, database: Database, key: str, of_xml: str, of_file: str
) -> None:
    name = f"перёдний край {of_xml}{of_file}.jpg"
    assert unicodedata.normalize("NFC", name) != unicodedata.normalize("NFD", name)
    filled = Filled(ramp(world), {"width_mm": unicodedata.normalize(of_xml, name)})
    sent = {unicodedata.normalize(of_file, name): jpeg(hash(of_xml + of_file))}
    assert send(client, key, filled.xml(), sent).status_code == 201
    assert state(client, world, kept(database, filled).inspection_id)["state"] == "complete"


def test_files_before_the_form_are_taken_too(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), {"width_mm": "a.jpg"})
    answer = send(client, key, filled.xml(), {"a.jpg": jpeg(41)}, xml_last=True)
    assert answer.status_code == 201
    assert state(client, world, kept(database, filled).inspection_id)["state"] == "complete"


def test_a_correction_names_the_newest_form_or_is_409(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    first = Filled(ramp(world, width_mm=measurement(500)))
    assert send(client, key, first.xml()).status_code == 201
    second = Filled(ramp(world, width_mm=measurement(1500)), deprecated=first.instance)
    assert send(client, key, second.xml()).status_code == 201
    one, two = kept(database, first), kept(database, second)
    assert one.inspection_id == two.inspection_id
    assert two.rev == 2
    assert send(client, key, second.xml()).status_code == 202
    late = Filled(ramp(world, width_mm=measurement(900)), deprecated=first.instance)
    answer = send(client, key, late.xml())
    assert answer.status_code == 409
    stray = Filled(ramp(world), deprecated=f"uuid:{uuid4()}")
    assert send(client, key, stray.xml()).status_code == 409
    kept_both = rows(
        database,
        "select xml from openrosa_refused where instance_id in (:a, :b)",
        a=late.instance,
        b=stray.instance,
    )
    assert {bytes(row.xml) for row in kept_both} == {late.xml(), stray.xml()}


def test_nobody_corrects_what_another_person_sent(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    first = Filled(ramp(world))
    assert send(client, key, first.xml()).status_code == 201
    theirs = Filled(ramp(world, "far-1"), deprecated=first.instance)
    assert send(client, key_of(database, world, "far"), theirs.xml()).status_code == 409


def test_a_station_of_another_district_is_kept_in_quarantine_with_its_photos_until_released(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world, "far-1"), {"width_mm": "a.jpg", "handrail": "b.jpg"})
    answer = send(client, key, filled.xml(), {"a.jpg": jpeg(51)}, more=True)
    assert (answer.status_code, "not in your territory" in message(answer)) == (201, True)
    assert send(client, key, filled.xml(), {"b.jpg": jpeg(52)}).status_code == 201
    row = kept(database, filled)
    assert (row.status, row.rev) == ("quarantined", None)
    released = client.post(
        f"/api/v1/quarantine/{row.op}/decisions",
        json={"decision": "release", "reason": "He stood in for a colleague."},
        headers=world.headers(Role.TECHNICAL_SUPERVISOR, "far"),
    )
    assert released.status_code in (200, 201), released.text
    found = kept(database, filled)
    assert (found.rev, found.channel) == (2, "openrosa")
    where = {"headers": world.headers(Role.TECHNICAL_SUPERVISOR, "far")}
    seen = client.get(f"/api/v1/inspections/{found.inspection_id}", **where).json
    assert (seen["state"], len(seen["photos"])) == ("complete", 2)


def test_answers_that_can_never_be_valid_are_422_and_kept(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world, width_mm=measurement(99_999_999)))
    for _ in range(2):
        answer = send(client, key, filled.xml())
        assert (answer.status_code, "cannot be accepted" in message(answer)) == (422, True)
    row = kept(database, filled)
    assert (row.status, bytes(row.xml)) == ("rejected", filled.xml())
    assert "width_mm" in json.dumps(row.result)


@pytest.mark.parametrize(
    ("form", "version"),
    [
        *(("ramp.kg-demo-2021", v) for v in ("99.20211128", "1", "x", "", "1.0", "٣.20211128")),
        *((f, "1.20211128") for f in ("ramp", "ramp.", ".kg-demo-2021", "ramp.a.b", "x.a")),
    ],
)
def test_a_form_or_version_that_is_not_known_is_404(
    client: FlaskClient, world: World, key: str, form: str, version: str
) -> None:
    named = 'id="ramp.kg-demo-2021" version="1.20211128"'
    xml = Filled(ramp(world)).xml().decode()
    assert named in xml
    answer = send(client, key, xml.replace(named, f'id="{form}" version="{version}"').encode())
    assert (answer.status_code, "Download" in message(answer)) == (404, True)


def test_a_law_and_a_profile_that_the_server_never_saw_are_no_reason_to_refuse(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world, width_mm=measurement(500)), law="20990101")
    other = filled.xml().replace(b"ramp.kg-demo-2021", b"ramp.of-a-colleague")
    assert send(client, key, other).status_code == 201
    assert (kept(database, filled).status, kept(database, filled).form) == ("applied", "ramp/1")


def test_two_at_once_are_one_inspection(
    app: Flask, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), {"width_mm": "a.jpg", "handrail": "b.jpg"})
    files = {"a.jpg": jpeg(61), "b.jpg": jpeg(62)}

    def once(_: int) -> int:
        return send(app.test_client(), key, filled.xml(), files).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(once, range(8)))
    assert statuses == [201] + [202] * 7
    row = kept(database, filled)
    assert row.rev == 1
    [count] = rows(
        database,
        "select count(*) from announced_photo where inspection_id = :id",
        id=row.inspection_id,
    )
    assert count[0] == 2


def test_the_trail_says_that_the_form_came_and_which_xml_it_was(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    assert send(client, key, filled.xml()).status_code == 201
    row = kept(database, filled)
    what = rows(
        database,
        "select what, detail from audit_log where subject in (:op, :id) order by n",
        op=str(row.op),
        id=str(row.inspection_id),
    )
    assert [entry.what for entry in what] == ["openrosa_received", "inspection_accepted"]
    assert what[0].detail["xml_sha256"] == hashlib.sha256(filled.xml()).hexdigest()
    assert row.result["receipt"]["sha256"] == what[1].detail["sha256"]
