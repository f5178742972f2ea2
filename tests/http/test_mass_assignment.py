"""Nobody sets what is not theirs to set: every member that a body does not declare is refused.

Every object of a valid body of every JSON operation of the OpenAPI document is sent again and
again, each time with one member more: every name that any schema of the document or any table of
the database has. Bodies are those of writing.py; a new operation gets a line there.
"""

import json
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from audit_api.domain.access import WHO_MAY_WHAT
from audit_api.domain.vocabulary import Language, Role
from audit_api.services.enrol_device import issue_code
from audit_api.services.manage_people import add_person
from audit_api.storage.base import Base, Database
from audit_api.storage.places.campaigns import Campaign, Constituency, Station
from tests.factories import AT, World, inspection_of, operation, push
from tests.http.access_cells import address
from tests.http.fingerprint import changed, fingerprint
from tests.http.merging import edit, task_command
from tests.http.populated import Things, with_photo
from tests.http.writing import OTHER_WRITES, WRITES

PASSWORD = "a long enough password"
PUSH = "POST /api/v1/sync/push"
OTHER_SAMPLES = {
    "POST /api/v1/sessions": {"username": "aida", "password": PASSWORD},
    "POST /api/v1/devices/enrol": {"code": "a code", "name": "tablet"},
    "POST /api/v1/sync/resync": {"have": []},
    "POST /api/v1/photos/<string:sha256>/direct": {"bytes": 10, "content_type": "image/jpeg"},
    "POST /api/v1/webhooks": {"url": "https://example.org/hook", "types": ["violation.opened"]},
    "POST /api/v1/webhooks/<uuid:webhook>/secrets": {"overlap_hours": 1},
}
"""Valid bodies of what is not written within a person's grants."""
NOT_THEIRS = (
    "owner", "owner_id", "device", "device_id", "inspector", "inspector_id", "person", "role",
    "grants", "territory", "territory_id", "rev", "state", "status", "is_current", "received_at",
    "verdict", "findings", "assessment", "score", "index", "severity", "due_on", "closed_at",
    "decided_by", "verified", "flags", "acked_seq", "xid", "task", "quarantine", "__class__",
)  # fmt: skip
"""What no tablet says of its own work."""
MADE_OF_WORK = {
    "assessment", "announced_photo", "element", "inspection", "person", "person_grant", "photo",
    "recommendation", "remediation_task", "site", "station", "task_event", "violation",
}  # fmt: skip
"""Tables that a rejected operation leaves as they are; that it came is kept elsewhere."""
OWN = "kg-near-2021"
_seqs = count(900)


@pytest.fixture(scope="module")
def spec(app: Flask) -> Any:
    return json.loads(app.extensions["openapi"])


@pytest.fixture(scope="module")
def samples(database: Database, world: World, things: Things) -> dict[str, Any]:
    """A valid body by operation."""
    with database.writing() as session:
        add_person(
            session,
            username="aida",
            full_name="Aida",
            password=PASSWORD,
            language=Language.KY,
            at=AT,
        )
        _own_campaign(session, world)
    ids = _ids(things)
    return {name: write.body(ids) for name, write in WRITES.items()} | OTHER_SAMPLES


def _ids(things: Things) -> dict[str, str]:
    ids = {kind: at["near-1"] for kind, at in things.ids.items()}
    return ids | {"inspector": "inspector.near", "territory": "N1", "campaign": OWN}


def _own_campaign(session: Session, world: World) -> None:
    """A campaign of the near district alone: its election day is theirs to move."""
    names = {"name_ky": "Жакын", "name_ru": "Ближний", "name_en": "Near"}
    place = {"territory_id": world.territories["near"], "profile": "kg-demo-2021"}
    day = date(2021, 11, 28)
    session.add(Campaign(id=OWN, election_day=day, forms=["ramp/1"], **place, **names))
    session.flush()
    session.add(Constituency(campaign_id=OWN, number=1, **names))
    session.flush()
    site = world.sites["near-1"]
    session.add(Station(campaign_id=OWN, number=1, site_id=site, voters=1, constituency_number=1))


def _rule(operation: str) -> str:
    """`METHOD rule` as the document writes it."""
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", operation)


def _json_writes(spec: Any) -> dict[str, Any]:
    """The schema of the body by operation."""
    return {
        f"{method.upper()} {path}": said["requestBody"]["content"]["application/json"]["schema"]
        for path, methods in spec["paths"].items()
        for method, said in methods.items()
        if method in ("post", "put", "patch", "delete")
        and "application/json" in said.get("requestBody", {}).get("content", {})
    }


def _names(spec: Any) -> list[str]:
    """Every member of any schema, every column of any table, and what a framework might take."""
    members = {
        name for s in spec["components"]["schemas"].values() for name in s.get("properties", ())
    }
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    return sorted(members | columns | {"__class__", "_id", "items[0]", "", *NOT_THEIRS})


def _objects(
    spec: Any, value: Any, schema: Any, pointer: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], set[str]]]:
    """Where the objects of a body lie, and which members each declares."""
    for one_of in ("anyOf", "oneOf", "allOf"):
        schema = next((one for one in schema.get(one_of, ()) if "$ref" in one), schema)
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        declared = schema.get("properties", {})
        yield pointer, set(declared)
        for name, inner in value.items():
            yield from _objects(spec, inner, declared[name], (*pointer, name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _objects(spec, inner, schema["items"], (*pointer, n))


def _with(body: Any, pointer: Sequence[str | int], name: str, value: Any) -> Any:
    """The body with one member more in one of its objects."""
    made = deepcopy(body)
    inner = made
    for step in pointer:
        inner = inner[step]
    inner[name] = value
    return made


def _headers(world: World, operation: str) -> dict[str, str]:
    if operation in WRITES:
        write = WRITES[operation]
        row = WHO_MAY_WHAT[write.noun]
        return world.headers(next(role for role in Role if write.verb in row[role]))
    if OTHER_WRITES[operation].startswith("a coordinator's"):
        return world.headers(Role.COORDINATOR)
    return world.device_headers() if OTHER_WRITES[operation].startswith("a tablet's") else {}


def test_every_json_operation_has_a_valid_body_here(spec: Any) -> None:
    known = {_rule(operation) for operation in (*WRITES, *OTHER_SAMPLES, PUSH)}
    assert set(_json_writes(spec)) == known, (
        "Add a line with a valid body to WRITES of writing.py, or here to OTHER_SAMPLES"
    )


@pytest.mark.parametrize("operation", [*WRITES, *OTHER_SAMPLES])
def test_a_member_that_is_not_declared_is_refused_and_changes_nothing(
    client: FlaskClient,
    database: Database,
    world: World,
    things: Things,
    spec: Any,
    samples: dict[str, Any],
    operation: str,
) -> None:
    schema = _json_writes(spec)[_rule(operation)]
    method, _, rule = operation.partition(" ")
    path, headers = address(rule, _ids(things)), _headers(world, operation)
    body, value = samples[operation], str(world.people[Role.ADMINISTRATOR, "far"])
    before = fingerprint(database)
    wrong, probed = [], 0
    for pointer, declared in _objects(spec, body, schema):
        for name in _names(spec):
            if name in declared:
                continue
            probe = _with(body, pointer, name, value)
            answer = client.open(path, method=method, json=probe, headers=headers)
            told = {error["pointer"].rpartition("/")[2] for error in answer.json.get("errors", ())}
            probed += 1
            if answer.status_code != 422 or name not in told:
                wrong.append((pointer, name, answer.status_code, answer.text))
    assert wrong == []
    assert probed > 200
    assert changed(before, fingerprint(database)) == set()


@pytest.mark.parametrize("operation", [*WRITES, *OTHER_SAMPLES])
def test_the_same_body_without_it_is_taken(
    client: FlaskClient,
    database: Database,
    world: World,
    things: Things,
    samples: dict[str, Any],
    operation: str,
) -> None:
    method, _, rule = operation.partition(" ")
    body = samples[operation]
    if "code" in body:
        owner = world.people[Role.INSPECTOR, "near"]
        with database.writing() as session:
            code = issue_code(session, owner, lifetime=timedelta(hours=1), at=datetime.now(UTC))
        body = body | {"code": code}
    path, headers = address(rule, _ids(things)), _headers(world, operation)
    answer = client.open(path, method=method, json=body, headers=headers)
    offered = not rule.endswith("/direct")
    assert answer.status_code in ((200, 201, 202, 409) if offered else (409,)), answer.text


def _said(world: World, things: Things) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What a tablet hands in: the members of the operation, and its body, by kind."""
    made = {}
    visit = with_photo(inspection_of(world, "near-1", seed=9), b"a photo")
    site = json.loads(edit("site", world.sites["near-1"], address=("", "School street")))
    command = json.loads(task_command(uuid4(), "acknowledge", "assigned"))
    made["inspection"] = ({}, visit)
    made["site"] = ({"kind": "site", "entity": world.sites["near-1"]}, site["body"])
    task = things.of("task", "near-1")
    made["task"] = ({"kind": "task", "entity": task}, command["body"])
    return made


def _inside(value: Any, pointer: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where objects lie in a body; of a list only its first."""
    if isinstance(value, dict):
        yield pointer
        for name, inner in value.items():
            yield from _inside(inner, (*pointer, name))
    elif isinstance(value, list) and value:
        yield from _inside(value[0], (*pointer, 0))


@pytest.mark.parametrize("kind", ["inspection", "site", "task"])
def test_an_operation_with_a_member_that_is_not_its_own_is_rejected(
    client: FlaskClient, database: Database, world: World, things: Things, kind: str
) -> None:
    members, body = _said(world, things)[kind]
    before = fingerprint(database)
    probes: dict[int, tuple[Any, str]] = {}
    operations = []
    for name in NOT_THEIRS:
        for pointer in _inside(body):
            inner = body
            for step in pointer:
                inner = inner[step]
            if name in inner:
                continue
            seq = next(_seqs)
            probes[seq] = pointer, name
            operations.append(operation(_with(body, pointer, name, "x"), seq=seq, **members))
        seq = next(_seqs)
        probes[seq] = "operation", name
        operations.append(operation(body, seq=seq, **members | {name: "x"}))
    results: list[Any] = []
    for first in range(0, len(operations), 20):
        results += push(client, world, *operations[first : first + 20])["results"]
    assert len(results) == len(probes) > len(NOT_THEIRS)
    taken = [
        (probe, result)
        for probe, result in zip(probes.values(), results, strict=True)
        if result["status"] != "rejected"
    ]
    assert taken == []
    assert changed(before, fingerprint(database)) & MADE_OF_WORK == set()


def test_an_envelope_with_a_member_that_is_not_its_own_is_refused(
    client: FlaskClient, database: Database, world: World
) -> None:
    before = fingerprint(database)
    for name in NOT_THEIRS:
        if name == "device":
            continue
        answer = client.post(
            "/api/v1/sync/push",
            json={"device": str(world.devices["near"][0]), "ops": [], name: "x"},
            headers=world.device_headers(),
        )
        assert answer.status_code == 422, (name, answer.text)
    assert changed(before, fingerprint(database)) == set()
