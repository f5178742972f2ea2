"""Lists of assignments, and where each stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import SITE_NAME, STATIONS, TERRITORY_NAME, AnyRow, Selection

FIRST_VISIT = """(select min(i.received_at) from inspection i
    where i.inspector_id = assignment.inspector_id and i.site_id = assignment.site_id
    and i.campaign_id = assignment.campaign_id and i.rev = 1
    and i.received_at >= assignment.assigned_at)"""
"""When the first inspection came that answers an assignment. A correction of an earlier visit
does not: only its first revision counts."""
_STATE = f"""case when assignment.withdrawn_at is not null then 'withdrawn'
    when {FIRST_VISIT} is not null then 'inspected'
    when assignment.due_on < :today then 'overdue' else 'open' end"""
_OWN = "assignment.inspector_id = :person"
_ASSIGNMENTS = f"""select json_build_object('id', assignment.id,
    'campaign', assignment.campaign_id, 'site', assignment.site_id, 'site_name', {SITE_NAME},
    'territory', territory.code, 'territory_name', {TERRITORY_NAME}, 'stations', {STATIONS},
    'inspector', inspector.username, 'inspector_name', inspector.full_name,
    'due_on', assignment.due_on, 'note', assignment.note, 'state', {_STATE},
    'inspected_at', {FIRST_VISIT}, 'assigned_by', assigner.full_name,
    'assigned_at', assignment.assigned_at, 'withdrawn_at', assignment.withdrawn_at,
    'withdrawn_by', (select full_name from person where person.id = assignment.withdrawn_by),
    'withdrawn_reason', assignment.withdrawn_reason)::text as doc,
    assignment.due_on, assignment.id
    from assignment join site on site.id = assignment.site_id
    join territory on territory.id = site.territory_id
    join person inspector on inspector.id = assignment.inspector_id
    join person assigner on assigner.id = assignment.assigned_by"""


@dataclass(frozen=True, slots=True)
class AssignmentFilter:
    """What the list may be narrowed by; None: not at all. `inspector` is a user name."""

    territories: frozenset[UUID] | None = None
    campaign: str | None = None
    site: UUID | None = None
    inspector: str | None = None
    state: str | None = None


def list_assignments(
    session: Session,
    scope: Scope,
    wanted: AssignmentFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Assignments in scope, first due first, as rows of (JSON text, due_on, id)."""
    chosen = Selection(scope, own=_OWN, today=today)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where("assignment.campaign_id = :campaign", campaign=wanted.campaign)
    chosen.where("assignment.site_id = :site", site=wanted.site)
    chosen.where("inspector.username = :inspector", inspector=wanted.inspector)
    chosen.where(f"({_STATE}) = :state", state=wanted.state)
    order = "assignment.due_on, assignment.id"
    chosen.after(order, after, ("date", "uuid"))
    return chosen.rows(session, _ASSIGNMENTS, order=order, limit=limit)


def find_assignments(
    session: Session, scope: Scope, ids: Sequence[UUID], *, today: date
) -> dict[UUID, str]:
    """Some assignments as JSON text by id; those outside the scope are left out."""
    chosen = Selection(scope, own=_OWN, today=today)
    chosen.where("assignment.id = any(:ids)", ids=list(ids))
    rows = chosen.rows(session, _ASSIGNMENTS, order="assignment.id", limit=len(ids))
    return {row[2]: row[0] for row in rows}
