"""After a 422: the inspector mends the form in Collect, or supervision does; never both."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.collecting import Filled, jpeg, key_of, message, ramp, send
from tests.http.test_openrosa_submission import kept, rows

NEVER = measurement(99_999_999)
SUPERVISOR = Role.TECHNICAL_SUPERVISOR


@pytest.fixture(scope="module")
def key(database: Database, world: World) -> str:
    return key_of(database, world)


@pytest.fixture
def rejected(client: FlaskClient, world: World, key: str) -> Filled:
    """A form that was answered 422."""
    filled = Filled(ramp(world, width_mm=NEVER))
    assert send(client, key, filled.xml()).status_code == 422
    return filled


def held_body(client: FlaskClient, world: World, op: object) -> Any:
    answer = client.get(f"/api/v1/quarantine/{op}", headers=world.headers(SUPERVISOR))
    assert answer.status_code == 200, answer.text
    return json.loads(answer.json["body"])


def repair(client: FlaskClient, world: World, op: object, width: int, **more: Any) -> TestResponse:
    body = held_body(client, world, op)
    body["elements"][0]["answers"]["width_mm"]["value"] = width
    return client.post(
        f"/api/v1/quarantine/{op}/decisions",
        json={"decision": "repair", "reason": "A zero too many.", "body": body} | more,
        headers=world.headers(SUPERVISOR),
    )


def correction(world: World, of: Filled, width: int = 950, **how: Any) -> Filled:
    return Filled(ramp(world, width_mm=measurement(width)), deprecated=of.instance, **how)


def test_the_form_mended_in_collect_is_the_first_revision(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    mended = correction(world, rejected, photos={"width_mm": "a.jpg"})
    answer = send(client, key, mended.xml(), {"a.jpg": jpeg(71)})
    assert answer.status_code == 201, message(answer)
    assert message(answer) == "The inspection has arrived. All its photos are here."
    row, before = kept(database, mended), kept(database, rejected)
    assert (row.status, row.rev) == ("applied", 1)
    assert row.inspection_id == before.inspection_id
    assert send(client, key, mended.xml(), {"a.jpg": jpeg(71)}).status_code == 202
    assert send(client, key, rejected.xml()).status_code == 422


def test_it_may_be_mended_again_and_again_and_then_corrected(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    still = correction(world, rejected, 88_888_888)
    assert send(client, key, still.xml()).status_code == 422
    mended = correction(world, still)
    assert send(client, key, mended.xml()).status_code == 201
    then = correction(world, mended, 960)
    assert send(client, key, then.xml()).status_code == 201
    row = kept(database, then)
    assert (row.rev, row.inspection_id) == (2, kept(database, rejected).inspection_id)


def test_a_rejected_correction_is_passed_over(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    first = Filled(ramp(world))
    assert send(client, key, first.xml()).status_code == 201
    wrong = correction(world, first, 77_777_777)
    assert send(client, key, wrong.xml()).status_code == 422
    mended = correction(world, wrong)
    assert send(client, key, mended.xml()).status_code == 201
    row = kept(database, mended)
    assert (row.rev, row.inspection_id) == (2, kept(database, first).inspection_id)
    late = correction(world, wrong, 970)
    assert send(client, key, late.xml()).status_code == 409


def test_a_correction_of_what_supervision_repaired_is_the_second_revision(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    op = kept(database, rejected).op
    assert repair(client, world, op, 910).json["decision"]["outcome"] == "applied"
    assert kept(database, rejected).rev == 1
    assert send(client, key, rejected.xml()).status_code == 202
    mended = correction(world, rejected)
    assert send(client, key, mended.xml()).status_code == 201
    row = kept(database, mended)
    assert (row.status, row.rev) == ("applied", 2)
    late = correction(world, rejected, 970)
    assert send(client, key, late.xml()).status_code == 409


def test_a_correction_follows_what_was_repaired_under_another_id(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    op = kept(database, rejected).op
    other = "5f0f1c5e-64a5-4c0a-8f6c-6a1c5a0d7b11"
    assert repair(client, world, op, 910, id=other).status_code == 200
    mended = correction(world, rejected)
    assert send(client, key, mended.xml()).status_code == 201
    row = kept(database, mended)
    assert (str(row.inspection_id), row.rev) == (other, 2)


def test_a_form_mended_twice_follows_what_supervision_repaired_meanwhile(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    still = correction(world, rejected, 88_888_888)
    assert send(client, key, still.xml()).status_code == 422
    assert repair(client, world, kept(database, rejected).op, 910).status_code == 200
    mended = correction(world, still)
    assert send(client, key, mended.xml()).status_code == 201
    row = kept(database, mended)
    assert (row.rev, row.inspection_id) == (2, kept(database, rejected).inspection_id)


def test_what_the_inspector_mended_is_never_overwritten_by_a_late_repair(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    mended = correction(world, rejected)
    assert send(client, key, mended.xml()).status_code == 201
    op = kept(database, rejected).op
    shown = client.get(f"/api/v1/quarantine/{op}", headers=world.headers(SUPERVISOR)).json
    assert shown["current_rev"] == 1
    decided = repair(client, world, op, 910).json
    assert decided["decision"]["outcome"] == "conflict"
    assert decided["decision"]["result"]["review"]
    row = kept(database, mended)
    assert (row.rev, json.loads(row.body)["elements"][0]["answers"]["width_mm"]["value"]) == (
        1,
        950,
    )
    path = f"/api/v1/inspections/{row.inspection_id}/submissions"
    listed = client.get(path, headers=world.headers(Role.PROSECUTOR)).json["items"]
    # The other side of the review is among them: its XML is read like any other.
    assert {item["op"]: len(item["revisions"]) for item in listed} == {str(row.op): 1, str(op): 0}
    xml = client.get(
        f"/api/v1/openrosa/submissions/{op}.xml", headers=world.headers(Role.PROSECUTOR)
    )
    assert (xml.status_code, xml.data) == (200, rejected.xml())


def test_a_correction_of_what_waits_in_quarantine_waits_with_it_and_follows_it(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    waits = Filled(ramp(world, "far-1"))
    assert send(client, key, waits.xml()).status_code == 201
    mended = Filled(ramp(world, "far-1", width_mm=measurement(930)), deprecated=waits.instance)
    answer = send(client, key, mended.xml())
    assert (answer.status_code, "waits for technical supervision" in message(answer)) == (201, True)
    assert (kept(database, mended).status, kept(database, mended).rev) == ("quarantined", None)
    released = client.post(
        f"/api/v1/quarantine/{kept(database, waits).op}/decisions",
        json={"decision": "release", "reason": "He stood in for a colleague."},
        headers=world.headers(SUPERVISOR, "far"),
    )
    assert released.status_code == 200, released.text
    row = kept(database, mended)
    assert (row.rev, json.loads(row.body)["elements"][0]["answers"]["width_mm"]["value"]) == (
        2,
        930,
    )
    then = Filled(ramp(world, "far-1", width_mm=measurement(940)), deprecated=mended.instance)
    assert send(client, key, then.xml()).status_code == 201


def test_a_refused_form_can_be_mended_too(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    refused = client.post(
        f"/api/v1/quarantine/{kept(database, rejected).op}/decisions",
        json={"decision": "refuse", "reason": "Fill it in again."},
        headers=world.headers(SUPERVISOR),
    )
    assert refused.status_code == 200
    mended = correction(world, rejected)
    assert send(client, key, mended.xml()).status_code == 201
    assert kept(database, mended).rev == 1


def test_mended_answers_under_the_same_instance_id_stay_409(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    other = Filled(ramp(world), instance=rejected.instance)
    assert send(client, key, other.xml()).status_code == 409
    assert kept(database, rejected).status == "rejected"


def test_photos_that_come_after_a_repair_stand_with_the_mended_answers(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world, width_mm=NEVER), {"width_mm": "a.jpg", "handrail": "b.jpg"})
    assert send(client, key, filled.xml(), {"a.jpg": jpeg(72)}, more=True).status_code == 422
    op = kept(database, filled).op
    assert repair(client, world, op, 910).status_code == 200
    inspection = kept(database, filled).inspection_id
    headers = world.headers(SUPERVISOR)
    waits = client.get(f"/api/v1/inspections/{inspection}", headers=headers).json
    assert (waits["state"], [w["name"] for w in waits["awaited"]]) == ("awaiting_photos", ["b.jpg"])
    assert send(client, key, filled.xml(), {"b.jpg": jpeg(73)}).status_code == 201
    seen = client.get(f"/api/v1/inspections/{inspection}", headers=headers).json
    assert (seen["state"], seen["rev"], len(seen["photos"])) == ("complete", 2, 2)
    [element] = seen["body"]["elements"]
    assert (element["answers"]["width_mm"]["value"], len(element["photos"])) == (910, 2)
    mended = correction(world, filled)
    assert send(client, key, mended.xml()).status_code == 201
    assert kept(database, mended).rev == 3


def test_a_repair_that_drops_an_element_with_a_photo_is_applied(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world, width_mm=NEVER), {"width_mm": "a.jpg"})
    assert send(client, key, filled.xml(), more=True).status_code == 422
    op = kept(database, filled).op
    body = held_body(client, world, op)
    body["elements"][0]["id"] = "0d0a6f8e-1d4e-4a0e-9d35-3d9a52fb6f10"
    body["elements"][0]["answers"]["width_mm"]["value"] = 910
    decided = client.post(
        f"/api/v1/quarantine/{op}/decisions",
        json={"decision": "repair", "reason": "It is the other ramp.", "body": body},
        headers=world.headers(SUPERVISOR),
    )
    assert decided.status_code == 200, decided.text
    inspection = kept(database, filled).inspection_id
    seen = client.get(f"/api/v1/inspections/{inspection}", headers=world.headers(SUPERVISOR)).json
    assert (seen["state"], seen["awaited"]) == ("complete", [])
    assert send(client, key, filled.xml(), {"a.jpg": jpeg(74)}).status_code == 201


def test_a_repair_and_a_correction_at_once_make_one_first_revision(
    app: Flask, client: FlaskClient, world: World, database: Database, key: str
) -> None:
    for n in range(4):
        filled = Filled(ramp(world, width_mm=NEVER))
        assert send(client, key, filled.xml()).status_code == 422
        op, mended = kept(database, filled).op, correction(world, filled)
        body = held_body(client, world, op)
        body["elements"][0]["answers"]["width_mm"]["value"] = 910

        def mend(op: Any = op, body: Any = body) -> int:
            return (
                app.test_client()
                .post(
                    f"/api/v1/quarantine/{op}/decisions",
                    json={"decision": "repair", "reason": "A zero too many.", "body": body},
                    headers=world.headers(SUPERVISOR),
                )
                .status_code
            )

        def correct(mended: Filled = mended) -> int:
            return send(app.test_client(), key, mended.xml()).status_code

        both: list[Callable[[], int]] = [mend, correct] if n % 2 else [correct, mend]
        with ThreadPoolExecutor(2) as pool:
            assert {f.result() for f in [pool.submit(one) for one in both]} <= {200, 201}
        [counts] = rows(
            database,
            """select count(*) filter (where rev = 1) as first, count(*) as revisions,
                (select count(*) from review r where r.entity_id = :id) as reviews
            from inspection where id = :id""",
            id=kept(database, filled).inspection_id,
        )
        # The repair first: the correction is the second. The correction first: a person decides.
        assert counts.first == 1
        assert (counts.revisions, counts.reviews) in ((2, 0), (1, 1))


def test_a_form_may_be_mended_in_vain_many_times(
    client: FlaskClient, world: World, database: Database, key: str, rejected: Filled
) -> None:
    last = rejected
    for n in range(12):
        last = correction(world, last, 90_000_000 + n)
        assert send(client, key, last.xml()).status_code == 422
    mended = correction(world, last)
    assert send(client, key, mended.xml()).status_code == 201
    assert kept(database, mended).rev == 1
