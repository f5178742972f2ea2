"""Somebody asks for a file: noted, and a job for the worker, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import Fault, InvalidInput, NotFound, TooManyExports
from audit_api.services.exports.kinds_of_files import KINDS, Kind
from audit_api.services.named_places import campaign_known, site_in_scope, territories_in_scope
from audit_api.storage import exports
from audit_api.storage.jobs import enqueue

TASK: Final = "make_export"
MOST_AT_ONCE: Final = 10
"""Files that wait or are being made, of one person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. `filters` of a list, or `subject`: the id of one thing."""

    kind: str
    format: str
    language: str
    filters: Mapping[str, Any]
    subject: UUID | None


def ask_export(
    session: Session, actor: Actor, asked: Asked, *, base_url: str, at: datetime
) -> UUID:
    """Note it and let the worker make it; returns its id.

    Raises NotFound for what lies outside the grants, InvalidInput for what the kind does not take,
    TooManyExports.
    """
    kind = KINDS[asked.kind]
    scope = scope_of(actor, kind.noun)
    if scope.empty:
        raise NotFound
    _refuse_unfit(kind, asked)
    _refuse_outside(session, scope, kind, asked, at)
    if exports.count_going(session, actor.person) >= MOST_AT_ONCE:
        raise TooManyExports(
            f"{MOST_AT_ONCE} files are being made for you. Fetch them, then ask again.",
            extra={"retry_after": 10},
        )
    told = {"filters": dict(asked.filters), "id": asked.subject and str(asked.subject)}
    export = exports.add_export(
        session,
        actor.person,
        kind=asked.kind,
        file_format=asked.format,
        language=asked.language,
        asked=told,
        base_url=base_url,
        at=at,
    )
    enqueue(session, TASK, lock=f"export {export}", export=str(export))
    return export


def _refuse_unfit(kind: Kind, asked: Asked) -> None:
    if asked.format not in kind.makers:
        raise _refused("/format", f"{asked.kind} comes as {', '.join(kind.makers)}.")
    if kind.find is not None:
        if asked.subject is None:
            raise _refused("/id", f"Say which: a file of the kind {asked.kind} is of one thing.")
        if asked.filters:
            raise _refused("/filters", f"A file of the kind {asked.kind} takes an id, no filters.")
        return
    if asked.subject is not None:
        raise _refused("/id", f"A file of the kind {asked.kind} takes filters, no id.")
    for name in sorted(set(asked.filters) - set(kind.filters)):
        raise _refused(
            f"/filters/{name}", f"{asked.kind} takes {', '.join(kind.filters)}; leave {name} out."
        )
    for name in kind.needed:
        if name not in asked.filters:
            raise _refused(f"/filters/{name}", f"{asked.kind} needs it.")


def _refuse_outside(session: Session, scope: Scope, kind: Kind, asked: Asked, at: datetime) -> None:
    day = today(at)
    if kind.find is not None:
        if kind.find(session, scope, asked.subject, day) is None:  # type: ignore[arg-type]
            raise NotFound
        return
    site = asked.filters.get("site")
    campaign_known(session, scope, asked.filters.get("campaign"))
    site_in_scope(session, scope, None if site is None else UUID(site))
    territories_in_scope(session, scope, asked.filters.get("territory"), day)


def _refused(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, faults=[Fault(pointer, detail)])
