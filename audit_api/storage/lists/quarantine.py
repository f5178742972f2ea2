"""Lists of what is held back.

A held operation lies where its site lies, and where its tablet's owner works: only a site that
exists says the first, and work on a site that nobody knows must still be found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import SITE_NAME, AnyRow, Selection
from audit_api.storage.sync.quarantine import NEWEST_TRY, SETTLED_WORDS

# Where the owner worked in the field when the operation came in; where somebody has no such
# grant left, wherever there was one.
_OWNER_IN = """exists (select from person_grant g where g.person_id = device.owner_id
    and g.role in ('inspector', 'lsg_head') and g.territory_id = any({territories})
    and (g.revoked_at is null or g.revoked_at > o.received_at or not exists (
        select from person_grant l where l.person_id = g.person_id
        and l.role in ('inspector', 'lsg_head')
        and (l.revoked_at is null or l.revoked_at > o.received_at))))"""
AT_SITE_OR_OWNER = f"(site.territory_id = any({{territories}}) or {_OWNER_IN})"
"""Whether what came as `o` from `device`, about `site`, lies in `territories`."""
_WITHIN = f"o.status in ('rejected', 'quarantined') and {AT_SITE_OR_OWNER}"
_SEEN = _WITHIN.format(territories=":whole")
IS_HELD = f"""exists (select from operation o join held_operation h on h.op = o.op
    join device on device.id = o.device_id left join site on site.id = h.site_id
    where o.op = {{op}} and {_WITHIN})"""
"""Whether an operation is held in `territories`."""
_AS_TOLD = "coalesce(again.result, o.result)"
_HELD = f"""select json_build_object('op', o.op, 'status', o.status,
    'state', case when decided.n is null then 'open' else 'decided' end,
    'kind', o.kind, 'entity', o.entity_id, 'seq', o.seq,
    'device', o.device_id, 'device_name', device.name,
    'device_revoked', device.revoked_at is not null,
    'owner', owner.full_name, 'received_at', o.received_at,
    'age_days', :today - (o.received_at at time zone 'Asia/Bishkek')::date,
    'site', h.site_id, 'site_name', case when site.id is not null then {SITE_NAME} end,
    'territory', territory.code, 'waits_for', h.waits_for,
    'sha256', encode(o.sha256, 'hex'), 'bytes', octet_length(o.raw),
    'reason', o.result -> 'reason', 'detail', o.result -> 'detail',
    'problems', coalesce(o.result -> 'problems', '[]'::json),
    'tried_again', case when again.n is not null then json_build_object('at', again.decided_at,
        'status', again.status, 'reason', again.result -> 'reason',
        'detail', again.result -> 'detail',
        'problems', coalesce(again.result -> 'problems', '[]'::json)) end,
    'current_rev', (select i.rev from inspection i where i.id = o.entity_id
        and i.is_current and i.site_id = site.id),
    'decision', case when decided.n is not null then json_build_object(
        'decision', decided.decision, 'reason', decided.reason, 'decided_by', decider.full_name,
        'decided_at', decided.decided_at, 'outcome', decided.status, 'result', decided.result,
        'mended', decided.mended, 'body', convert_from(decided.body, 'UTF8'),
        'body_sha256', encode(decided.body_sha256, 'hex')) end)::text as doc,
    o.received_at, o.op"""
_FROM = f"""
    from operation o join held_operation h on h.op = o.op
    join device on device.id = o.device_id join person owner on owner.id = device.owner_id
    left join site on site.id = h.site_id and site.territory_id = any(:whole)
    left join territory on territory.id = site.territory_id
    left join quarantine_decision decided on decided.op = o.op
        and (decided.status is null or decided.status in ({SETTLED_WORDS}))
    left join person decider on decider.id = decided.decided_by {NEWEST_TRY}"""


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    status: str | None = None
    reason: str | None = None
    device: UUID | None = None
    state: str | None = None


def _selection(scope: Scope, today: date) -> Selection:
    return Selection(scope, own=None, today=today, whole=_SEEN)


def list_held(
    session: Session,
    scope: Scope,
    wanted: QuarantineFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Held operations in scope, longest held first, as rows of (JSON text, received_at, op)."""
    chosen = _selection(scope, today)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where(f"({_WITHIN.format(territories=':territories')})", territories=territories)
    chosen.where("coalesce(again.status, o.status) = :status", status=wanted.status)
    chosen.where("o.device_id = :device", device=wanted.device)
    chosen.where(
        f"({_AS_TOLD} ->> 'reason' = :reason or exists (select from json_array_elements("
        f"{_AS_TOLD} -> 'problems') problem where problem ->> 'code' = :reason))",
        reason=wanted.reason,
    )
    chosen.where("(decided.n is null) = (:state = 'open')", state=wanted.state)
    order = "o.received_at, o.op"
    chosen.after(order, after, ("timestamptz", "uuid"))
    return chosen.rows(session, _HELD + _FROM, order=order, limit=limit)


def find_held(session: Session, scope: Scope, op: UUID, today: date) -> AnyRow | None:
    """One held operation as (JSON text, raw bytes, SHA-256 they came with); None outside."""
    chosen = _selection(scope, today)
    chosen.where("o.op = :id", id=op)
    columns = _HELD.replace("o.received_at, o.op", "")
    select = f"{columns.rstrip()} o.raw, o.envelope_sha256{_FROM}"
    rows = chosen.rows(session, select, order="o.op", limit=1)
    return rows[0] if rows else None


_DEVICE = text(f"""
    select exists (select from device join person_grant g on g.person_id = device.owner_id
        where device.id = :device and g.revoked_at is null and g.territory_id = any(:whole))
    or exists (select from operation o join held_operation h on h.op = o.op
        join device on device.id = o.device_id left join site on site.id = h.site_id
        where o.device_id = :device and {_SEEN})
""")


def device_seen(session: Session, scope: Scope, device: UUID) -> bool:
    """Whether a device's owner works in scope, or something of it is held there."""
    values = {"device": device, "whole": list(scope.territories)}
    return bool(session.scalar(_DEVICE, values))
