"""Decide on what is held back: release, repair, refuse; and what follows from it.

One transaction for a decision and all that it lets through. Twin decisions wait for each other at
the operation; the second is told what the first one was.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import (
    AlreadyDecided,
    BytesChanged,
    Fault,
    FourEyes,
    NotFound,
    StillHeld,
)
from audit_api.domain.sync.mending import Mending, mended
from audit_api.domain.sync.operations import Authority, OperationResult
from audit_api.domain.vocabulary import OperationStatus, QuarantineDecision
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.sync.kinds import KINDS
from audit_api.services.sync.replay_operation import SETTLED, kept_operation, replay_operation
from audit_api.storage import audit_log, people
from audit_api.storage.sync import feed, quarantine
from audit_api.storage.sync.quarantine import Held, Settled


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decides on a held operation, and why; with `mending`: repaired."""

    decision: QuarantineDecision
    reason: str
    mending: Mending | None = None


def decide_quarantine(
    session: Session,
    decider: Actor,
    scope: Scope,
    op: UUID,
    verdict: Verdict,
    *,
    catalogs: CatalogKeeper,
    at: datetime,
) -> None:
    """Settle a held operation by a person's word; what it lets through is applied with it.

    Raises AlreadyDecided, FourEyes, BytesChanged, and StillHeld when it cannot be applied even
    now: then nothing may be committed.
    """
    group = quarantine.together(session, op)
    # In one order for everybody: two may decide on two operations of one group at once.
    settled = {member: quarantine.claim(session, member) for member in sorted(group)}
    before = settled.get(op)
    if before is not None:
        raise _already(before)
    held = of_kept(session, op)
    if held.owner == decider.person:
        raise FourEyes("You made this operation. Ask another technical supervisor to decide on it.")
    if verdict.decision is QuarantineDecision.REFUSED:
        _write(session, held, verdict, decider.person, None, at)
        return
    release = Verdict(QuarantineDecision.RELEASED, verdict.reason)
    let_in = [member for member in group if settled[member] is None]
    for member in let_in:
        _let_in(
            session,
            decider,
            scope,
            of_kept(session, member),
            verdict if member == op else release,
            catalogs,
            at,
        )
    let_followers_in(session, decider, scope, let_in, verdict.reason, catalogs, at)


def let_followers_in(
    session: Session,
    decider: Actor,
    scope: Scope,
    let_in: list[UUID],
    reason: str,
    catalogs: CatalogKeeper,
    at: datetime,
) -> None:
    """What only waited for these is released with them; what has a reason of its own stays."""
    release = Verdict(QuarantineDecision.RELEASED, reason)
    followers = [op for base in let_in for op in quarantine.waiting_for(session, base)]
    while followers:
        op = followers.pop(0)
        if quarantine.claim(session, op) is not None:
            continue
        with suppress(StillHeld), session.begin_nested():
            _let_in(session, decider, scope, of_kept(session, op), release, catalogs, at)
            followers += quarantine.waiting_for(session, op)


def _let_in(
    session: Session,
    decider: Actor,
    scope: Scope,
    held: Held,
    verdict: Verdict,
    catalogs: CatalogKeeper,
    at: datetime,
) -> None:
    """Carry out a held operation on a person's authority; StillHeld when it cannot be."""
    # The author stays who handed it in; what is wrong is told to who asked.
    owner = replace(
        people.owner_of_device(session, held.device, today(at)), language=decider.language
    )
    operation = kept_operation(held)
    if verdict.mending is not None:
        operation = mended(operation, verdict.mending)
    authority = Authority(scope, released_by=decider.person)
    result = replay_operation(session, owner, authority, operation, catalogs=catalogs, at=at)
    if result.status not in SETTLED:
        raise still_held(held.op, result)
    _write(session, held, verdict, decider.person, result, at)


def replay_alone(
    session: Session, op: UUID, *, catalogs: CatalogKeeper, at: datetime
) -> OperationResult | None:
    """Try a held operation again without a person: what was missing may have arrived.

    On its owner's own authority. None when there is nothing to try any more: somebody decided, or
    the device was revoked since. A try in vain is written down only if it says something new.
    """
    if quarantine.claim(session, op) is not None:
        return None
    held = of_kept(session, op)
    owner = people.owner_of_device(session, held.device, today(at))
    operation = kept_operation(held)
    kind = KINDS.get(operation.kind or "")
    if owner.device_revoked or kind is None:
        return None
    authority = Authority(kind.scope(owner))
    result = replay_operation(session, owner, authority, operation, catalogs=catalogs, at=at)
    told = (held.status, held.result.get("reason"))
    if (result.status.value, result.details.get("reason")) != told:
        verdict = Verdict(QuarantineDecision.REPLAYED, "")
        _write(session, held, verdict, None, result, at)
    return result


def _already(settled: Settled) -> AlreadyDecided:
    who = settled.decided_by or "the system"
    return AlreadyDecided(
        f"{who} decided on it before: {settled.decision}. Read it again; what was decided stands.",
        extra={
            "decision": settled.decision,
            "decided_by": settled.decided_by,
            "decided_at": settled.decided_at.isoformat(),
            "reason": settled.reason,
        },
    )


def of_kept(session: Session, op: UUID) -> Held:
    """A held operation whose bytes are those handed in. Raises NotFound, BytesChanged."""
    held = quarantine.find_held(session, op)
    if held is None:
        raise NotFound
    if hashlib.sha256(held.raw).digest() != held.envelope_sha256:
        raise BytesChanged(
            f"The bytes kept of operation {op} do not hash to what was handed in. Nothing was "
            "decided. Restore them from a backup, and find out who changed them."
        )
    return held


def still_held(op: UUID, result: OperationResult) -> StillHeld:
    """The refusal of a replay that came to nothing, with every reason."""
    details = result.details
    faults = [Fault(p["pointer"], p["detail"], p["code"]) for p in details.get("problems", ())]
    if result.status is OperationStatus.REJECTED:
        told = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:5])
        detail = f"Nothing was changed. {told}. Repair the body, or refuse it."
    else:
        detail = f"Nothing was changed. {details['detail']}"
    extra: dict[str, Any] = {"op": str(op), "outcome": result.status.value}
    if "reason" in details:
        extra["reason"] = details["reason"]
    return StillHeld(detail, faults=faults, extra=extra)


def _write(
    session: Session,
    held: Held,
    verdict: Verdict,
    person: UUID | None,
    result: OperationResult | None,
    at: datetime,
) -> None:
    mending = verdict.mending
    members = None
    if mending is not None and mending.members:
        members = msgspec.json.decode(msgspec.json.encode(mending.members))
    quarantine.decide(
        session,
        {
            "op": held.op,
            "decision": verdict.decision.value,
            "reason": verdict.reason or None,
            "decided_by": person,
            "decided_at": at,
            "body": mending.body_bytes if mending else None,
            "body_sha256": mending.sha256 if mending else None,
            "mended": members,
            "status": result.status.value if result else None,
            "result": dict(result.details) if result else None,
        },
    )
    audit_log.record_all(session, result.logged if result else ())
    audit_log.record(
        session,
        f"quarantine_{verdict.decision.value}",
        held.op,
        at=at,
        person=person,
        outcome=result.status.value if result else None,
        sha256=held.envelope_sha256.hex(),
        body_sha256=mending.sha256.hex() if mending else None,
    )
    feed.publish(session, held=[held.op])
