"""Hostile and broken pushes: a clear answer, nothing lost, never a 5xx."""

import gzip
import json
import zlib
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World, operation, push_body, ramp_of
from tests.http.pushing import PUSH, kept, one, send

# Times


@pytest.mark.parametrize(
    "wall", ["2021-10-20T10:00:00", "9999-12-31T23:59:59-23:00", "1970-01-01T00:00:00Z",
             "2099-12-31T00:00:00+06:00", "yesterday", "2101-01-01T00:00:00Z"],
)  # fmt: skip
def test_an_absurd_device_time_is_kept_as_text_and_flagged_and_costs_no_work(
    client: FlaskClient, world: World, database: Database, wall: str
) -> None:
    body = ramp_of(world, "near-1")
    body["started"] = body["started"] | {"wall": wall}
    at = {"wall": wall, "mono_ms": -1, "boot": "b"}
    result = one(client, world, operation(body, seq=50, at=at))
    assert result["status"] == "applied"
    with database.reading() as session:
        started, flags = session.execute(
            text("select started_at, flags from inspection where id = :id"),
            {"id": UUID(result["id"])},
        ).one()
        said = session.scalar(
            text("select wall from operation where op = :op"), {"op": UUID(result["op"])}
        )
    assert said == wall
    assert started is None
    assert any("/started" in flag for flag in flags)


# Measurements


@pytest.mark.parametrize(
    "answer",
    [
        {"value": 450, "unit": "lux"},
        {"value": 450, "unit": "furlong"},
        {"value": 450},
        {"value": "450", "unit": "mm"},
        {"value": -450, "unit": "mm"},
        {"value": "1,5", "unit": "mm"},
        {"value": "٤٥٠", "unit": "mm"},
        {"value": 1.5, "unit": "mm"},
        {"value": 450.0, "unit": "mm"},
        {"value": True, "unit": "mm"},
        {"value": None, "unit": "mm"},
        {"value": 10**12, "unit": "mm"},
        450,
        "450 mm",
    ],
    ids=repr,
)
def test_a_measurement_that_is_none_is_rejected_with_its_place(
    client: FlaskClient, world: World, answer: Any
) -> None:
    body = ramp_of(world, "near-1")
    body["elements"][0]["answers"]["width_mm"] = answer
    result = one(client, world, operation(body, seq=51))
    assert result["status"] == "rejected"
    assert result["problems"][0]["pointer"].startswith("/body/elements/0/answers/width_mm")


@pytest.mark.parametrize("member", ["owner", "territory", "state", "score", "received_at", "role"])
def test_members_that_only_the_server_writes_are_refused(
    client: FlaskClient, world: World, member: str
) -> None:
    body = ramp_of(world, "near-1") | {member: "x"}
    result = one(client, world, operation(body, seq=52))
    assert [p["pointer"] for p in result["problems"]] == [f"/body/{member}"]
    outside = operation(ramp_of(world, "near-1"), seq=53, **{member: "x"})
    assert one(client, world, outside)["problems"][0]["pointer"] == f"/{member}"


def test_a_body_that_does_not_match_its_hash_is_rejected(client: FlaskClient, world: World) -> None:
    data = operation(ramp_of(world, "near-1"), seq=54, sha256="0" * 64)
    assert one(client, world, data)["problems"][0]["code"] == "hash-mismatch"


# Broken JSON in one operation stays with that operation


@pytest.mark.parametrize(
    ("literal", "code"),
    [
        (b"1e400", "number-range"),
        (b"-1e999", "number-range"),
        (b"9007199254740993", "number-range"),
        (b"1" + b"0" * 4000, "number-range"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (rb'"\u0000"', "nul"),
        (rb'"\ud800"', "lone-surrogate"),
        (rb'{"\udfff":1}', "lone-surrogate"),
    ],
    ids=lambda value: value[:12].decode() if isinstance(value, bytes) else value,
)
def test_json_that_readers_differ_about_is_rejected_where_it_stands(
    client: FlaskClient, world: World, database: Database, literal: bytes, code: str
) -> None:
    body = json.dumps(ramp_of(world, "near-1") | {"position": "here"}).encode()
    data = operation(body.replace(b'"here"', literal), seq=60)
    result = one(client, world, data)
    assert result["status"] == "rejected"
    assert result["problems"][0]["pointer"].startswith("/body/position")
    assert result["problems"][0]["code"] == code
    assert kept(database, result["op"])[1] == data


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["\ud800", "a\0b", "x" * 200]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(), max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = ("op", "seq", "kind", "id", "base", "form", "sha256", "prev_sha256", "body", "at")
OPERATION = st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=5), JSON, max_size=6)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=OPERATION)
def test_whatever_an_operation_holds_it_gets_a_result_of_its_own(
    client: FlaskClient, world: World, said: dict[str, Any]
) -> None:
    valid = json.loads(operation(ramp_of(world, "near-1"), seq=70))
    data = json.dumps(valid | said).encode()
    status, answer = send(client, world, push_body(world.devices["near"][0], [data]))
    assert status == 200
    assert len(answer["results"]) == 1


# Pushes that cannot be read at all


def _envelope(world: World, **members: Any) -> bytes:
    return push_body(world.devices["near"][0], [], **members)


@pytest.mark.parametrize(
    ("data", "status", "pointer"),
    [
        (b'{"device":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, ""),
        (b'{"device":' + b"[" * 33 + b"]" * 33 + b"}", 400, "/device"),
        (b'{"device": "\xff"}', 400, None),
        (b"", 400, None),
        (b"[1, 2", 400, None),
        (b"[]", 400, None),
        (b'{"device":NaN,"ops":[]}', 400, "/device"),
        (b'{"device":1,"device":2,"ops":[]}', 400, ""),
        (rb'{"device":"\u0000","ops":[]}', 400, "/device"),
        (b'{"device":"x","ops":[]}', 422, "/device"),
        (b'{"ops":[]}', 422, "/device"),
        (b'{"ops":{}}', 422, "/device"),
    ],
    ids=[
        "100,000 deep", "33 deep", "not UTF-8", "empty", "cut", "a list", "NaN", "twin keys",
        "NUL", "no UUID", "no device", "ops is no list",
    ],
)  # fmt: skip
def test_a_push_that_cannot_be_read_says_where(
    client: FlaskClient, world: World, data: bytes, status: int, pointer: str | None
) -> None:
    got, problem = send(client, world, data)
    assert got == status
    assert problem["status"] == status
    if pointer is not None:
        assert problem["errors"][0]["pointer"].startswith(pointer)


def test_unknown_members_of_the_envelope_are_refused(client: FlaskClient, world: World) -> None:
    status, problem = send(client, world, _envelope(world, owner="me"))
    assert (status, problem["errors"][0]["pointer"]) == (422, "/owner")


def test_a_gzip_bomb_is_stopped_at_the_limit(client: FlaskClient, world: World) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(50)) + packer.flush()
    assert send(client, world, bomb, "gzip")[0] == 413


def test_more_than_two_megabytes_are_too_much(client: FlaskClient, world: World) -> None:
    assert send(client, world, b" " * 2_000_001)[0] == 413


def test_an_unknown_encoding_is_refused(client: FlaskClient, world: World) -> None:
    assert send(client, world, b"{}", "br")[0] == 415


def test_a_truncated_gzip_body_is_refused(client: FlaskClient, world: World) -> None:
    assert send(client, world, gzip.compress(b'{"device":"x"}' * 100)[:-9], "gzip")[0] == 400


def test_bytes_behind_the_end_of_gzip_are_refused(client: FlaskClient, world: World) -> None:
    assert send(client, world, gzip.compress(b"{}") + b"more", "gzip")[0] == 400


def test_more_than_two_hundred_operations_are_too_many(client: FlaskClient, world: World) -> None:
    status, problem = send(client, world, push_body(world.devices["near"][0], [b"{}"] * 201))
    assert (status, problem["type"]) == (413, "urn:audit-api:problem:too-large")


def test_a_tablet_cannot_speak_for_another(client: FlaskClient, world: World) -> None:
    assert send(client, world, push_body(world.devices["far"][0], []))[0] == 403


def test_a_person_cannot_push(client: FlaskClient, world: World) -> None:
    token = next(iter(world.tokens.values()))
    answer = client.post(PUSH, data=b"{}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
