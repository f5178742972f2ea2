"""Take in one operation, exactly once: claim its id, apply it, write the result.

One transaction holds all of it; the view opens it and commits. A twin that runs at the same time
waits at the claim and then answers the stored result.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.operations import (
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.accept_inspection import accept_inspection
from audit_api.storage import audit_log, operations
from field_schema.catalog import Catalog


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """The result as JSON text, and which announced photos are still wanted (hex)."""

    result: str
    replayed: bool
    need_photos: tuple[str, ...] = ()


def push_operation(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    *,
    catalog: Catalog,
    at: datetime,
) -> PushAnswer:
    """Apply `operation` of the actor's device, or answer what became of it before.

    Nothing handed in is refused into the void: what cannot be applied is kept with its bytes.
    Raises only what makes the whole transaction be tried again (a lost connection, a deadlock).
    """
    if actor.device is None:
        raise TypeError("only a device pushes")
    facts = _facts(actor.device, operation)
    if not operations.claim(session, facts, at):
        return _answer_again(session, facts, operation, at)
    result = _apply(session, actor, operation, catalog, at)
    if result.status is OperationStatus.BLOCKED:
        session.rollback()
        return PushAnswer(_render(operation.op, result), replayed=False)
    held_elsewhere = result.status is OperationStatus.APPLIED
    rendered = _render(operation.op, result)
    raw = None if held_elsewhere else operation.raw
    operations.settle(session, operation.op, result.status, rendered, raw)
    if not held_elsewhere:
        audit_log.record(
            session,
            result.status.value,
            operation.op,
            at=at,
            person=actor.person,
            device=actor.device,
            sha256=operation.raw_sha256.hex(),
        )
    return PushAnswer(rendered, False, tuple(result.details.get("need_photos", ())))


def _apply(
    session: Session, actor: Actor, operation: ReceivedOperation, catalog: Catalog, at: datetime
) -> OperationResult:
    if operation.faults:
        return rejected(operation.faults)
    if actor.device_revoked:
        return quarantined("device-revoked", "This device is revoked; what it hands in is kept.")
    if operation.kind != "inspection":
        return quarantined(
            "unknown-kind",
            f"This server does not know operations of kind {operation.kind!r} yet; kept.",
        )
    waits_for = (operation.base or {}).get("op")
    if waits_for is not None and operations.status_of(session, waits_for) is None:
        return OperationResult(OperationStatus.BLOCKED, {"waits_for": str(waits_for)})
    scope = scope_of(actor, Noun.INSPECTIONS, "push")
    return accept_inspection(session, actor, scope, operation, catalog=catalog, at=at)


def _facts(device: UUID, operation: ReceivedOperation) -> operations.OperationFacts:
    return operations.OperationFacts(
        op=operation.op,
        device=device,
        seq=operation.seq,
        kind=operation.kind,
        entity=operation.entity,
        sha256=operation.body_sha256,
        envelope_sha256=operation.raw_sha256,
        prev_sha256=operation.prev_sha256,
        wall=operation.wall,
        mono_ms=operation.mono_ms,
        boot=operation.boot,
    )


def _answer_again(
    session: Session, facts: operations.OperationFacts, operation: ReceivedOperation, at: datetime
) -> PushAnswer:
    device, envelope, result = operations.stored_result(session, operation.op)
    if device == facts.device and envelope == facts.envelope_sha256:
        stored = msgspec.json.decode(result)
        # The key order of the stored result stays; only this member is new.
        again = msgspec.json.encode(stored | {"replayed": True}).decode()
        return PushAnswer(again, True, tuple(stored.get("need_photos", ())))
    operations.keep_reused(session, facts, operation.raw, at)
    reused = OperationResult(
        OperationStatus.OP_REUSED,
        {
            "detail": "This operation id was already used for other bytes or by another device. "
            "Both are kept; send the work again under a new id."
        },
    )
    return PushAnswer(_render(operation.op, reused), replayed=False)


def _render(op: UUID, result: OperationResult) -> str:
    members = {"op": str(op), "status": result.status.value, **result.details}
    return msgspec.json.encode(members).decode()
