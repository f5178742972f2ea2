"""What ODK Collect handed in, for those who may see what became of it: XML to the byte.

A submission that made a revision goes with its inspection, one that waits with what is held back.
What was answered 409 lies where what is held back lies: at its site, and where its owner works.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.inspections import SEEN, seen_by
from audit_api.storage.lists.quarantine import AT_SITE_OR_OWNER, IS_HELD
from audit_api.storage.lists.selection import SITE_NAME, AnyRow, Selection

# A branch is kept beside the revisions: a review has it.
_OPS_OF = """(select v.op from inspection v where v.id = {inspection}
    union all select r.op from review r where r.entity_id = {inspection} and r.kind = 'branch')"""
_OF_INSPECTION = text(f"""
    select (select coalesce(json_agg(json_build_object('op', i.op, 'form', i.form,
        'instance_id', i.instance_id, 'device', i.device_id, 'received_at', i.received_at,
        'corrects', i.corrects, 'xml_sha256', encode(i.xml_sha256, 'hex'),
        'xml_bytes', octet_length(i.xml), 'mended', exists (select from quarantine_decision d
            where d.op = i.op and d.decision = 'repaired' and d.status = 'applied'),
        'revisions', (select coalesce(json_agg(json_build_object('rev', v.rev, 'op', v.op,
            'body_sha256', encode(v.body_sha256, 'hex')) order by v.rev), '[]'::json)
            from inspection v where v.op in (i.op, i.completed_by)),
        'files', (select coalesce(json_agg(json_build_object('name', f.name,
            'sha256', encode(f.sha256, 'hex'), 'bytes', f.bytes,
            'content_type', f.content_type, 'received_at', f.received_at, 'first', f.first)
            order by f.name, not f.first, f.received_at, f.sha256), '[]'::json)
            from openrosa_file f where f.op = i.op)) order by i.received_at, i.op), '[]'::json)
        from openrosa_instance i where i.op in {_OPS_OF.format(inspection="inspection.id")})::text
    from inspection join site on site.id = inspection.site_id
    where inspection.id = :id and inspection.is_current and {SEEN}
""")
_XML = text(f"""
    select i.op, i.xml, i.xml_sha256 from openrosa_instance i
    where i.op = :op and (exists (select from inspection
            join site on site.id = inspection.site_id where inspection.op = i.op and {SEEN})
        or exists (select from review r join inspection on inspection.id = r.entity_id
            and inspection.is_current join site on site.id = inspection.site_id
            where r.op = i.op and r.kind = 'branch' and {SEEN})
        or {IS_HELD.format(op="i.op", territories=":held")})
""")


def submissions_of(session: Session, scope: Scope, inspection: UUID) -> str | None:
    """What ODK Collect handed in of an inspection, oldest first, as a JSON list; None outside."""
    values = seen_by(scope) | {"id": inspection}
    found: str | None = session.scalar(_OF_INSPECTION, values)
    return found


@dataclass(frozen=True, slots=True)
class KeptXml:
    """XML as it was handed in, and the hash that was noted then."""

    op: UUID
    xml: bytes
    sha256: bytes


def find_submission(session: Session, scope: Scope, held: Scope, op: UUID) -> KeptXml | None:
    """The XML of an instance whose inspection lies in `scope`, or that is held back in `held`."""
    values = seen_by(scope) | {"op": op, "held": list(held.territories)}
    row = session.execute(_XML, values).one_or_none()
    return None if row is None else KeptXml(*row)


_INSTEAD = "case o.reason when 'other-xml' then o.op else o.corrects end"
_REFUSED = f"""select json_build_object('xml_sha256', encode(o.xml_sha256, 'hex'),
    'xml_bytes', octet_length(o.xml), 'op', o.op, 'form', o.form, 'instance_id', o.instance_id,
    'reason', o.reason, 'device', o.device_id, 'device_name', device.name,
    'owner', owner.full_name, 'received_at', o.received_at, 'site', o.site_id,
    'site_name', case when site.id is not null then {SITE_NAME} end, 'territory', territory.code,
    'submission', case when here.id is not null
        or {IS_HELD.format(op="instead.op", territories=":whole")} then instead.op end,
    'inspection', here.id, 'current_rev', here.rev, 'accepted', exists (select
        from openrosa_instance i where i.op = o.op and i.xml_sha256 = o.xml_sha256))::text as doc,
    o.received_at, encode(o.xml_sha256, 'hex') as key
    from openrosa_refused o join device on device.id = o.device_id
    join person owner on owner.id = device.owner_id
    left join site on site.id = o.site_id and site.territory_id = any(:whole)
    left join territory on territory.id = site.territory_id
    left join openrosa_instance instead on instead.op = {_INSTEAD}
    left join lateral (select v.id, v.rev from inspection v join site s on s.id = v.site_id
        where v.is_current and s.territory_id = any(:whole) and v.id = coalesce(
            (select made.id from inspection made where made.op = instead.op),
            instead.inspection_id)) here on true"""
_KEPT_REFUSED = """select o.op, o.xml, o.xml_sha256
    from openrosa_refused o join device on device.id = o.device_id
    left join site on site.id = o.site_id and site.territory_id = any(:whole)"""
_SEEN_REFUSED = AT_SITE_OR_OWNER.format(territories=":whole")


@dataclass(frozen=True, slots=True)
class RefusedFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    reason: str | None = None


def list_refused(
    session: Session,
    scope: Scope,
    wanted: RefusedFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """What was answered 409, newest first, as rows of (JSON text, received_at, hash in hex)."""
    chosen = Selection(scope, own=None, today=today, whole=_SEEN_REFUSED)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where(AT_SITE_OR_OWNER.format(territories=":territories"), territories=territories)
    chosen.where("o.reason = :reason", reason=wanted.reason)
    key = "o.received_at, encode(o.xml_sha256, 'hex')"
    chosen.after(key, after, ("timestamptz", "text"), downwards=True)
    order = "o.received_at desc, encode(o.xml_sha256, 'hex') desc"
    return chosen.rows(session, _REFUSED, order=order, limit=limit)


def find_refused(session: Session, scope: Scope, sha256: bytes, today: date) -> KeptXml | None:
    """The XML with that hash, if it was answered 409 in scope."""
    chosen = Selection(scope, own=None, today=today, whole=_SEEN_REFUSED)
    chosen.where("o.xml_sha256 = :sha256", sha256=sha256)
    rows = chosen.rows(session, _KEPT_REFUSED, order="o.op", limit=1)
    return KeptXml(*rows[0]) if rows else None
