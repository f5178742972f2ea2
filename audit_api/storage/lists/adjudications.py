"""The queue of technical supervision: what waits for a decision, of five kinds, oldest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import Waiting
from audit_api.storage.lists.selection import SITE_NAME, TERRITORY_NAME, AnyRow

_FOUND: Final = f"""json_build_object('kind', '{{kind}}', 'since', {{since}}, 'site', site.id,
    'site_name', {SITE_NAME}, 'territory', territory.code, 'territory_name', {TERRITORY_NAME},
    'campaign', {{campaign}}, 'element', {{element}}, 'violation', {{violation}},
    'violation_rev', {{rev}}, 'inspection', {{inspection}}, 'review', {{review}},
    'reason', {{reason}}, 'count', {{count}})::text as doc, {{since}} as since,
    cast('{{kind}}' as text) as kind, {{id}} as id"""
# A stored outcome that begins with b (`field_schema.findings`), and no id that does.
_BORDERLINE: Final = '[" ]b(?=-?[0-9]*(#[0-9]+)?[" ])'
_PLACE: Final = "join territory on territory.id = site.territory_id"
_NEWEST: Final = """left join lateral (select a.decided_at, a.decision, a.move, a.reason
    from adjudication a where a.violation_id = violation.id order by a.n desc limit 1) last
    on true left join lateral (select e.at, e.reason from task_event e
    where e.task_id = violation.task_id and e.move = 'decline' order by e.n desc limit 1) declined
    on true"""
_VIOLATION: Final = f"""from violation join site on site.id = violation.site_id {_PLACE}
    join element on element.id = violation.element_id {_NEWEST}"""
_INSPECTION: Final = f"""from inspection join site on site.id = inspection.site_id {_PLACE}"""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind: where its rows come from, which of them wait, and the columns of `_FOUND`."""

    source: str
    waits: str
    own: str
    since: str
    id: str
    campaign: str
    told: Mapping[str, str]


# What was ordered to be measured again waits for the inspector, until it is measured.
_KINDS: Final = {
    Waiting.CONTESTED: _Kind(
        _VIOLATION,
        """violation.state = 'contested' and not (
            coalesce(last.move, '') in ('remeasure', 'correct_to_unsure')
            and last.decided_at >= violation.last_seen_at)""",
        "violation.first_inspector_id <> :person and violation.last_inspector_id <> :person",
        "greatest(violation.last_seen_at, declined.at)",
        "violation.id",
        "violation.campaign_id",
        {
            "violation": "violation.id",
            "rev": "violation.rev",
            "inspection": "violation.last_inspection_id",
            "element": "element.label",
            "reason": """case when declined.at > coalesce(last.decided_at, '-infinity')
                then declined.reason else last.reason end""",
        },
    ),
    Waiting.DIVERGING: _Kind(
        _VIOLATION,
        """violation.state = 'closed' and violation.first_inspection_id <>
            violation.last_inspection_id
            and coalesce(last.decided_at, '-infinity') < violation.ended_at
            and not exists (select from task_event e where e.task_id = violation.task_id
                and e.to_state = 'reported_done')""",
        "violation.first_inspector_id <> :person and violation.last_inspector_id <> :person",
        "violation.ended_at",
        "violation.id",
        "violation.campaign_id",
        {
            "violation": "violation.id",
            "rev": "violation.rev",
            "inspection": "violation.last_inspection_id",
            "element": "element.label",
        },
    ),
    Waiting.BORDERLINE: _Kind(
        f"""{_INSPECTION} join lateral (select regexp_count(a.findings::text, '{_BORDERLINE}')
            as borderline from assessment a where a.inspection_id = inspection.id
            and a.rev = inspection.rev order by a.assessed_at desc limit 1) judged
            on judged.borderline > 0""",
        """inspection.is_current and not exists (select from inspection_return r
            where r.inspection_id = inspection.id and r.rev = inspection.rev)
            and not exists (select from inspection later where later.site_id = inspection.site_id
            and later.campaign_id = inspection.campaign_id and later.is_current
            and later.received_at > inspection.received_at)""",
        "inspection.inspector_id <> :person",
        "inspection.received_at",
        "inspection.id",
        "inspection.campaign_id",
        {"inspection": "inspection.id", "count": "judged.borderline"},
    ),
    Waiting.FLAGGED: _Kind(
        f"""{_INSPECTION} join lateral (select min(f.found_at) as first_found_at, count(*) as open
            from fabrication_flag f where f.inspection_id = inspection.id
            and f.rev = inspection.rev and f.set_aside_at is null) flags on flags.open > 0""",
        "inspection.is_current",
        "inspection.inspector_id <> :person",
        "flags.first_found_at",
        "inspection.id",
        "inspection.campaign_id",
        {"inspection": "inspection.id", "count": "flags.open"},
    ),
    Waiting.BRANCH: _Kind(
        f"""from review join site on site.id = review.site_id {_PLACE}
            join operation o on o.op = review.op join device on device.id = o.device_id
            join inspection on inspection.id = review.entity_id and inspection.is_current""",
        "review.kind = 'branch' and review.state = 'open'",
        "device.owner_id <> :person",
        "review.opened_at",
        "review.id",
        "inspection.campaign_id",
        {"review": "review.id", "inspection": "inspection.id"},
    ),
}
_COLUMNS: Final = ("violation", "rev", "inspection", "review", "element", "reason", "count")


def _select(kind: Waiting) -> str:
    """The rows of one kind in the queue's order, at most `:limit` of them; SQL."""
    one = _KINDS[kind]
    columns = dict.fromkeys(_COLUMNS, "null") | {"count": "1"} | dict(one.told)
    found = _FOUND.format(
        kind=kind.value, since=one.since, id=one.id, campaign=one.campaign, **columns
    )
    return f"""(select {found} {one.source} where site.territory_id = any(:whole)
        and ({one.waits}) and ({one.own})
        and (cast(:territories as uuid[]) is null or site.territory_id = any(:territories))
        and (cast(:site as uuid) is null or site.id = :site)
        and (cast(:campaign as text) is null or {one.campaign} = :campaign)
        and (cast(:since as timestamptz) is null
            or ({one.since}, '{kind.value}', {one.id}) > (:since, :kind, cast(:id as uuid)))
        order by {one.since}, {one.id} limit :limit)"""


_SELECTS: Final = {kind: _select(kind) for kind in Waiting}


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
    kinds = Waiting if wanted.kind is None else [Waiting(wanted.kind)]
    union = " union all ".join(_SELECTS[kind] for kind in kinds)
    since, kind, key = after if after is not None else (None, None, None)
    values = {
        "whole": list(scope.territories),
        "territories": None if wanted.territories is None else list(wanted.territories),
        "site": wanted.site,
        "campaign": wanted.campaign,
        "person": scope.person,
        "since": since,
        "kind": kind,
        "id": key,
        "limit": limit + 1,
        "today": today,
    }
    statement = text(f"select * from ({union}) waiting order by since, kind, id limit :limit")
    return session.execute(statement, values).all()
