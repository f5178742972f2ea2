"""Take in a group of operations: all of them in one transaction, or none.

A group that cannot be applied is told operation by operation: the one that is at fault gets its
own status and is kept. The others stay on the tablet while it can mend the fault; when only a
person here can (quarantine, a conflict), they are kept in quarantine beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import Fault
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.sync.operations import (
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.sync.push_operation import PushAnswer, decide, settle
from audit_api.storage.base import ask, give_up
from audit_api.storage.sync import operations
from field_schema.catalog import Catalog

_APPLIED = (OperationStatus.APPLIED, OperationStatus.MERGED)
_FOR_A_PERSON = (OperationStatus.QUARANTINED, OperationStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class GroupRefused:
    """Why a group was undone: its operation number `at_fault` and what became of that one.

    `result` is None when that operation was handed in before, and kept as `status`.
    """

    at_fault: int
    status: OperationStatus
    result: OperationResult | None


def push_group(
    session: Session,
    actor: Actor,
    group: Sequence[ReceivedOperation],
    *,
    catalog: Catalog,
    signer: Signer,
    at: datetime,
) -> list[PushAnswer | None] | GroupRefused:
    """Apply all; an answer is None where the id was taken and applied before (`answer_again`)."""
    # In one order for everybody: the same group may come on two connections at once.
    claims = {
        operation.op: operations.claim(session, operation.op)
        for operation in sorted(group, key=lambda operation: operation.op)
    }
    answers: list[PushAnswer | None] = []
    for n, operation in enumerate(group):
        if not operations.is_claimed(claims[operation.op]):
            status = operations.stored_status(session, operation.op)
            if status not in _APPLIED:
                give_up(session)
                return GroupRefused(n, status, None)
            answers.append(None)
            continue
        result = decide(session, actor, operation, None, catalog, at)
        if result is None:
            raise TypeError("what is claimed is decided")
        if result.status not in _APPLIED:
            give_up(session)
            return GroupRefused(n, result.status, result)
        answers.append(settle(session, actor, operation, result, signer, at))
    return answers


def push_at_fault(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    found: OperationResult,
    *,
    catalog: Catalog,
    signer: Signer,
    at: datetime,
) -> PushAnswer | None:
    """Keep the operation that was at fault in its group; None when its id was taken meanwhile."""
    claim = operations.claim(session, operation.op)
    if not operations.is_claimed(claim):
        return None
    if found.status is OperationStatus.CONFLICT:
        # What a conflict leaves for a person was undone with the group: once more, alone.
        ask(session, "savepoint alone", {})
        again = decide(session, actor, operation, None, catalog, at)
        if again is None:
            raise TypeError("what is claimed is decided")
        if again.status in _APPLIED:
            ask(session, "rollback to savepoint alone", {})
            again = rejected(
                [
                    Fault(
                        "/group",
                        "It contradicts another operation of its group: "
                        f"{found.details.get('detail', found.status.value)} "
                        "Hand them in without a group, or mend one of them.",
                        "group",
                    )
                ]
            )
        found = again
    return settle(session, actor, operation, found, signer, at)


def push_beside(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    refused: GroupRefused,
    at_fault: ReceivedOperation,
    *,
    signer: Signer,
    at: datetime,
) -> PushAnswer | None:
    """What becomes of another operation of a refused group; None when its id was taken."""
    claim = operations.claim(session, operation.op)
    if not operations.is_claimed(claim):
        return None
    waits = {"waits_for": str(at_fault.op)}
    if refused.status in _FOR_A_PERSON:
        kept = quarantined(
            "group",
            f"Its group holds operation {at_fault.op}, on which a person has to decide; "
            "kept beside it.",
        )
        result = OperationResult(kept.status, {**kept.details, **waits})
    else:
        result = OperationResult(OperationStatus.BLOCKED, {**waits, "reason": "group"})
    return settle(session, actor, operation, result, signer, at)
