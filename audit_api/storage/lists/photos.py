"""Photos, as those who may see what they show read them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.inspections import SEEN, seen_by

_SHOWN = f"""
    from announced_photo a
    join inspection on inspection.id = a.inspection_id and inspection.rev = a.rev
    join site on site.id = inspection.site_id
    where a.sha256 = photo.sha256 and {SEEN}
"""
_TASKS = """
    from task_event e join remediation_task t on t.id = e.task_id join site on site.id = t.site_id
    where e.shown @> array[encode(photo.sha256, 'hex')] and site.territory_id = any({territories})
"""
_FOR_TASKS = _TASKS.format(territories=":tasks")
# Of a report, or handed in for one.
_OF_TASKS = """
    from (select e.task_id from task_event e
            where e.shown @> array[encode(photo.sha256, 'hex')]
        union select h.task_id from task_photo h where h.sha256 = photo.sha256) showing
    join remediation_task t on t.id = showing.task_id join site on site.id = t.site_id
    where site.territory_id = any({territories})
"""
_OF_THESE = _OF_TASKS.format(territories=":tasks")
# ODK Collect sent it along: of two files with one name only the first is shown.
_SENT_ALONG = f"""
    from openrosa_file f join inspection on inspection.op = f.op
    join site on site.id = inspection.site_id where f.sha256 = {{sha256}} and {SEEN}
"""
_VISIBLE = f"""(exists (select {_SHOWN}) or exists (select {_OF_THESE})
    or exists (select {_SENT_ALONG.format(sha256="photo.sha256")}))"""
_PHOTO = text(f"""
    select photo.bytes, photo.content_type, e.refused, e.previews
    from photo left join photo_examination e on e.sha256 = photo.sha256
    where photo.sha256 = :sha256 and {_VISIBLE}
""")
# Where the reader sees it shown, and all above: who has or had a grant there may be named. One
# file can be shown in several districts, and who works in the others alone stays unknown here.
_ABOVE = f"""
    with recursive above (id) as (
        select site.territory_id from announced_photo a
        join inspection on inspection.id = a.inspection_id and inspection.rev = a.rev
        join site on site.id = inspection.site_id
        where a.sha256 = :sha256 and {SEEN}
        union
        select site.territory_id {_OF_THESE.replace("photo.sha256", ":sha256")}
        union
        select site.territory_id {_SENT_ALONG.format(sha256=":sha256")}
        union
        select v.parent_id from above join territory_version v on v.territory_id = above.id
        where v.parent_id is not null)
"""
_WORKED_HERE = """exists (select from person_grant g join above on above.id = g.territory_id
    where g.person_id = {person})"""
_OWNER_HERE = _WORKED_HERE.format(person="owner.id")
_DOER_HERE = _WORKED_HERE.format(person="l.person_id")
_FACTS = text(f"""
    {_ABOVE}
    select json_build_object('sha256', encode(photo.sha256, 'hex'), 'bytes', photo.bytes,
        'content_type', photo.content_type, 'received_at', photo.received_at,
        'device', case when {_OWNER_HERE} then photo.device_id end,
        'inspector', case when {_OWNER_HERE} then owner.full_name end,
        'log_entry', (select l.n from log_leaf l where l.photo = photo.sha256),
        'examination', case when e.sha256 is not null then json_build_object(
            'examined_at', e.examined_at, 'refused', e.refused, 'format', e.format,
            'width', e.width, 'height', e.height, 'previews', e.previews) end,
        'claims', case when e.format is not null then json_build_object('taken', e.taken,
            'position', case when e.lat is not null then json_build_object('lat', e.lat,
                'lon', e.lon) end, 'camera', e.camera) end,
        'shown_in', (select coalesce(json_agg(json_build_object('inspection', a.inspection_id,
            'rev', a.rev, 'site', inspection.site_id, 'element', a.element_id,
            'question', a.question, 'bytes', a.bytes, 'bytes_agree', a.bytes = photo.bytes)
            order by inspection.received_at, a.inspection_id, a.rev, a.id), '[]'::json) {_SHOWN}),
        'shown_for', (select coalesce(json_agg(json_build_object('task', t.id,
            'site', t.site_id, 'element', t.element_id, 'move', e.move, 'at', e.at)
            order by e.n), '[]'::json) {_FOR_TASKS}),
        'custody', case when exists (select from announced_photo a
            join inspection on inspection.id = a.inspection_id and inspection.rev = a.rev
            join site on site.id = inspection.site_id
            where a.sha256 = photo.sha256 and site.territory_id = any(:logged))
            or exists (select {_OF_TASKS.format(territories=":logged")})
            then (select coalesce(json_agg(json_build_object('at', l.at, 'what', l.what,
                'by', case when {_DOER_HERE} then p.full_name end,
                'device', case when {_DOER_HERE} then l.device_id end) order by l.n), '[]'::json)
                from audit_log l left join person p on p.id = l.person_id
                where l.subject = encode(photo.sha256, 'hex')
                and (l.what = 'photo_received' and l.detail ->> 'again' is null
                    or l.what in ('photo_received', 'original_read') and {_DOER_HERE})) end)::text
    from photo left join device on device.id = photo.device_id
    join person owner on owner.id = coalesce(device.owner_id, photo.person_id)
    left join photo_examination e on e.sha256 = photo.sha256
    where photo.sha256 = :sha256 and {_VISIBLE}
""")


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """An original that an inspection or a report in scope shows, or that is here for a report.

    `previews` is None while nobody looked at it; `refused` says why there is none.
    """

    bytes: int
    content_type: str
    refused: str | None
    previews: tuple[int, ...] | None


def _values(scope: Scope, tasks: Scope, sha256: bytes) -> dict[str, Any]:
    return seen_by(scope) | {"sha256": sha256, "tasks": list(tasks.territories)}


def find_shown_photo(
    session: Session, scope: Scope, tasks: Scope, sha256: bytes
) -> ShownPhoto | None:
    """The original with that hash; None when nothing shows it.

    Inspections show it in `scope`, tasks in the scope `tasks`.
    """
    row = session.execute(_PHOTO, _values(scope, tasks, sha256)).one_or_none()
    if row is None:
        return None
    previews = None if row.previews is None else tuple(row.previews)
    return ShownPhoto(row.bytes, row.content_type, row.refused, previews)


def photo_facts(
    session: Session, scope: Scope, tasks: Scope, logged: Scope, sha256: bytes
) -> str | None:
    """Everything that is known of an original, as JSON text; None outside `scope` and `tasks`.

    Custody only where the audit log may be read: in the scope `logged`. Who never had a grant over
    a place where the caller sees the photo is not named, and such a person's readings are not told.
    """
    values = _values(scope, tasks, sha256) | {"logged": list(logged.territories)}
    found: str | None = session.execute(_FACTS, values).scalar_one_or_none()
    return found
