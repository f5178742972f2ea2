"""A decision on a review: hold it, see how things stand, write what was taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

SITE_FIELDS: Final = ("address", "location", "building_status", "built_on", "altered_on")
ELEMENT_FIELDS: Final = ("label",)


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A review, held until commit, with whose operation it is about."""

    id: UUID
    kind: str
    entity_kind: str
    entity: UUID
    op: UUID
    site: UUID
    mine: dict[str, Any]
    state: str
    decision: str | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    device: UUID
    owner: UUID


_hold = text("""
    select r.id, r.kind, r.entity_kind, r.entity_id, r.op, r.site_id, r.mine, r.state,
        r.decision, r.reason, p.full_name, r.decided_at, o.device_id, d.owner_id
    from review r join operation o on o.op = r.op join device d on d.id = o.device_id
    left join person p on p.id = r.decided_by
    where r.id = :id for update of r
""")


def hold_review(session: Session, review: UUID) -> OpenReview | None:
    """Hold a review until commit; waits for whoever decides on it just now."""
    row = session.execute(_hold, {"id": review}).one_or_none()
    return OpenReview(*row) if row else None


_resolve = text("""
    update review set state = 'resolved', decision = :decision, reason = :reason,
        decided_by = :person, decided_at = :at
    where id = :id
""")


def resolve(
    session: Session, review: UUID, *, decision: str, reason: str, person: UUID, at: datetime
) -> None:
    """Write the decision on a review that is held."""
    values = {"id": review, "decision": decision, "reason": reason, "person": person, "at": at}
    session.execute(_resolve, values)


_site = text("""
    select json_build_object('address', address, 'location', case when lat is not null
        then json_build_object('lat', lat, 'lon', lon) end, 'building_status', building_status,
        'built_on', built_on, 'altered_on', altered_on)
    from site where id = :site for no key update
""")
_label = text("select json_build_object('label', label) from element where id = :id for update")


def hold_fields(session: Session, site: UUID, element: UUID | None) -> dict[str, Any]:
    """The fields of a site, or of an element of it, as they are; both held until commit."""
    of_site: dict[str, Any] = session.execute(_site, {"site": site}).scalar_one()
    if element is None:
        return of_site
    of_element: dict[str, Any] = session.execute(_label, {"id": element}).scalar_one()
    return of_element


_write_site = text("""
    update site set rev = rev + 1, updated_at = :at,
        address = case when f.fields::jsonb ? 'address' then f.fields ->> 'address'
            else address end,
        lat = case when f.fields::jsonb ? 'location'
            then (f.fields -> 'location' ->> 'lat')::double precision else lat end,
        lon = case when f.fields::jsonb ? 'location'
            then (f.fields -> 'location' ->> 'lon')::double precision else lon end,
        building_status = coalesce(f.fields ->> 'building_status', building_status),
        built_on = case when f.fields::jsonb ? 'built_on' then (f.fields ->> 'built_on')::date
            else built_on end,
        altered_on = case when f.fields::jsonb ? 'altered_on'
            then (f.fields ->> 'altered_on')::date else altered_on end
    from (select cast(:fields as json) as fields) f
    where id = :site returning rev
""")
_write_label = text("update element set label = :label where id = :id")


def write_fields(
    session: Session, site: UUID, element: UUID | None, fields: Mapping[str, Any], at: datetime
) -> int:
    """Give a site, or an element of it, these values; the site's new revision."""
    if element is not None:
        session.execute(_write_label, {"id": element, "label": fields["label"]})
        fields = {}
    values = {"site": site, "fields": msgspec.json.encode(fields).decode(), "at": at}
    return int(session.execute(_write_site, values).scalar_one())


_trace = text("""
    insert into field_change (entity_kind, entity_id, rev, field, old, new, op, person_id,
        device_id, at)
    select :entity_kind, :entity, :rev, field, old, new, :op, :person, :device, :at
    from json_to_recordset(cast(:changes as json)) as c(field text, old json, new json)
""")


def trace(
    session: Session, review: OpenReview, rev: int, changes: list[dict[str, Any]], at: datetime
) -> None:
    """Keep what each field was and became, and by whose operation."""
    session.execute(
        _trace,
        {
            "entity_kind": review.entity_kind,
            "entity": review.entity,
            "rev": rev,
            "op": review.op,
            "person": review.owner,
            "device": review.device,
            "changes": msgspec.json.encode(changes).decode(),
            "at": at,
        },
    )


_current = text("select rev from inspection where id = :id and is_current")
_task_state = text("select state from remediation_task where id = :id")


def current_rev(session: Session, inspection: UUID) -> int | None:
    """The revision of an inspection that is current."""
    rev: int | None = session.scalar(_current, {"id": inspection})
    return rev


def task_state(session: Session, task: UUID) -> str | None:
    """The state that a task is in."""
    state: str | None = session.scalar(_task_state, {"id": task})
    return state
