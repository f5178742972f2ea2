"""Tablets, and what each still owes: reckoned when it is read, from what was handed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import AnyRow

# The owner's grants that say where a tablet belongs: those that are live, else those that ended
# last, so that a tablet does not vanish with its owner's last grant while it still owes work.
_BELONGS = """from person_grant g where g.person_id = device.owner_id and case
    when exists (select from person_grant live
        where live.person_id = device.owner_id and live.revoked_at is null)
    then g.revoked_at is null
    else g.revoked_at >= (select max(ended.revoked_at) from person_grant ended
        where ended.person_id = device.owner_id) - interval '1 day' end"""
_SEEN = f"(select bool_and(g.territory_id = any(:whole)) {_BELONGS})"
_CONTACT = "greatest(device.last_contact_at, device.pulled_at)"
# The highest number that the tablet ever gave out, as far as it or its work says.
_SAID = """case when json_typeof(device.client #> '{holds,last_seq}') = 'number' then cast(floor(
    least(greatest(cast(device.client #>> '{holds,last_seq}' as numeric), 0), 9007199254740991))
    as bigint) else 0 end"""
_FROM = f"""
    join person owner on owner.id = device.owner_id
    cross join lateral (
        select greatest({_SAID}, coalesce(max(seq), 0)) as top,
            count(*) filter (where seq > device.acked_seq) as beyond
        from (select seq from operation where device_id = device.id
            union select seq from reused_operation where device_id = device.id) came) numbered
    cross join lateral (
        select greatest(numbered.top - device.acked_seq, 0) - numbered.beyond as operations) gap
    cross join lateral (
        select count(distinct owed.what) as photos, min(i.received_at) as oldest
        from inspection i cross join lateral (
            select encode(a.sha256, 'hex') as what from announced_photo a
            where a.inspection_id = i.id and a.rev = i.rev
                and not exists (select from photo p where p.sha256 = a.sha256)
            union all select cast(w.id as text) from awaited_photo w
            where w.inspection_id = i.id and w.rev = i.rev) owed
        where i.inspector_id = device.owner_id and i.device_id = device.id
            and i.is_current) absent"""
_FACTS = f"""'id', device.id, 'name', device.name,
    'owner', owner.username, 'owner_name', owner.full_name,
    'territories', (select coalesce(json_agg(t.code order by t.code), '[]'::json) from territory t
        where t.id in (select g.territory_id {_BELONGS})),
    'channel', device.channel, 'enrolled_at', device.enrolled_at, 'last_contact_at', {_CONTACT},
    'app_version', device.app_version, 'clock_offset_ms', device.clock_offset_ms,
    'revoked_at', device.revoked_at, 'owes_operations', gap.operations,
    'owes_photos', absent.photos, 'oldest_photo_announced_at', absent.oldest"""


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    owing: bool | None = None
    revoked: bool | None = None
    silent_since: datetime | None = None
    channel: str | None = None


_LIST = f"""
    select json_build_object({_FACTS})::text as doc, device.name, device.id
    from (select * from device where {_SEEN}
        and (cast(:territories as uuid[]) is null
            or exists (select {_BELONGS} and g.territory_id = any(:territories)))
        and (cast(:revoked as boolean) is null or (device.revoked_at is not null) = :revoked)
        and (cast(:channel as text) is null or device.channel = :channel)
        and (cast(:silent_since as timestamptz) is null
            or coalesce({_CONTACT}, device.enrolled_at) < :silent_since)
        and (cast(:name as text) is null or (device.name, device.id) > (:name, cast(:id as uuid)))
        order by device.name, device.id limit :reckoned) device {_FROM}
    where cast(:owing as boolean) is null or (gap.operations > 0 or absent.photos > 0) = :owing
    order by device.name, device.id limit :limit
"""


def list_devices(
    session: Session,
    scope: Scope,
    wanted: DeviceFilter,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[AnyRow]:
    """Tablets all of whose owner's grants lie in scope, by name, as (JSON text, name, id)."""
    name, device = after or (None, None)
    values = {
        "whole": list(scope.territories),
        "territories": None if wanted.territories is None else list(wanted.territories),
        "owing": wanted.owing,
        "revoked": wanted.revoked,
        "silent_since": wanted.silent_since,
        "channel": wanted.channel,
        "name": name,
        "id": device,
        "limit": limit + 1,
        # Whether a tablet owes has to be reckoned for each; else for those of the page alone.
        "reckoned": None if wanted.owing is not None else limit + 1,
    }
    return session.execute(text(_LIST), values).all()


_ONE = text(f"""
    select json_build_object({_FACTS}, 'revoked_by', (select full_name from person
        where person.id = device.revoked_by), 'revoked_reason', device.revoked_reason,
        'client', device.client, 'pulled_at', device.pulled_at, 'pulled', device.pulled)::text,
        numbered.top
    from device {_FROM} where device.id = :id and {_SEEN}
""")


def find_device(session: Session, scope: Scope, device: UUID) -> AnyRow | None:
    """One tablet as (JSON text, the highest number it ever gave out); None outside the scope."""
    values = {"whole": list(scope.territories), "id": device}
    return session.execute(_ONE, values).one_or_none()


MOST = 200
# Before the first number, between two that follow each other, and behind the last one.
_RANGES = """
    select json_build_object('operations', coalesce(sum(last - first + 1), 0), 'ranges',
        coalesce(json_agg(json_build_array(first, last) order by first)
            filter (where n <= :most), '[]'::json))
    from (select first, last, row_number() over (order by first) as n from (
        select seq + 1 as first, coalesce(lead(seq) over (order by seq) - 1, :top) as last
        from (select 0 as seq union select seq from operation
            where device_id = :id and seq is not null union select seq from reused_operation
            where device_id = :id and seq is not null) come) gaps
        where last >= first) missing
"""
_PHOTOS = """
    select coalesce(json_agg(json_build_object('sha256', encode(sha256, 'hex'),
        'name', name, 'inspection', inspection_id, 'rev', rev, 'site', site_id,
        'element', element_id, 'question', question, 'bytes', bytes, 'content_type', content_type,
        'announced_at', received_at,
        'age_hours', floor(extract(epoch from cast(:at as timestamptz) - received_at) / 3600)
        ) order by received_at, inspection_id, id), '[]'::json)
    from (select a.*, i.site_id, i.received_at from inspection i
        join device on device.id = i.device_id
        cross join lateral (
            select p.inspection_id, p.rev, p.id, p.element_id, p.question, p.sha256, p.bytes,
                p.content_type, cast(null as text) as name from announced_photo p
            where p.inspection_id = i.id and p.rev = i.rev
                and not exists (select from photo h where h.sha256 = p.sha256)
            union all select w.inspection_id, w.rev, w.id, w.element_id, w.question,
                null, null, null, w.name
            from awaited_photo w where w.inspection_id = i.id and w.rev = i.rev) a
        where device.id = :id and i.inspector_id = device.owner_id and i.is_current
        order by i.received_at, a.inspection_id, a.id limit :most) absent
"""
_PHOTO_BYTES = """
    select coalesce(sum(bytes), 0) from (select distinct on (a.sha256) a.bytes from inspection i
        join device on device.id = i.device_id
        join announced_photo a on a.inspection_id = i.id and a.rev = i.rev
        where device.id = :id and i.inspector_id = device.owner_id and i.is_current
            and not exists (select from photo p where p.sha256 = a.sha256)
        order by a.sha256) absent
"""
# A number used twice has several bodies before its successor: one that fits is enough.
_BREAKS = """
    select json_build_object('count', count(*), 'items', coalesce(json_agg(json_build_object(
        'op', op, 'seq', seq, 'names', encode(prev_sha256, 'hex'), 'held', held) order by seq, op)
        filter (where n <= :most), '[]'::json))
    from (select o.op, o.seq, o.prev_sha256, row_number() over (order by o.seq, o.op) as n,
            (select json_agg(encode(b.sha256, 'hex') order by b.op) from operation b
                where b.device_id = :id and b.seq = o.seq - 1) as held
        from operation o where o.device_id = :id and o.prev_sha256 is not null
            and exists (select from operation b where b.device_id = :id and b.seq = o.seq - 1)
            and not exists (select from operation b where b.device_id = :id
                and b.seq = o.seq - 1 and b.sha256 = o.prev_sha256)) broken
"""
_DOUBLED = """
    select json_build_object('count', count(*), 'items', coalesce(json_agg(json_build_object(
        'seq', seq, 'ops', ops) order by seq) filter (where n <= :most), '[]'::json))
    from (select seq, json_agg(op order by received_at, op) as ops,
            row_number() over (order by seq) as n
        from operation where device_id = :id and seq is not null
        group by seq having count(*) > 1) twice
"""
_UNLINKED = """
    select count(*) from operation o where o.device_id = :id and o.seq > 1
        and o.prev_sha256 is null
"""
_HELD = """
    select json_build_object('quarantined', count(*) filter (where status = 'quarantined'),
        'rejected', count(*) filter (where status = 'rejected'),
        'conflict', count(*) filter (where status = 'conflict'),
        'without_number', count(*) filter (where seq is null),
        'op_reused', (select count(*) from reused_operation where device_id = :id))
    from operation where device_id = :id
"""
_FORMS = """
    select coalesce(json_agg(form order by form), '[]'::json) from (
        select distinct i.form from inspection i join device on device.id = i.device_id
        where device.id = :id and i.inspector_id = device.owner_id) used
"""
_CLOCK = """
    select json_build_object('operations_off', count(*) filter (where clock_off),
        'last_off_at', max(received_at) filter (where clock_off))
    from operation where device_id = :id
"""
_FLAGS = """
    select coalesce(json_object_agg(flag, n order by flag), '{}'::json) from (
        select flag, count(distinct i.id) as n from inspection i
        join device on device.id = i.device_id
        cross join unnest(i.flags) as said cross join split_part(said, ' ', 1) as flag
        where device.id = :id and i.inspector_id = device.owner_id and i.is_current
        group by flag) flagged
"""
_REPORT = text(f"""
    select json_build_object('owes', json_build_object('missing', ({_RANGES}),
            'photos', ({_PHOTOS}), 'photo_bytes', ({_PHOTO_BYTES})),
        'chain', json_build_object('breaks', ({_BREAKS}), 'doubled', ({_DOUBLED}),
            'without_link', ({_UNLINKED})),
        'held_back', ({_HELD}), 'forms_used', ({_FORMS}),
        'clock', ({_CLOCK}), 'inspection_flags', ({_FLAGS}))::text
""")


def report(session: Session, device: UUID, *, top: int, at: datetime) -> str:
    """What a tablet owes and what is wrong with what came, as JSON text.

    `top` is the highest number it ever gave out. Lists are cut at `MOST`; counts are whole.
    """
    values = {"id": device, "top": top, "at": at, "most": MOST}
    return str(session.execute(_REPORT, values).scalar_one())
