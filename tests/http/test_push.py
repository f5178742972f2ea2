"""Handing in work: what becomes of it, and that nothing handed in is lost."""

import gzip
import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World, inspection_of, operation, push, push_body, ramp_of
from tests.field_schema.bodies import measurement
from tests.http.pushing import kept, one, send

# What a good push does


def test_an_inspection_is_stored_judged_and_acknowledged(client: FlaskClient, world: World) -> None:
    body = inspection_of(world, "near-1")
    data = operation(body)
    result = one(client, world, data)
    assert result["status"] == "applied"
    assert result["rev"] == 1
    sent = json.dumps(body, ensure_ascii=False).encode()
    assert result["receipt"]["sha256"] == hashlib.sha256(sent).hexdigest()
    assert result["receipt"]["bytes"] == len(sent)


def test_the_body_is_kept_byte_for_byte(
    client: FlaskClient, world: World, database: Database
) -> None:
    spelled = json.dumps(ramp_of(world, "near-1"), indent=3).encode().replace(b"ramp 1", b"\\u0440")
    result = one(client, world, operation(spelled, seq=2))
    with database.reading() as session:
        stored = session.scalar(
            text("select body::text from inspection where id = :id"), {"id": UUID(result["id"])}
        )
    assert stored.encode() == spelled


def test_a_gzip_body_is_read(client: FlaskClient, world: World) -> None:
    plain = push_body(world.devices["near"][0], [operation(ramp_of(world, "near-1"), seq=3)])
    status, answer = send(client, world, gzip.compress(plain), "gzip")
    assert (status, answer["results"][0]["status"]) == (200, "applied")


def test_one_bad_operation_of_two_hundred_is_rejected_and_kept_and_the_others_apply(
    client: FlaskClient, world: World, database: Database
) -> None:
    good = [operation(ramp_of(world, "near-1"), seq=1000 + n) for n in range(199)]
    bad_op = uuid4()
    bad = operation({"form": "ramp/1", "site": "here"}, seq=1300, op=bad_op)
    results = push(client, world, *good[:100], bad, *good[100:])["results"]
    assert [r["status"] for r in results].count("applied") == 199
    assert results[100]["status"] == "rejected"
    assert {p["pointer"] for p in results[100]["problems"]} >= {"/body/site", "/body/campaign"}
    assert kept(database, str(bad_op)) == ("rejected", bad)


def test_acked_seq_is_the_end_of_the_gapless_run(client: FlaskClient, world: World) -> None:
    def acked(seq: int) -> int:
        answer = push(client, world, operation(ramp_of(world, "far-1"), seq=seq), where="far")
        return int(answer["acked_seq"])

    assert [acked(n) for n in (1, 2, 5, 4, 3)] == [1, 2, 2, 2, 5]


def test_what_is_blocked_is_not_acknowledged(client: FlaskClient, world: World) -> None:
    edit = operation(ramp_of(world, "far-1"), seq=6, base={"op": str(uuid4())})
    answer = push(client, world, edit, where="far")
    assert (answer["results"][0]["status"], answer["acked_seq"]) == ("blocked", 5)


# Exactly once


def test_the_same_operation_again_answers_the_same_and_changes_nothing(
    client: FlaskClient, world: World, database: Database
) -> None:
    data = operation(inspection_of(world, "near-2", seed=5), seq=20)
    first = one(client, world, data)
    again = one(client, world, data)
    assert again == first | {"replayed": True}
    with database.reading() as session:
        count = session.scalar(
            text("select count(*) from inspection where id = :id"), {"id": UUID(first["id"])}
        )
    assert count == 1


def test_another_body_under_a_used_id_is_kept_apart(
    client: FlaskClient, world: World, database: Database
) -> None:
    op = uuid4()
    one(client, world, operation(ramp_of(world, "near-1"), seq=21, op=op))
    other = operation(ramp_of(world, "near-2"), seq=21, op=op)
    result = one(client, world, other)
    assert result["status"] == "op_reused"
    with database.reading() as session:
        held = session.scalar(text("select raw from reused_operation where op = :op"), {"op": op})
    assert held == other


def test_another_tablet_cannot_use_the_id_of_an_operation(
    client: FlaskClient, world: World
) -> None:
    data = operation(ramp_of(world, "near-1"), seq=22)
    one(client, world, data)
    answer = push(client, world, data, where="far")
    assert answer["results"][0]["status"] == "op_reused"
    assert "id" not in answer["results"][0]


@pytest.mark.parametrize("spelling", [str.upper, "{{{}}}".format, "urn:uuid:{}".format])
def test_an_operation_id_in_another_spelling_is_the_same_id(
    client: FlaskClient, world: World, spelling: Any
) -> None:
    op = uuid4()
    one(client, world, operation(ramp_of(world, "near-1"), seq=23, op=op))
    again = operation(ramp_of(world, "near-1"), seq=23, op=spelling(str(op)))
    assert one(client, world, again)["status"] == "op_reused"


def test_a_site_id_in_upper_case_names_the_same_site(client: FlaskClient, world: World) -> None:
    body = ramp_of(world, "near-1") | {"site": str(world.sites["near-1"]).upper()}
    assert one(client, world, operation(body, seq=24))["status"] == "applied"


# Revisions


def test_a_correction_names_its_base_and_becomes_the_next_revision(
    client: FlaskClient, world: World
) -> None:
    entity = uuid4()
    one(client, world, operation(ramp_of(world, "near-1"), seq=30, entity=entity))
    fixed = operation(ramp_of(world, "near-1"), seq=31, entity=entity, base={"rev": 1})
    assert one(client, world, fixed)["rev"] == 2


def test_two_corrections_of_one_base_are_a_conflict_and_both_are_kept(
    client: FlaskClient, world: World, database: Database
) -> None:
    entity, op = uuid4(), uuid4()
    one(client, world, operation(ramp_of(world, "near-1"), seq=32, entity=entity))
    one(client, world, operation(ramp_of(world, "near-1"), seq=33, entity=entity, base={"rev": 1}))
    other = ramp_of(world, "near-1", answers={"width_mm": measurement(1300)})
    late = operation(other, seq=34, entity=entity, base={"rev": 1}, op=op)
    assert one(client, world, late)["status"] == "conflict"
    assert kept(database, str(op)) == ("conflict", late)


def test_an_edit_waits_for_the_operation_it_is_based_on(client: FlaskClient, world: World) -> None:
    entity, first = uuid4(), uuid4()
    edit = operation(ramp_of(world, "near-1"), seq=36, entity=entity, base={"op": str(first)})
    assert one(client, world, edit)["status"] == "blocked"
    one(client, world, operation(ramp_of(world, "near-1"), seq=35, entity=entity, op=first))
    assert one(client, world, edit)["rev"] == 2


def test_an_edit_may_name_an_operation_that_brought_the_same_bytes_once_more(
    client: FlaskClient, world: World
) -> None:
    entity, again = uuid4(), uuid4()
    body = ramp_of(world, "near-1")
    one(client, world, operation(body, seq=37, entity=entity))
    repeat = one(client, world, operation(body, seq=38, entity=entity, op=again))
    assert (repeat["status"], repeat["rev"], repeat["unchanged"]) == ("applied", 1, True)
    changed = ramp_of(world, "near-1", answers={"width_mm": measurement(1300)})
    edit = operation(changed, seq=39, entity=entity, base={"op": str(again)})
    answer = one(client, world, edit)
    assert (answer["status"], answer["rev"]) == ("applied", 2)


def test_nobody_corrects_the_inspection_of_another(
    client: FlaskClient, world: World, database: Database
) -> None:
    entity = uuid4()
    one(client, world, operation(ramp_of(world, "near-1"), seq=37, entity=entity))
    other = operation(ramp_of(world, "far-1"), seq=90, entity=entity, base={"rev": 1})
    result = push(client, world, other, where="far")["results"][0]
    assert (result["status"], result["reason"]) == ("quarantined", "id-taken")
    assert kept(database, result["op"]) == ("quarantined", other)


# What is kept without being applied


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"site": "far-1"}, "out-of-scope"),
        ({"site": "nowhere"}, "out-of-scope"),
        ({"campaign": "kg-none-2021"}, "out-of-scope"),
        ({"form": "ramp/99"}, "unknown-form"),
    ],
    ids=["a site out of scope", "an unknown site", "an unknown campaign", "a newer form"],
)
def test_what_may_not_be_applied_yet_is_quarantined_with_its_bytes(
    client: FlaskClient,
    world: World,
    database: Database,
    members: dict[str, str],
    reason: str,
) -> None:
    said = dict(members)
    if "site" in said:
        said["site"] = str(world.sites.get(said["site"], uuid4()))
    data = operation(ramp_of(world, "near-1") | said, seq=40)
    result = one(client, world, data)
    assert (result["status"], result["reason"]) == ("quarantined", reason)
    assert kept(database, result["op"]) == ("quarantined", data)


def test_an_unknown_kind_of_operation_is_quarantined(client: FlaskClient, world: World) -> None:
    data = operation(ramp_of(world, "near-1"), seq=41, kind="weather")
    assert one(client, world, data)["status"] == "quarantined"
