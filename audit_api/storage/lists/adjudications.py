"""The queue of technical supervision: what waits for a decision, of five kinds, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import Waiting
from audit_api.storage.inspections import BORDERLINE, HAS_BORDERLINE
from audit_api.storage.lists.selection import SITE_NAME, TERRITORY_NAME, AnyRow

# Of a row of the page: when, what kind, and the violation or inspection that waits (`thing`).
_TOLD: Final = f"""'kind', page.kind, 'since', page.since, 'site', site.id,
    'site_name', {SITE_NAME}, 'territory', territory.code, 'territory_name', {TERRITORY_NAME}"""
_LAST: Final = """left join lateral (select a.decided_at, a.move, a.reason
    from adjudication a where a.violation_id = violation.id order by a.n desc limit 1) last
    on true"""
_DECLINED: Final = """left join lateral (select e.at, e.reason from task_event e
    where e.task_id = violation.task_id and e.move = 'decline'
    order by e.at desc, e.n desc limit 1) declined
    on true"""
_CASE_DOC: Final = f"""(select json_build_object({_TOLD}, 'campaign', violation.campaign_id,
    'element', element.label, 'violation', violation.id, 'violation_rev', violation.rev,
    'inspection', violation.last_inspection_id, 'review', null, 'reason',
    case when page.kind = 'diverging' then null
        when declined.at > coalesce(last.decided_at, '-infinity') then declined.reason
        else last.reason end, 'count', 1)::text
    from violation join site on site.id = violation.site_id
    join territory on territory.id = site.territory_id
    join element on element.id = violation.element_id {_LAST} {_DECLINED}
    where violation.id = page.thing)"""
_VISIT_DOC: Final = f"""(select json_build_object({_TOLD}, 'campaign', inspection.campaign_id,
    'element', null, 'violation', null, 'violation_rev', null, 'inspection', inspection.id,
    'review', case when page.kind = 'branch' then page.id end, 'reason', null, 'count',
    case page.kind when 'flagged' then (select count(*) from fabrication_flag f
        where f.inspection_id = inspection.id and f.rev = inspection.rev
        and f.set_aside_at is null)
    when 'borderline' then (select regexp_count(a.findings::text, '{BORDERLINE}')
        from assessment a where a.inspection_id = inspection.id and a.rev = inspection.rev
        order by a.assessed_at desc, a.ruleset_digest desc limit 1) else 1 end)::text
    from inspection join site on site.id = inspection.site_id
    join territory on territory.id = site.territory_id
    where inspection.id = page.thing and inspection.is_current)"""
_OF_SITE: Final = "join site on site.id = {}.site_id"


@dataclass(frozen=True, slots=True)
class _Part:
    """Of one kind: where rows come from, which of them wait, whose own they are not.

    `since` is a column that an index leads along: only so does a page not cost the whole queue.
    """

    kind: Waiting
    source: str
    waits: str
    foreign: str
    since: str
    id: str
    thing: str
    campaign: str


# What was ordered to be measured again waits for the inspector, until it is measured.
_CONTESTED: Final = """violation.state = 'contested' and not (
    coalesce(last.move, '') in ('remeasure', 'correct_to_unsure')
    and last.decided_at >= violation.last_seen_at)"""
_CASE: Final = {
    "foreign": "violation.first_inspector_id <> :person and violation.last_inspector_id <> :person",
    "id": "violation.id",
    "thing": "violation.id",
    "campaign": "violation.campaign_id",
}
_VISIT: Final = {
    "foreign": "inspection.inspector_id <> :person",
    "thing": "inspection.id",
    "campaign": "inspection.campaign_id",
}
_PARTS: Final = (
    # Since it was measured last, or since the LSG declined to put it right, whatever is later.
    _Part(
        Waiting.CONTESTED,
        f"violation {_OF_SITE.format('violation')} {_LAST}",
        f"""{_CONTESTED} and not exists (select from task_event e
            where e.task_id = violation.task_id and e.move = 'decline'
            and e.at > violation.last_seen_at)""",
        since="violation.last_seen_at",
        **_CASE,
    ),
    _Part(
        Waiting.CONTESTED,
        f"""task_event declined join violation on violation.task_id = declined.task_id
            {_OF_SITE.format("violation")} {_LAST}""",
        f"""{_CONTESTED} and declined.move = 'decline' and declined.at > violation.last_seen_at
            and not exists (select from task_event e where e.task_id = declined.task_id
            and e.move = 'decline' and (e.at, e.n) > (declined.at, declined.n))""",
        since="declined.at",
        **_CASE,
    ),
    _Part(
        Waiting.DIVERGING,
        f"violation {_OF_SITE.format('violation')} {_LAST}",
        """violation.state = 'closed' and violation.first_inspection_id <>
            violation.last_inspection_id
            and coalesce(last.decided_at, '-infinity') < violation.ended_at
            and not exists (select from task_event e where e.task_id = violation.task_id
                and e.to_state = 'reported_done')""",
        since="violation.ended_at",
        **_CASE,
    ),
    # Since a judgement of this revision was first unsure; the newest one must be so too.
    _Part(
        Waiting.BORDERLINE,
        f"""assessment judged join inspection on inspection.id = judged.inspection_id
            and inspection.rev = judged.rev {_OF_SITE.format("inspection")}""",
        f"""inspection.is_current and {HAS_BORDERLINE.format("judged")}
            and not exists (select from assessment a where a.inspection_id = judged.inspection_id
                and a.rev = judged.rev and {HAS_BORDERLINE.format("a")}
                and (a.assessed_at, a.ruleset_digest)
                    < (judged.assessed_at, judged.ruleset_digest))
            and (select {HAS_BORDERLINE.format("a")} from assessment a
                where a.inspection_id = judged.inspection_id and a.rev = judged.rev
                order by a.assessed_at desc, a.ruleset_digest desc limit 1)
            and not exists (select from inspection_return r
                where r.inspection_id = inspection.id and r.rev = inspection.rev)
            and not exists (select from inspection later where later.site_id = inspection.site_id
                and later.campaign_id = inspection.campaign_id and later.is_current
                and later.received_at > inspection.received_at)""",
        since="judged.assessed_at",
        id="judged.inspection_id",
        **_VISIT,
    ),
    # An open flag before which the revision has none.
    _Part(
        Waiting.FLAGGED,
        f"""fabrication_flag flag join inspection on inspection.id = flag.inspection_id
            and inspection.rev = flag.rev {_OF_SITE.format("inspection")}""",
        """inspection.is_current and flag.set_aside_at is null and not exists (
            select from fabrication_flag f where f.inspection_id = flag.inspection_id
            and f.rev = flag.rev and f.set_aside_at is null
            and (f.found_at, f.id) < (flag.found_at, flag.id))""",
        since="flag.found_at",
        id="flag.inspection_id",
        **_VISIT,
    ),
    _Part(
        Waiting.BRANCH,
        f"""review {_OF_SITE.format("review")}
            join operation o on o.op = review.op join device on device.id = o.device_id
            join inspection on inspection.id = review.entity_id and inspection.is_current""",
        "review.kind = 'branch' and review.state = 'open'",
        "device.owner_id <> :person",
        since="review.opened_at",
        id="review.id",
        thing="inspection.id",
        campaign="inspection.campaign_id",
    ),
)


def _behind(part: _Part, kind: str) -> str:
    """The rows of a part behind the key (:since, kind, :id); SQL."""
    if part.kind.value == kind:
        return f"({part.since}, {part.id}) > (cast(:since as timestamptz), cast(:id as uuid))"
    sign = ">=" if part.kind.value > kind else ">"
    return f"{part.since} {sign} cast(:since as timestamptz)"


# The page is chosen first: only its rows are told.
_PAGE: Final = f"""
    with page as materialized (select * from ({{}}) waiting order by since, kind, id limit :limit)
    select case when page.kind in ('contested', 'diverging') then {_CASE_DOC}
        else {_VISIT_DOC} end as doc, page.since, page.kind, page.id
    from page order by page.since, page.kind, page.id
"""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    campaign: str | None = None
    site: UUID | None = None
    kind: str | None = None


def list_queue(
    session: Session,
    scope: Scope,
    wanted: QueueFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """What waits in scope and is not the scope's own person's, as (JSON text, since, kind, id).

    One row more than `limit`, if there is one.
    """
    values: dict[str, Any] = {
        "whole": list(scope.territories),
        "person": scope.person,
        "limit": limit + 1,
        "today": today,
    }
    conditions = ["site.territory_id = any(:whole)"]
    if wanted.territories is not None:
        conditions.append("site.territory_id = any(:territories)")
        values["territories"] = list(wanted.territories)
    if wanted.site is not None:
        conditions.append("site.id = :site")
        values["site"] = wanted.site
    if wanted.campaign is not None:
        conditions.append("{campaign} = :campaign")
        values["campaign"] = wanted.campaign
    narrowed = " and ".join(conditions)
    if after is not None:
        values |= {"since": after[0], "id": after[2]}
    selects = []
    for part in _PARTS:
        if wanted.kind in (None, part.kind.value):
            where = [narrowed.format(campaign=part.campaign), f"({part.waits})", part.foreign]
            where += [] if after is None else [_behind(part, after[1])]
            selects.append(
                f"(select {part.since} as since, cast('{part.kind.value}' as text) as kind, "
                f"{part.id} as id, {part.thing} as thing from {part.source} "
                f"where {' and '.join(where)} order by {part.since}, {part.id} limit :limit)"
            )
    return session.execute(text(_PAGE.format(" union all ".join(selects))), values).all()
