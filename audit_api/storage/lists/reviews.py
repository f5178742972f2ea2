"""Lists of reviews: where two sides said different things, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import SITE_NAME, AnyRow, Selection
from audit_api.storage.sync.edits import SITE_FIELDS

_REVIEW = f"""select json_build_object('id', review.id, 'kind', review.kind,
    'state', review.state, 'entity_kind', review.entity_kind, 'entity', review.entity_id,
    'op', review.op, 'device', o.device_id, 'owner', owner.full_name,
    'received_at', o.received_at, 'opened_at', review.opened_at,
    'age_days', :today - (review.opened_at at time zone 'Asia/Bishkek')::date,
    'site', review.site_id, 'site_name', {SITE_NAME}, 'territory', territory.code,
    'mine', review.mine, 'server', review.server,
    'decision', case when review.decision is not null then json_build_object(
        'decision', case review.decision when 'mine' then 'take_mine' else 'keep_server' end,
        'reason', review.reason, 'decided_by', decider.full_name,
        'decided_at', review.decided_at) end)::text as doc"""
_FROM = """
    from review join site on site.id = review.site_id
    join territory on territory.id = site.territory_id
    join operation o on o.op = review.op join device on device.id = o.device_id
    join person owner on owner.id = device.owner_id
    left join person decider on decider.id = review.decided_by"""


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    site: UUID | None = None
    kind: str | None = None
    state: str | None = None


def list_reviews(
    session: Session,
    scope: Scope,
    wanted: ReviewFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Reviews in scope, longest open first, as rows of (JSON text, opened_at, id)."""
    chosen = Selection(scope, own=None, today=today)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where("review.site_id = :site", site=wanted.site)
    chosen.where("review.kind = :kind", kind=wanted.kind)
    chosen.where("review.state = :state", state=wanted.state)
    order = "review.opened_at, review.id"
    chosen.after(order, after, ("timestamptz", "uuid"))
    select = f"{_REVIEW}, review.opened_at, review.id{_FROM}"
    return chosen.rows(session, select, order=order, limit=limit)


def find_review(session: Session, scope: Scope, review: UUID, today: date) -> AnyRow | None:
    """One review as (JSON text, its operation's id); None outside the scope."""
    chosen = Selection(scope, own=None, today=today)
    chosen.where("review.id = :id", id=review)
    select = f"{_REVIEW}, review.op{_FROM}"
    rows = chosen.rows(session, select, order="review.id", limit=1)
    return rows[0] if rows else None


_side = text("""
    select i.rev, i.body::text, encode(i.body_sha256, 'hex'), i.received_at
    from review r join inspection i on i.id = r.entity_id and case r.state
        when 'open' then i.is_current else i.rev = (r.server ->> 'rev')::int end
    where r.id = :id and r.kind = 'branch'
""")


def server_side(session: Session, review: UUID) -> AnyRow | None:
    """The revision that a branch stands beside, as (rev, body, its SHA-256 in hex, received_at).

    While the review is open that is the current one; later the one that the branch met.
    """
    return session.execute(_side, {"id": review}).one_or_none()


_now = text(f"""
    select case r.entity_kind
        when 'site' then (select {SITE_FIELDS} from site s where s.id = r.entity_id)
        when 'element' then (select json_build_object('label', e.label) from element e
            where e.id = r.entity_id)
        when 'task' then (select json_build_object('state', t.state) from remediation_task t
            where t.id = r.entity_id) end
    from review r where r.id = :id and r.state = 'open'
""")


def server_now(session: Session, review: UUID) -> dict[str, Any]:
    """Of an open review of fields or of a task: what the server has now, by field."""
    return session.scalar(_now, {"id": review}) or {}
