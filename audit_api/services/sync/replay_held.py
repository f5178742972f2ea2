"""Try again what is held only because something had not arrived: a form, a kind, a standard."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from audit_api.domain.sync.operations import OperationResult
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.oversight.decide_quarantine import replay_alone
from audit_api.storage.base import Database, give_up
from audit_api.storage.sync import quarantine

log = structlog.get_logger()

ARRIVES = ("unknown-form", "unknown-kind", "no-standard-in-force")
"""Reasons that go away by themselves; an edit also follows its base when that was applied."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try came to. `result` is None when nothing was to be tried any more."""

    op: UUID
    result: OperationResult | None


def replay_held(
    database: Database, catalogs: CatalogKeeper, *, at: datetime, dry_run: bool = False
) -> Iterator[Tried]:
    """Try every such operation, each in a transaction of its own; those that follow, behind it.

    Repeating it is harmless. One that fails unforeseen is logged, and the others go on.
    """
    seen: set[UUID] = set()
    while True:
        with database.reading() as session:
            waiting = [op for op in quarantine.held_for(session, ARRIVES) if op not in seen]
        if not waiting:
            return
        for op in waiting:
            seen.add(op)
            try:
                with database.writing() as session:
                    result = replay_alone(session, op, catalogs=catalogs, at=at)
                    if dry_run:
                        give_up(session)
            except Exception:
                log.exception("replay_failed", op=str(op))
                continue
            yield Tried(op, result)
        if dry_run:
            return
