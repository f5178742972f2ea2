"""Lists of remediation tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.election_day import NOTICES_OF_TASK
from audit_api.storage.escalations import ESCALATED, ESCALATIONS_OF_TASK
from audit_api.storage.lists.selection import SITE_NAME, STATIONS, TERRITORY_NAME, AnyRow, Selection

_LATE = "remediation_task.state <> 'verified' and remediation_task.current_due_on < :today"
_TASKS = f"""select json_build_object('id', remediation_task.id, 'rev', remediation_task.rev,
    'site', remediation_task.site_id, 'site_name', {SITE_NAME}, 'territory', territory.code,
    'territory_name', {TERRITORY_NAME}, 'stations', {STATIONS},
    'campaign', remediation_task.campaign_id, 'element', remediation_task.element_id,
    'element_type', element.type, 'element_label', element.label,
    'track', remediation_task.track, 'state', remediation_task.state,
    'due_on', remediation_task.due_on, 'notices', {NOTICES_OF_TASK},
    'escalations', {ESCALATIONS_OF_TASK}, 'overdue', {_LATE},
    'assigned_at', remediation_task.assigned_at,
    'priority', case when site.territory_id = any(:needs) then remediation_task.priority end,
    'violations', (select coalesce(json_agg(json_build_object('id', v.id,
        'requirement', v.requirement, 'standard', v.standard, 'edition', v.edition,
        'clause', v.clause, 'clause_hint', v.clause_hint, 'confidence', v.confidence,
        'weight', 'binding', 'severity', v.severity, 'state', v.state, 'measured', v.measured,
        'tolerance', v.tolerance, 'recalled', null, 'required', v.required)
        order by v.first_seen_at, v.id), '[]'::json)
        from violation v where v.task_id = remediation_task.id))::text as doc"""
_FROM = """from remediation_task join site on site.id = remediation_task.site_id
    join territory on territory.id = site.territory_id
    join element on element.id = remediation_task.element_id"""
_DUE = "remediation_task.current_due_on, remediation_task.id"
_PRIORITY = "remediation_task.priority, remediation_task.id"


class TaskOrder(StrEnum):
    """What stands first: what is due first, or what matters most."""

    DUE = "due"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    campaign: str | None = None
    site: UUID | None = None
    state: str | None = None
    overdue: bool | None = None
    escalated: str | None = None


def _selection(scope: Scope, needs: Scope, wanted: TaskFilter, today: date) -> Selection:
    chosen = Selection(scope, own=None, today=today, needs=list(needs.territories))
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where("remediation_task.campaign_id = :campaign", campaign=wanted.campaign)
    chosen.where("remediation_task.site_id = :site", site=wanted.site)
    chosen.where("remediation_task.state = :state", state=wanted.state)
    chosen.where(f"({_LATE}) = :overdue", overdue=wanted.overdue)
    chosen.where(ESCALATED, escalated=wanted.escalated)
    return chosen


def list_tasks(
    session: Session,
    scope: Scope,
    wanted: TaskFilter,
    *,
    needs: Scope,
    order: TaskOrder = TaskOrder.DUE,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Tasks in scope as rows of (JSON text, due_on or priority, id).

    By priority: only those whose priority the reader may see, by `needs`.
    """
    chosen = _selection(scope, needs, wanted, today)
    if order is TaskOrder.DUE:
        chosen.after(_DUE, after, ("date", "uuid"))
        return chosen.rows(session, f"{_TASKS}, {_DUE} {_FROM}", order=_DUE, limit=limit)
    chosen.where("site.territory_id = any(:needs)")
    chosen.after(_PRIORITY, after, ("numeric", "uuid"), downwards=True)
    greatest = "remediation_task.priority desc, remediation_task.id desc"
    return chosen.rows(session, f"{_TASKS}, {_PRIORITY} {_FROM}", order=greatest, limit=limit)


def find_task(session: Session, scope: Scope, needs: Scope, task: UUID, today: date) -> str | None:
    """One task as JSON text; None outside the scope."""
    chosen = _selection(scope, needs, TaskFilter(), today)
    chosen.where("remediation_task.id = :id", id=task)
    rows = chosen.rows(session, f"{_TASKS} {_FROM}", order="remediation_task.id", limit=1)
    return rows[0][0] if rows else None
