"""Take in one operation, exactly once: claim its id, apply it, write the result.

One transaction holds all of it; the view opens it and commits. A twin that runs at the same time
waits at the claim and then answers the stored result.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.evidence.receipts import signed_receipt
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.sync.operations import (
    Authority,
    Entry,
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.sync.hold_operation import hold_operation
from audit_api.services.sync.kinds import KINDS
from audit_api.storage.base import Answered, give_up
from audit_api.storage.sync import operations, quarantine
from field_schema.catalog import Catalog


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """The result as JSON text, and which announced photos are still wanted (hex).

    `kept` is False for an operation that has to come again: nothing of it is stored.
    """

    result: str
    kept: bool
    need_photos: tuple[str, ...] = ()


def push_operation(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    *,
    catalog: Catalog,
    signer: Signer,
    at: datetime,
    meaning: Any = None,
) -> PushAnswer | None:
    """Apply `operation` of the actor's device; None when its id was taken: see `answer_again`.

    `meaning` is what its kind reads in it, if that was done before.

    Nothing handed in is refused into the void: what cannot be applied is kept with its bytes.
    Raises only what makes the whole transaction be tried again (a lost connection, a deadlock).
    The session may be a pipelining one: everything is asked before the first answer is awaited.
    """
    claim = operations.claim(session, operation.op)
    result = decide(session, actor, operation, claim, catalog, at, meaning)
    return None if result is None else settle(session, actor, operation, result, signer, at)


def decide(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    claim: Answered | None,
    catalog: Catalog,
    at: datetime,
    meaning: Any = None,
) -> OperationResult | None:
    """What becomes of an operation, carried out but for its own row; None when its id was taken.

    `claim` is None when that is known already.
    """
    if meaning is None:
        meaning = _read(actor, operation, catalog)
    kind = KINDS.get(operation.kind or "")
    if kind is None or isinstance(meaning, OperationResult):
        taken = claim is not None and not operations.is_claimed(claim)
        return None if taken else meaning
    situation = kind.look(session, operation, meaning)
    if claim is not None and not operations.is_claimed(claim):
        return None
    waits = check_base(session, operation)
    if waits is not None:
        return waits
    authority = Authority(kind.scope(actor))
    return kind.apply(
        session, actor, authority, operation, meaning, situation, catalog=catalog, at=at
    )


def answer_again(
    session: Session, actor: Actor, operation: ReceivedOperation, *, at: datetime
) -> PushAnswer:
    """What became of an operation before; other bytes under its id are kept and told so."""
    device, envelope, result = operations.stored_result(session, operation.op)
    facts = facts_of(actor, operation)
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
    return PushAnswer(render(operation, reused, None), kept=True)


def _read(actor: Actor, operation: ReceivedOperation, catalog: Catalog) -> Any:
    """What can be said of an operation without the database: its meaning, or a result."""
    if operation.faults:
        return rejected(operation.faults)
    if actor.device_revoked:
        return quarantined("device-revoked", "This device is revoked; what it hands in is kept.")
    kind = KINDS.get(operation.kind or "")
    if kind is None:
        return quarantined(
            "unknown-kind",
            f"This server does not know operations of kind {operation.kind!r} yet; kept.",
        )
    return kind.read(actor, operation, catalog)


def check_base(session: Session, operation: ReceivedOperation) -> OperationResult | None:
    """What keeps the edit of an earlier operation waiting; None when that one was applied."""
    earlier = (operation.base or {}).get("op")
    if earlier is None:
        return None
    status = quarantine.standing(session, earlier)
    if status is None:
        return OperationResult(OperationStatus.BLOCKED, {"waits_for": str(earlier)})
    if status in quarantine.APPLIED:
        return None
    return quarantined(
        "base-not-applied",
        f"It edits operation {earlier}, which is not applied itself. Kept; it follows that one.",
    )


def settle(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    result: OperationResult,
    signer: Signer,
    at: datetime,
) -> PushAnswer:
    """Write an operation with what became of it; one that has to come again is undone."""
    if result.status is OperationStatus.BLOCKED:
        give_up(session)
        return PushAnswer(render(operation, result, None), kept=False)
    rendered = render(operation, result, receipt_of(operation, result, signer, at))
    applied = result.status is OperationStatus.APPLIED and operation.kind == "inspection"
    held_elsewhere = applied and "unchanged" not in result.details
    raw = None if held_elsewhere else operation.raw
    logged = result.logged
    if result.status is not OperationStatus.APPLIED:
        kept = {"sha256": operation.raw_sha256.hex()}
        entry = Entry(result.status.value, str(operation.op), at, actor.person, actor.device, kept)
        logged = (*logged, entry)
    facts = facts_of(actor, operation)
    operations.settle(session, facts, result.status, rendered, raw, logged, at)
    if result.status in quarantine.HELD:
        hold_operation(session, operation, result)
    return PushAnswer(rendered, True, tuple(result.details.get("need_photos", ())))


def facts_of(actor: Actor, operation: ReceivedOperation) -> operations.OperationFacts:
    """What is kept of an operation, whatever becomes of it."""
    if actor.device is None:
        raise TypeError("only a device pushes")
    return operations.OperationFacts(
        op=operation.op,
        device=actor.device,
        seq=operation.seq,
        kind=operation.kind,
        entity=operation.entity,
        sha256=operation.body_sha256,
        envelope_sha256=operation.raw_sha256,
        prev_sha256=operation.prev_sha256,
        wall=operation.wall,
        mono_ms=operation.mono_ms,
        boot=operation.boot,
        not_before=operation.not_before,
        not_after=operation.not_after,
        clock_off=operation.clock_off,
    )


def receipt_of(
    operation: ReceivedOperation, result: OperationResult, signer: Signer, at: datetime
) -> dict[str, Any]:
    """The signed word that an operation is here, whatever became of it."""
    made = result.status in (OperationStatus.APPLIED, OperationStatus.MERGED)
    return signed_receipt(
        signer,
        op=operation.op,
        id=operation.entity,
        rev=result.details.get("rev") if made else None,
        sha256=operation.body_sha256,
        size=len(operation.body_bytes),
        photos_held=sorted(result.photos_held),
        received_at=at,
    )


def render(
    operation: ReceivedOperation, result: OperationResult, receipt: dict[str, Any] | None
) -> str:
    """A result as JSON text, as it is answered and kept."""
    members = {"op": str(operation.op), "status": result.status.value, **result.details}
    if receipt is not None:
        members["receipt"] = receipt
    return msgspec.json.encode(members).decode()
