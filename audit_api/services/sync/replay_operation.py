"""Carry out a held operation, as if it had come only now, on somebody's authority."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.sync.operations import (
    Authority,
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.sync.reading_operations import read_kept
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.law.catalogs import CatalogKeeper, CatalogMoved
from audit_api.services.sync.kinds import KINDS
from audit_api.services.sync.push_operation import check_base
from audit_api.storage.sync import quarantine
from audit_api.storage.sync.quarantine import Held
from field_schema.catalog import Catalog

SETTLED: Final = quarantine.APPLIED | {OperationStatus.CONFLICT}
"""What a replay comes to when it was not in vain; a conflict waits in a review from then on."""


def kept_operation(held: Held) -> ReceivedOperation:
    """What was handed in, read from its bytes again, with the clocks as they were judged then."""
    return replace(
        read_kept(held.raw, channel=held.channel),
        op=held.op,
        not_before=held.not_before,
        not_after=held.not_after,
        clock_off=held.clock_off,
    )


def replay_operation(
    session: Session,
    owner: Actor,
    authority: Authority,
    operation: ReceivedOperation,
    *,
    catalogs: CatalogKeeper,
    at: datetime,
) -> OperationResult:
    """Apply an operation by the catalog of today, or say why it cannot be; the author stays."""
    try:
        return _replay(session, owner, authority, operation, catalogs.current(session), at)
    except CatalogMoved:
        # Something became law while the site was waited for; it is held now.
        return _replay(session, owner, authority, operation, catalogs.current(session), at)


def _replay(
    session: Session,
    owner: Actor,
    authority: Authority,
    operation: ReceivedOperation,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    if operation.faults:
        return rejected(operation.faults)
    kind = KINDS.get(operation.kind or "")
    if kind is None:
        return quarantined(
            "unknown-kind",
            f"This server does not know operations of kind {operation.kind!r} yet; kept.",
        )
    meaning = kind.read(owner, operation, catalog)
    if isinstance(meaning, OperationResult):
        return meaning
    waits = check_base(session, operation)
    if waits is not None:
        return waits
    situation = kind.look(session, operation, meaning)
    return kind.apply(
        session, owner, authority, operation, meaning, situation, catalog=catalog, at=at
    )
