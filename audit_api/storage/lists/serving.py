"""The violations that a prosecutor is about to serve, with everything that is said of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import SITE_NAME, TERRITORY_NAME, Selection
from audit_api.storage.lists.violations import CaseFilter, listed_violations, selected_violations

_ROW = f"""select json_build_object('violation', violation.id, 'rev', violation.rev,
    'state', violation.state, 'campaign', violation.campaign_id,
    'requirement', violation.requirement, 'standard', violation.standard,
    'edition', violation.edition, 'clause', violation.clause,
    'clause_hint', violation.clause_hint, 'confidence', violation.confidence,
    'weight', 'binding', 'severity', violation.severity, 'user_groups', violation.user_groups,
    'measured', violation.measured, 'tolerance', violation.tolerance,
    'required', violation.required, 'due_on', violation.current_due_on,
    'first_seen_at', violation.first_seen_at, 'last_seen_at', violation.last_seen_at,
    'inspection', violation.last_inspection_id, 'inspection_rev', violation.last_inspection_rev,
    'site', site.id, 'site_name', {SITE_NAME}, 'address', site.address,
    'building_status', site.building_status,
    'territory', territory.code, 'territory_name', {TERRITORY_NAME},
    'stations', (select coalesce(json_agg(st.number order by st.number), '[]'::json)
        from station st where st.site_id = site.id and st.campaign_id = violation.campaign_id),
    'element', element.id, 'element_type', element.type, 'element_label', element.label,
    'confirmation', (select json_build_object('decision', a.decision, 'reason', a.reason,
            'clause', a.clause, 'decided_by', p.full_name, 'decided_at', a.decided_at)
        from adjudication a join person p on p.id = a.decided_by
        where a.violation_id = violation.id and a.to_state = 'confirmed' order by a.n desc limit 1),
    'photos', violation.photos,
    'missing', (select coalesce(json_agg(p.hex order by p.hex), '[]'::json)
        from unnest(violation.photos) p (hex)
        where not exists (select from photo where photo.sha256 = decode(p.hex, 'hex'))))::text"""
_FROM = """
    from violation join site on site.id = violation.site_id
    join territory on territory.id = site.territory_id
    join element on element.id = violation.element_id"""
_ORDER = """territory.code, site.name_ru, site.id, element.type, element.label, element.id,
    violation.requirement, violation.id"""
_MOST_OF_TASK = 500
# Sites first, as whatever moves their cases does.
_HOLD_SITES = text("""select from site where id in (
    select site_id from violation where id = any(:violations)) order by id for share""")
_HOLD = text("select from violation where id = any(:violations) order by id for share")


def violations_to_serve(
    session: Session,
    scope: Scope,
    wanted: CaseFilter,
    *,
    picked: Collection[UUID] | None,
    limit: int,
    today: date,
    hold: bool,
) -> list[dict[str, Any]]:
    """What a list would say of each violation, place by place; one more than `limit`, if any.

    `picked`: those alone, ended ones too; None: all that have not ended. `missing`: the photos
    whose originals are not here. `hold`: until commit none of them moves.
    """
    chosen = selected_violations(scope, wanted, today)
    if picked is None:
        chosen.where("violation.ended_at is null")
    else:
        chosen.where("violation.id = any(:picked)", picked=list(picked))
    if hold:
        ids = chosen.rows(session, f"select violation.id{_FROM}", order="1", limit=limit)
        for lock in (_HOLD_SITES, _HOLD):
            session.execute(lock, {"violations": [row[0] for row in ids]})
    rows = chosen.rows(session, f"{_ROW}{_FROM}", order=_ORDER, limit=limit)
    return [msgspec.json.decode(row[0]) for row in rows]


def violations_to_print(
    session: Session, scope: Scope, wanted: CaseFilter, *, limit: int, today: date
) -> list[dict[str, Any]]:
    """What a list on a screen has, each as a list that is served would say it, place by place.

    One more than `limit`, if there are more.
    """
    chosen = listed_violations(scope, wanted, today)
    rows = chosen.rows(session, f"{_ROW}{_FROM}", order=_ORDER, limit=limit)
    return [msgspec.json.decode(row[0]) for row in rows]


def violations_of_task(
    session: Session, scope: Scope, task: UUID, today: date
) -> list[dict[str, Any]]:
    """The violations that a task is about, each as a list that is served would say it."""
    chosen = Selection(scope, own=None, today=today)
    chosen.where("violation.task_id = :task", task=task)
    rows = chosen.rows(session, f"{_ROW}{_FROM}", order=_ORDER, limit=_MOST_OF_TASK)
    return [msgspec.json.decode(row[0]) for row in rows]


@dataclass(frozen=True, slots=True)
class Place:
    """A territory as a letter names it."""

    id: UUID
    code: str
    name: dict[str, str]
    has_lsg: bool


_PLACE = text(f"""
    select territory.id, territory.code, {TERRITORY_NAME}, territory.has_lsg from territory
    where (territory.code = :code or territory.id = :id)
""")


def find_place(
    session: Session, today: date, *, code: str | None = None, territory: UUID | None = None
) -> Place | None:
    """The territory of a code or an id, with its names of that day; None if there is none."""
    values = {"code": code, "id": territory, "today": today}
    row = session.execute(_PLACE, values).one_or_none()
    return Place(*row) if row else None
