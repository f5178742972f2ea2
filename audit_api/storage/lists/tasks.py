"""Lists of remediation tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import (
    ADDRESS_AND_PLACE,
    SITE_NAME,
    STATIONS,
    TERRITORY_NAME,
    AnyRow,
    Selection,
)
from audit_api.storage.oversight.escalations import ESCALATED, ESCALATIONS_OF_TASK
from audit_api.storage.oversight.remediation import CHEAPNESS, ENDED_TASKS, OF_TASK
from audit_api.storage.places.election_day import NOTICES_OF_TASK

_LATE = f"""remediation_task.state not in ({ENDED_TASKS})
    and remediation_task.current_due_on < :today"""
# Asked for, and no deadline set since.
_ASKED = """e.task_id = remediation_task.id and e.move = 'ask_extension' and not exists (
    select from task_event later where later.task_id = e.task_id and later.n > e.n
    and later.move = 'set_deadline')"""
_TASKS = f"""select json_build_object('id', remediation_task.id, 'rev', remediation_task.rev,
    'site', remediation_task.site_id, 'site_name', {SITE_NAME}, 'territory', territory.code,
    'territory_name', {TERRITORY_NAME}, 'stations', {STATIONS}, {ADDRESS_AND_PLACE},
    'campaign', remediation_task.campaign_id, 'element', remediation_task.element_id,
    'element_type', element.type, 'element_label', element.label,
    'track', remediation_task.track, 'state', remediation_task.state,
    'due_on', remediation_task.due_on, 'current_due_on', remediation_task.current_due_on,
    'notices', {NOTICES_OF_TASK}, 'escalations', {ESCALATIONS_OF_TASK}, 'overdue', {_LATE},
    'priority', case when site.territory_id = any(:needs) then remediation_task.priority end,
    'assigned_at', remediation_task.assigned_at, 'cost_som', remediation_task.cost_som,
    'extension_asked', (select json_build_object('due_on', e.due_on, 'reason', e.reason,
        'by', p.full_name, 'at', e.at) from task_event e join person p on p.id = e.person_id
        where {_ASKED} order by e.n desc limit 1),
    'violations', (select coalesce(json_agg(json_build_object('id', v.id,
        'requirement', v.requirement, 'standard', v.standard, 'edition', v.edition,
        'clause', v.clause, 'clause_hint', v.clause_hint, 'confidence', v.confidence,
        'weight', 'binding', 'severity', v.severity, 'state', v.state, 'measured', v.measured,
        'tolerance', v.tolerance, 'recalled', null, 'required', v.required)
        order by v.first_seen_at, v.id), '[]'::json)
        from violation v where {OF_TASK}))::text as doc"""
_FROM = """from remediation_task join site on site.id = remediation_task.site_id
    join territory on territory.id = site.territory_id
    join element on element.id = remediation_task.element_id"""
_EVENTS = """(select coalesce(json_agg(json_build_object('move', e.move, 'from', e.from_state,
    'to', e.to_state, 'reason', e.reason, 'by', p.full_name, 'at', e.at, 'due_on', e.due_on,
    'cost_som', e.cost_som, 'photos', coalesce(e.photos, '[]'::json)) order by e.n), '[]'::json)
    from task_event e left join person p on p.id = e.person_id
    where e.task_id = remediation_task.id)::text"""
_DUE = "remediation_task.current_due_on, remediation_task.id"
_PRIORITY = f"remediation_task.priority, {CHEAPNESS}, remediation_task.id"


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
    track: str | None = None
    state: str | None = None
    overdue: bool | None = None
    escalated: str | None = None
    extension_asked: bool | None = None


def _selection(scope: Scope, needs: Scope, wanted: TaskFilter, today: date) -> Selection:
    chosen = Selection(scope, own=None, today=today, needs=list(needs.territories))
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where("remediation_task.campaign_id = :campaign", campaign=wanted.campaign)
    chosen.where("remediation_task.site_id = :site", site=wanted.site)
    chosen.where("remediation_task.track = :track", track=wanted.track)
    chosen.where("remediation_task.state = :state", state=wanted.state)
    chosen.where(f"({_LATE}) = :overdue", overdue=wanted.overdue)
    chosen.where(ESCALATED, escalated=wanted.escalated)
    asked = f"exists (select from task_event e where {_ASKED}) = :asked"
    chosen.where(asked, asked=wanted.extension_asked)
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
    """Tasks in scope as rows of (JSON text, the key of the order).

    By priority: only those whose priority the reader may see, by `needs`.
    """
    chosen = _selection(scope, needs, wanted, today)
    if order is TaskOrder.DUE:
        chosen.after(_DUE, after, ("date", "uuid"))
        return chosen.rows(session, f"{_TASKS}, {_DUE} {_FROM}", order=_DUE, limit=limit)
    chosen.where("site.territory_id = any(:needs)")
    chosen.after(_PRIORITY, after, ("numeric", "bigint", "uuid"), downwards=True)
    greatest = f"remediation_task.priority desc, {CHEAPNESS} desc, remediation_task.id desc"
    return chosen.rows(session, f"{_TASKS}, {_PRIORITY} {_FROM}", order=greatest, limit=limit)


def find_task(session: Session, scope: Scope, needs: Scope, task: UUID, today: date) -> str | None:
    """One task as JSON text, with its events; None outside the scope."""
    chosen = _selection(scope, needs, TaskFilter(), today)
    chosen.where("remediation_task.id = :id", id=task)
    whole = f"{_TASKS}, {_EVENTS} as events {_FROM}"
    rows = chosen.rows(session, whole, order="remediation_task.id", limit=1)
    return f'{rows[0][0][:-1]},"events":{rows[0][1]}}}' if rows else None
