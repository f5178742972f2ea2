"""Look for signs that inspections were made up: each revision once, and again as photos come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.orm import Session

from audit_api.domain.oversight.fabrication import (
    LEAST_BITS,
    Flag,
    Thresholds,
    alike_photo,
    impossible_travel,
    mirrored,
    same_measurements,
    same_photo,
    single_flags,
    tells_something,
)
from audit_api.domain.oversight.measured import MeasuredElement, measured_elements
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.storage.base import Database
from audit_api.storage.oversight import fabrication, fabrication_facts
from audit_api.storage.oversight.fabrication import DueRevision
from audit_api.storage.oversight.fabrication_facts import Revision
from field_schema.catalog import Catalog
from field_schema.inspection import read_inspection

log = structlog.get_logger()
_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Checked:
    """A revision that was looked at, and how many flags are new, at others too."""

    inspection: UUID
    rev: int
    found: int


def check_fabrication(
    database: Database,
    catalogs: CatalogKeeper,
    limits: Thresholds,
    *,
    now: Callable[[], datetime],
) -> Iterator[Checked]:
    """Look at what is due until nothing is; each revision in a transaction of its own.

    Repeating it is harmless. One that fails unforeseen is logged, and the others go on.
    """
    last: DueRevision | None = None
    while True:
        with database.reading() as session:
            catalog = catalogs.current(session)
            due = fabrication.due_revisions(session, after=last, limit=_PAGE)
        for last in due:
            try:
                with database.writing() as session:
                    found = _check(session, last, catalog, limits, at=now())
            except Exception:
                log.exception("fabrication_check_failed", inspection=str(last.inspection))
                continue
            if found is not None:
                yield Checked(last.inspection, last.rev, found)
        if len(due) < _PAGE:
            return


def _check(
    session: Session, due: DueRevision, catalog: Catalog, limits: Thresholds, *, at: datetime
) -> int | None:
    fabrication.hold_checks(session)
    revision = fabrication_facts.find_revision(session, due)
    if revision is None:
        return None
    measured = measured_elements(read_inspection(msgspec.json.decode(revision.body), catalog))
    flags = list(single_flags(revision.visit, revision.photos, limits))
    for pair in _pairs(session, revision, measured, limits):
        flags += [pair, mirrored(pair)]
    found = fabrication.add_flags(session, flags, at=at)
    fabrication.note_check(
        session,
        revision.visit.side,
        announced=len(revision.announced),
        examined=len(revision.photos),
        measured=measured,
        at=at,
    )
    return found


def _pairs(
    session: Session, revision: Revision, measured: list[MeasuredElement], limits: Thresholds
) -> Iterator[Flag]:
    same = fabrication_facts.same_elsewhere(session, revision)
    for side in revision.announced:
        if side.photo is not None:
            yield from (same_photo(side, other) for other in same.get(side.photo, ()))
    yield from _alike(session, revision, limits)
    for visit in fabrication_facts.visits_beside(session, revision):
        yield from impossible_travel(revision.visit, visit, limits)
    yield from _same_measured(session, revision, measured, limits)


def _alike(session: Session, revision: Revision, limits: Thresholds) -> Iterator[Flag]:
    telling = [p for p in revision.photos if p.dhash is not None and tells_something(p.dhash)]
    if not telling:
        return
    found = fabrication_facts.alike_elsewhere(
        session,
        revision,
        [photo.dhash for photo in telling if photo.dhash is not None],
        bits=limits.alike_bits,
        least=LEAST_BITS,
    )
    for photo in telling:
        for other in found.get(photo.dhash or 0, ()):
            yield from alike_photo(photo, other, limits)


def _same_measured(
    session: Session, revision: Revision, measured: list[MeasuredElement], limits: Thresholds
) -> Iterator[Flag]:
    by_digest = {one.digest: one for one in measured if one.values >= limits.equal_values}
    if not by_digest:
        return
    for digest, other in fabrication_facts.same_measured(session, revision, list(by_digest)):
        mine = by_digest[digest]
        side = replace(revision.visit.side, element=mine.element)
        yield from same_measurements(side, other, mine.type, mine.values, limits)
