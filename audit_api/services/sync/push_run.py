"""Take in a run of new inspections of different sites together: one transaction for all of them.

Nothing is lost or blocked by it: whatever does not go smoothly undoes the run, and each operation
then goes alone (docs/decisions/0024). Exactly-once stays a matter of each operation's own row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain import deadlines
from audit_api.domain.access import Actor
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.sync.operations import Authority, Entry, OperationResult, ReceivedOperation
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.sync.accept_inspection import (
    Changed,
    photo_hashes,
    publish,
    store_inspection,
)
from audit_api.services.sync.kinds import KINDS
from audit_api.services.sync.push_operation import PushAnswer, facts_of, receipt_of, render
from audit_api.storage.base import give_up
from audit_api.storage.sync import operations, situations
from field_schema.catalog import Catalog
from field_schema.inspection import Inspection

LONGEST: Final = 25
"""Sites are held until the run commits, a few hundredths of a second."""
_KIND: Final = "inspection"


@dataclass(frozen=True, slots=True)
class RunItem:
    """A new inspection that needs nothing of another operation."""

    operation: ReceivedOperation
    inspection: Inspection
    entity: UUID


def run_item(actor: Actor, operation: ReceivedOperation, catalog: Catalog) -> RunItem | None:
    """The operation as a member of a run; None when it goes alone."""
    if (
        operation.kind != _KIND
        or operation.faults
        or operation.base is not None
        or operation.group is not None
        or operation.entity is None
        or actor.device_revoked
    ):
        return None
    meaning = KINDS[_KIND].read(actor, operation, catalog)
    if not isinstance(meaning, Inspection):
        return None
    return RunItem(operation, meaning, operation.entity)


class Run:
    """Gathers operations as long as they are independent of each other."""

    def __init__(self) -> None:
        self.items: list[RunItem] = []
        self._taken: set[UUID] = set()

    def take(self, item: RunItem) -> bool:
        """Add one; False when it shares something with an earlier one, or the run is full."""
        names = {item.operation.op, item.entity, item.inspection.site}
        names |= {element.id for element in item.inspection.elements}
        if len(self.items) >= LONGEST or not self._taken.isdisjoint(names):
            return False
        self._taken |= names
        self.items.append(item)
        return True


def push_run(
    session: Session,
    actor: Actor,
    run: Sequence[RunItem],
    *,
    catalog: Catalog,
    signer: Signer,
    at: datetime,
) -> list[PushAnswer] | None:
    """Apply all in one transaction; None, and nothing done, unless every one was applied."""
    claim = operations.claim_all(session, [item.operation.op for item in run])
    asked = situations.ask_situations(
        session,
        inspections=[item.entity for item in run],
        visited=[(item.inspection.site, item.inspection.campaign) for item in run],
        milestone=deadlines.REPAIR_MILESTONE,
        elements=[e.id for item in run for e in item.inspection.elements],
        photos=[sha256 for item in run for sha256 in photo_hashes(item.inspection)],
    )
    if not operations.is_claimed(claim) or situations.any_is_known(asked):
        give_up(session)
        return None
    sites = situations.sites_facts(asked)
    state = situations.state_of_all(asked)
    authority = Authority(KINDS[_KIND].scope(actor))
    done: list[tuple[ReceivedOperation, OperationResult]] = []
    changes: list[Changed] = []
    for item in run:
        result, changed = store_inspection(
            session,
            actor,
            authority,
            item.operation,
            item.inspection,
            sites.get((item.inspection.site, item.inspection.campaign)),
            situations.only(state, (e.id for e in item.inspection.elements)),
            catalog=catalog,
            at=at,
        )
        if changed is None:
            give_up(session)
            return None
        done.append((item.operation, result))
        changes.append(changed)
    publish(session, changes)
    return _settle(session, actor, done, signer, at)


def _settle(
    session: Session,
    actor: Actor,
    done: Iterable[tuple[ReceivedOperation, OperationResult]],
    signer: Signer,
    at: datetime,
) -> list[PushAnswer]:
    rows, answers = [], []
    logged: list[Entry] = []
    for operation, result in done:
        text = render(operation, result, receipt_of(operation, result, signer, at))
        rows.append((facts_of(actor, operation), text))
        logged += result.logged
        answers.append(PushAnswer(text, True, tuple(result.details["need_photos"])))
    operations.settle_all(session, rows, OperationStatus.APPLIED, logged, at)
    return answers
