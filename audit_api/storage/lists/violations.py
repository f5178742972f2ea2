"""Lists of violations and recommendations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import SITE_NAME, TERRITORY_NAME, AnyRow, Selection

_COMMON = f"""
    'site', {{case}}.site_id, 'site_name', {SITE_NAME}, 'territory', territory.code,
    'territory_name', {TERRITORY_NAME}, 'campaign', {{case}}.campaign_id,
    'stations', (select coalesce(json_agg(json_build_object('number', st.number,
        'constituency', st.constituency_number) order by st.number), '[]'::json) from station st
        where st.site_id = site.id and st.campaign_id = {{case}}.campaign_id),
    'element', {{case}}.element_id, 'element_type', element.type, 'element_label', element.label,
    'requirement', {{case}}.requirement, 'standard', {{case}}.standard,
    'edition', {{case}}.edition, 'clause', {{case}}.clause, 'clause_hint', {{case}}.clause_hint,
    'confidence', {{case}}.confidence, 'weight', '{{weight}}', 'severity', {{case}}.severity,
    'user_groups', {{case}}.user_groups, 'measured', {{case}}.measured,
    'required', {{case}}.required, 'state', {{case}}.state,
    'first_seen_at', {{case}}.first_seen_at, 'last_seen_at', {{case}}.last_seen_at,
    'inspection', {{case}}.last_inspection_id, 'photos', {{case}}.photos"""
_FROM = """ from {case} join site on site.id = {case}.site_id
    join territory on territory.id = site.territory_id
    join element on element.id = {case}.element_id"""
_OWN = "{case}.first_inspector_id = :person or {case}.last_inspector_id = :person"


def _select(case: str, weight: str, more: str) -> str:
    doc = f"json_build_object('id', {case}.id, {_COMMON.format(case=case, weight=weight)}{more})"
    return f"select {doc}::text as doc, {case}.first_seen_at, {case}.id" + _FROM.format(case=case)


_VIOLATIONS = _select(
    "violation",
    "binding",
    """, 'due_on', violation.due_on, 'task', violation.task_id,
    'overdue', violation.ended_at is null and violation.due_on < :today""",
)
_RECOMMENDATIONS = _select("recommendation", "reference", "")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    campaign: str | None = None
    constituency: int | None = None
    site: UUID | None = None
    requirement: str | None = None
    standard: str | None = None
    severity: str | None = None
    user_group: str | None = None
    state: str | None = None
    overdue: bool | None = None


def _selection(case: str, scope: Scope, wanted: CaseFilter, today: date) -> Selection:
    chosen = Selection(scope, own=_OWN.format(case=case), today=today)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where(f"{case}.campaign_id = :campaign", campaign=wanted.campaign)
    chosen.where(
        f"""exists (select from station st where st.site_id = {case}.site_id
            and st.campaign_id = {case}.campaign_id and st.constituency_number = :constituency)""",
        constituency=wanted.constituency,
    )
    chosen.where(f"{case}.site_id = :site", site=wanted.site)
    chosen.where(f"{case}.requirement = :requirement", requirement=wanted.requirement)
    chosen.where(f"{case}.standard = :standard", standard=wanted.standard)
    chosen.where(f"{case}.severity = :severity", severity=wanted.severity)
    chosen.where(f"{case}.state = :state", state=wanted.state)
    chosen.where(f":user_group = any({case}.user_groups)", user_group=wanted.user_group)
    return chosen


def list_violations(
    session: Session,
    scope: Scope,
    wanted: CaseFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Violations in scope, oldest first, as rows of (JSON text, first_seen_at, id).

    One row more than `limit`, if there is one.
    """
    chosen = _selection("violation", scope, wanted, today)
    if wanted.overdue is not None:
        late = "violation.ended_at is null and violation.due_on < :today"
        chosen.where(f"({late}) = :overdue", overdue=wanted.overdue)
    chosen.after("violation.first_seen_at, violation.id", after, ("timestamptz", "uuid"))
    order = "violation.first_seen_at, violation.id"
    return chosen.rows(session, _VIOLATIONS, order=order, limit=limit)


def list_recommendations(
    session: Session,
    scope: Scope,
    wanted: CaseFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Recommendations in scope, oldest first, as rows of (JSON text, first_seen_at, id)."""
    chosen = _selection("recommendation", scope, wanted, today)
    chosen.after("recommendation.first_seen_at, recommendation.id", after, ("timestamptz", "uuid"))
    order = "recommendation.first_seen_at, recommendation.id"
    return chosen.rows(session, _RECOMMENDATIONS, order=order, limit=limit)


def find_violation(session: Session, scope: Scope, violation: UUID, today: date) -> str | None:
    """One violation as JSON text; None outside the scope."""
    chosen = _selection("violation", scope, CaseFilter(), today)
    chosen.where("violation.id = :id", id=violation)
    rows = chosen.rows(session, _VIOLATIONS, order="violation.id", limit=1)
    return rows[0][0] if rows else None
