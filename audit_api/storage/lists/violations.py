"""Lists of violations and recommendations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import (
    ADDRESS_AND_PLACE,
    SITE_NAME,
    TERRITORY_NAME,
    AnyRow,
    Selection,
)
from audit_api.storage.oversight.priority import OF_VIOLATION
from audit_api.storage.oversight.relief import USABLE_ON_THE_DAY, perhaps_usable, usable

_WHERE = f"""'site', site.id, 'site_name', {SITE_NAME}, 'territory', territory.code,
    'territory_name', {TERRITORY_NAME}, 'stations',
        (select coalesce(json_agg(json_build_object('number', st.number,
        'constituency', st.constituency_number) order by st.number), '[]'::json) from station st
        where st.site_id = site.id and st.campaign_id = {{campaign}}), {ADDRESS_AND_PLACE},
    'element', element.id, 'element_type', element.type, 'element_label', element.label"""
_VIOLATIONS = f"""select json_build_object('id', violation.id,
    {_WHERE.format(campaign="violation.campaign_id")}, 'campaign', violation.campaign_id,
    'requirement', violation.requirement, 'standard', violation.standard,
    'edition', violation.edition, 'clause', violation.clause,
    'clause_hint', violation.clause_hint, 'confidence', violation.confidence,
    'weight', 'binding', 'severity', violation.severity,
    'user_groups', violation.user_groups, 'measured', violation.measured,
    'tolerance', violation.tolerance, 'recalled', null, 'required', violation.required,
    'rev', violation.rev, 'state', violation.state,
    'first_seen_at', violation.first_seen_at, 'last_seen_at', violation.last_seen_at,
    'inspection', violation.last_inspection_id, 'photos', violation.photos,
    'due_on', violation.due_on, 'notice_due_on', violation.noticed_due_on,
    'task', violation.task_id,
    'overdue', violation.ended_at is null and violation.current_due_on < :today,
    'priority', {OF_VIOLATION}, 'usable_on_the_day', {USABLE_ON_THE_DAY},
    'follows', (select s.violation_id from superseded_violation s
        where s.followed_by = violation.id order by s.at desc limit 1),
    'followed_by', (select s.followed_by from superseded_violation s
        where s.violation_id = violation.id order by s.at desc limit 1))::text as doc,
    violation.first_seen_at, violation.id
    from violation join site on site.id = violation.site_id
    join territory on territory.id = site.territory_id
    join element on element.id = violation.element_id"""
_ADJUDICATIONS = """coalesce((select json_agg(json_build_object('rev', a.rev,
    'decision', a.decision, 'move', a.move, 'reason', a.reason, 'clause', a.clause,
    'inspection', a.inspection_id, 'inspection_rev', a.inspection_rev, 'measured', a.measured,
    'corrected', a.corrected, 'verdict', a.verdict, 'from', a.from_state, 'to', a.to_state,
    'by', p.full_name, 'at', a.decided_at) order by a.n)
    from adjudication a join person p on p.id = a.decided_by
    where a.violation_id = violation.id), '[]'::json)::text"""
_WITH_HISTORY = _VIOLATIONS.replace(
    "violation.first_seen_at, violation.id\n", f"{_ADJUDICATIONS} as adjudications\n"
)
_OWN_VIOLATION = "violation.first_inspector_id = :person or violation.last_inspector_id = :person"
_RECOMMENDATIONS = f"""select json_build_object({_WHERE.format(campaign="said.campaign")},
    'advice', said.advice)::text, element.site_id, element.id, said.n
    from element join site on site.id = element.site_id
    join territory on territory.id = site.territory_id
    cross join lateral (select advice, n, advice ->> 'campaign' as campaign
        from json_array_elements(element.advice) with ordinality as a (advice, n)) said"""
_OWN_ADVICE = """exists (select from json_array_elements_text(said.advice -> 'inspectors') i
    where i = cast(:person as text))"""


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
    usable_on_the_day: bool | None = None


def _placed(chosen: Selection, wanted: CaseFilter, campaign: str) -> Selection:
    """Narrow by place; `campaign`: the SQL of the case's campaign."""
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where(f"{campaign} = :campaign", campaign=wanted.campaign)
    chosen.where(
        f"""exists (select from station st where st.site_id = site.id
            and st.campaign_id = {campaign} and st.constituency_number = :constituency)""",
        constituency=wanted.constituency,
    )
    chosen.where("site.id = :site", site=wanted.site)
    return chosen


def selected_violations(
    scope: Scope, wanted: CaseFilter, today: date, *, needs: Scope | None = None
) -> Selection:
    """The violations in scope that a filter leaves, but for `overdue` and `usable_on_the_day`.

    `needs`: where the reader may see priorities; None: nowhere.
    """
    told = list(needs.territories) if needs else []
    chosen = Selection(scope, own=_OWN_VIOLATION, today=today, needs=told)
    _placed(chosen, wanted, "violation.campaign_id")
    chosen.where("violation.requirement = :requirement", requirement=wanted.requirement)
    chosen.where("violation.standard = :standard", standard=wanted.standard)
    chosen.where("violation.severity = :severity", severity=wanted.severity)
    chosen.where("violation.state = :state", state=wanted.state)
    chosen.where(":user_group = any(violation.user_groups)", user_group=wanted.user_group)
    return chosen


def listed_violations(
    scope: Scope, wanted: CaseFilter, today: date, *, needs: Scope | None = None
) -> Selection:
    """The violations in scope that a filter leaves, every part of it; `needs` as above."""
    chosen = selected_violations(scope, wanted, today, needs=needs)
    chosen.where(f"{usable(':today')} = :usable", usable=wanted.usable_on_the_day)
    if wanted.usable_on_the_day:
        chosen.where(perhaps_usable(":today"))
    if wanted.overdue is not None:
        late = "violation.ended_at is null and violation.current_due_on < :today"
        chosen.where(f"({late}) = :overdue", overdue=wanted.overdue)
    return chosen


def list_violations(
    session: Session,
    scope: Scope,
    wanted: CaseFilter,
    *,
    needs: Scope,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Violations in scope, oldest first, as rows of (JSON text, first_seen_at, id).

    One row more than `limit`, if there is one.
    """
    chosen = listed_violations(scope, wanted, today, needs=needs)
    chosen.after("violation.first_seen_at, violation.id", after, ("timestamptz", "uuid"))
    order = "violation.first_seen_at, violation.id"
    return chosen.rows(session, _VIOLATIONS, order=order, limit=limit)


def list_recommendations(
    session: Session,
    scope: Scope,
    wanted: CaseFilter,
    *,
    rules: list[str] | None,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Recommendations in scope, site by site, as rows of (JSON text, site, element, number).

    The text holds the stored advice as `advice` (`audit_api.domain.law.recommendations`).
    `rules`: only those of these rules ("standard/edition/requirement"); None: of any.
    """
    chosen = _placed(Selection(scope, own=_OWN_ADVICE, today=today), wanted, "said.campaign")
    chosen.where("said.advice ->> 'rule' = any(:rules)", rules=rules)
    chosen.where("said.advice ->> 'state' = :state", state=wanted.state)
    order = "element.site_id, element.id, said.n"
    chosen.after(order, after, ("uuid", "uuid", "bigint"))
    return chosen.rows(session, _RECOMMENDATIONS, order=order, limit=limit)


def find_violation(
    session: Session, scope: Scope, needs: Scope, violation: UUID, today: date
) -> str | None:
    """One violation as JSON text, with its adjudications; None outside the scope."""
    chosen = selected_violations(scope, CaseFilter(), today, needs=needs)
    chosen.where("violation.id = :id", id=violation)
    rows = chosen.rows(session, _WITH_HISTORY, order="violation.id", limit=1)
    return f'{rows[0][0][:-1]},"adjudications":{rows[0][1]}}}' if rows else None
