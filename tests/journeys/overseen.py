"""What people of the office see of tablets' work: cases, tasks, quarantine, reviews."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from audit_api.domain.evidence.receipts import Receipt, is_genuine
from audit_api.storage.base import Database
from audit_api.tablet import HttpTransport, Operation, Tablet
from tests.factories import CAMPAIGN
from tests.field_schema.bodies import measurement, ramp_body
from tests.journeys.restoring import Carried

SEEN = {
    "violations": "select id, element_id, requirement, state, task_id from violation",
    "tasks": "select id, element_id, state, due_on from remediation_task",
    "moves of tasks": "select task_id, from_state, to_state, op from task_event",
    "held": """select h.op, o.status, o.result->>'reason', encode(sha256(o.raw), 'hex')
        from held_operation h join operation o using (op)""",
    "reviews": "select op, kind, entity_kind, entity_id, state, mine::text from review",
    "operations": "select op, status, kind, entity_id, encode(sha256, 'hex') from operation",
}


def overseen(database: Database) -> dict[str, set[tuple[Any, ...]]]:
    """Everything of it, without the times at which it came."""
    with database.reading() as session:
        return {
            name: {tuple(row) for row in session.execute(text(query))}
            for name, query in SEEN.items()
        }


def breach(carried: Carried, tablet: Tablet, site: str) -> Operation:
    """A visit of a ramp that is far too narrow: it opens a violation and a task."""
    body = _ramp(carried, answers={"width_mm": measurement(500)})
    return _captured(carried, tablet, body | {"site": site, "campaign": CAMPAIGN})


def unknown(carried: Carried, tablet: Tablet, site: str) -> Operation:
    """A visit with a form that the server does not know: it waits in quarantine."""
    body = _ramp(carried) | {"site": site, "campaign": CAMPAIGN}
    # What is kept of it is the whole operation, which `overseen` compares.
    return tablet.capture(json.dumps(body | {"form": "ramp/99"}).encode(), entity=str(uuid4()))


def _ramp(carried: Carried, **overrides: Any) -> dict[str, Any]:
    return ramp_body(seed=carried.rng.random(), element={"photos": []}, **overrides)


def _captured(carried: Carried, tablet: Tablet, body: dict[str, Any]) -> Operation:
    data = json.dumps(body, ensure_ascii=False).encode()
    operation = tablet.capture(data, entity=str(uuid4()))
    carried.acknowledged[operation.op] = (data, {})
    return operation


def acknowledge(tablet: Tablet, task: UUID) -> Operation:
    """The LSG head says that the task was seen."""
    body = {"command": "acknowledge", "if": {"state": "assigned"}}
    return tablet.capture(json.dumps(body).encode(), entity=str(task), kind="task")


def receipts(tablet: Tablet) -> list[dict[str, Any]]:
    """The receipts that a tablet keeps, of both levels."""
    rows = tablet.store.rows("select receipt, durable from operation")
    return [json.loads(said) for row in rows for said in row if said]


def all_genuine(base_url: str, kept: Sequence[dict[str, Any]]) -> bool:
    """Whether the keys that a server publishes signed all of them."""
    transport = HttpTransport(base_url)
    said = transport("GET", "/api/v1/receipts/keys", {}, b"").json()["items"]
    transport.close()
    keys = {item["key"]: bytes.fromhex(item["public_key"]) for item in said}
    return all(is_genuine(*Receipt.from_json(receipt), keys) for receipt in kept)
