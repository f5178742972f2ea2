"""Fields of sites and elements: held, looked at, written, traced; tasks: held and looked at.

All of it is asked in the session's transaction; inside a pipeline nothing is awaited here but the
rows that are looked at. A site is held for its elements and its tasks, as for its inspections:
what happens at one site happens one after the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.sync.merge import Change
from audit_api.domain.vocabulary import EntityKind
from audit_api.storage.base import Answered, ask
from audit_api.storage.evidence.photos import ask_with_arrivals
from audit_api.storage.places.places import Site

SITE_FIELDS = """json_build_object('address', s.address, 'location', case when s.lat is not null
    then json_build_object('lat', s.lat, 'lon', s.lon) end, 'building_status', s.building_status,
    'built_on', s.built_on, 'altered_on', s.altered_on)"""
"""The fields of the site `s` that tablets may edit."""
_HOLD = {
    EntityKind.SITE: "select s.id, s.territory_id, s.rev from site s where s.id = %(id)s"
    " for no key update",
    EntityKind.ELEMENT: """select s.id, s.territory_id, s.rev
        from element e join site s on s.id = e.site_id where e.id = %(id)s
        for no key update of s""",
    EntityKind.TASK: """select s.id, s.territory_id, s.rev
        from remediation_task t join site s on s.id = t.site_id where t.id = %(id)s
        for no key update of s""",
}
_FIELDS = {
    EntityKind.SITE: f"(select {SITE_FIELDS} from site s where s.id = %(id)s)",
    EntityKind.ELEMENT: "(select json_build_object('label', label) from element where id = %(id)s)",
}
_LOOK = """
    select {fields}, (select json_agg(distinct field) from field_change
        where entity_id = %(id)s and rev > coalesce(%(rev)s, (select max(made.rev)
            from field_change made where made.entity_id = %(id)s and made.op = %(op)s)))
"""
_LOOK_AT_TASK = """
    select t.state, t.rev, (select json_agg(encode(sha256, 'hex')) from photo where sha256 in
        (select decode(hex, 'hex') from unnest(cast(%(photos)s as text[])) as p(hex)))
    from remediation_task t where t.id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The site that an edit is about, held until commit; `rev` is the site's."""

    site: UUID
    territory: UUID
    rev: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the database before an edit is carried out; not yet waited for."""

    place: Answered
    state: Answered


def ask_fields(
    session: Session, kind: EntityKind, entity: UUID, base: Mapping[str, Any] | None
) -> Asked:
    """Hold the site, then look: what the second statement sees is fresh, however long it waited."""
    base = base or {}
    return Asked(
        ask(session, _HOLD[kind], {"id": entity}),
        ask(
            session,
            _LOOK.format(fields=_FIELDS[kind]),
            {"id": entity, "rev": base.get("rev"), "op": base.get("op")},
        ),
    )


def ask_task(session: Session, task: UUID, photos: list[str]) -> Asked:
    """Hold a task's site, then look at the task; `photos` are hex hashes."""
    ask_with_arrivals(session, photos)
    return Asked(
        ask(session, _HOLD[EntityKind.TASK], {"id": task}),
        ask(session, _LOOK_AT_TASK, {"id": task, "photos": f"{{{','.join(photos)}}}"}),
    )


def place(asked: Asked) -> Place | None:
    """None when there is no such thing."""
    row = asked.place.fetchone()
    return Place(*row) if row else None


def fields(asked: Asked) -> tuple[dict[str, Any], list[str]]:
    """The fields as they are, and which of them others changed since the tablet's base."""
    row = asked.state.fetchone()
    if row is None:
        raise RuntimeError("a select that always has one row had none")
    return row[0], row[1] or []


@dataclass(frozen=True, slots=True)
class TaskNow:
    """A task as it stands, and which of the announced photos are here (hex)."""

    state: str
    rev: int
    photos: set[str]


def task_now(asked: Asked) -> TaskNow:
    """The task that is held."""
    row = asked.state.fetchone()
    if row is None:
        raise RuntimeError("a task that is held is gone")
    return TaskNow(row[0], row[1], set(row[2] or ()))


_WRITE_SITE = """
    update site set rev = rev + 1, updated_at = %(at)s,
        address = coalesce(f.fields ->> 'address', address),
        lat = case when f.fields::jsonb ? 'location'
            then (f.fields -> 'location' ->> 'lat')::double precision else lat end,
        lon = case when f.fields::jsonb ? 'location'
            then (f.fields -> 'location' ->> 'lon')::double precision else lon end,
        building_status = coalesce(f.fields ->> 'building_status', building_status),
        built_on = case when f.fields::jsonb ? 'built_on' then (f.fields ->> 'built_on')::date
            else built_on end,
        altered_on = case when f.fields::jsonb ? 'altered_on'
            then (f.fields ->> 'altered_on')::date else altered_on end
    from (select cast(%(fields)s as json) as fields) f
    where id = %(site)s
"""
_WRITE_LABEL = "update element set label = %(label)s where id = %(id)s"
_TRACE = """
    insert into field_change (entity_kind, entity_id, rev, field, old, new, op, person_id,
        device_id, at)
    select %(entity_kind)s, %(entity)s, %(rev)s, field, old, new, %(op)s, %(person)s, %(device)s,
        %(at)s
    from json_to_recordset(cast(%(changes)s as json)) as c(field text, old json, new json)
"""


@dataclass(frozen=True, slots=True)
class Author:
    """Whose operation it is."""

    op: UUID
    person: UUID
    device: UUID | None


def write_fields(
    session: Session,
    kind: EntityKind,
    entity: UUID,
    held: Place,
    writes: Mapping[str, Change],
    author: Author,
    at: datetime,
) -> int:
    """Write fields of a thing whose site is held, with what each was and became; the new rev.

    Elements have no revision of their own: it is their site's that grows.
    """
    new = {name: change.new for name, change in writes.items()}
    if kind is EntityKind.ELEMENT:
        ask(session, _WRITE_LABEL, {"id": entity, "label": new["label"]})
        new = {}
    values = {"site": held.site, "fields": msgspec.json.encode(new).decode(), "at": at}
    ask(session, _WRITE_SITE, values)
    rev = held.rev + 1
    changes = [{"field": n, "old": change.old, "new": change.new} for n, change in writes.items()]
    ask(
        session,
        _TRACE,
        {
            "entity_kind": kind.value,
            "entity": entity,
            "rev": rev,
            "op": author.op,
            "person": author.person,
            "device": author.device,
            "changes": msgspec.json.encode(changes).decode(),
            "at": at,
        },
    )
    return rev


_TRACE_IMPORT = """
    insert into field_change (entity_kind, entity_id, rev, field, old, new, at)
    select 'site', site, rev, field, old, new, %(at)s
    from json_to_recordset(cast(%(changes)s as json))
        as c(site uuid, rev bigint, field text, old json, new json)
"""


def fields_of(site: Site) -> dict[str, Any]:
    """What tablets may edit of a site, as its edits write it."""
    location = None if site.lat is None else {"lat": site.lat, "lon": site.lon}
    return {
        "address": site.address,
        "location": location,
        "building_status": site.building_status,
        "built_on": site.built_on.isoformat() if site.built_on else None,
        "altered_on": site.altered_on.isoformat() if site.altered_on else None,
    }


def trace_import(
    session: Session, edited: Iterable[tuple[Site, Mapping[str, Any]]], at: datetime
) -> None:
    """Keep what an import changed of sites, each given with its fields as they were before."""
    changes = [
        {"site": site.id, "rev": site.rev, "field": name, "old": before[name], "new": new}
        for site, before in edited
        for name, new in fields_of(site).items()
        if new != before[name]
    ]
    if changes:
        ask(session, _TRACE_IMPORT, {"changes": msgspec.json.encode(changes).decode(), "at": at})
