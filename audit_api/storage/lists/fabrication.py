"""Fabrication flags, as supervision reads them: nobody their own, nothing of what lies outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import SITE_NAME, AnyRow, Selection

_CHECK = text("""
    select c.checked_at, c.announced, c.examined
    from inspection join site on site.id = inspection.site_id
    left join fabrication_check c on c.inspection_id = inspection.id and c.rev = inspection.rev
    where inspection.id = :id and inspection.is_current and site.territory_id = any(:whole)
        and inspection.inspector_id <> :person
""")
# What lies outside is not selected at all: neither the other side nor a figure of both.
_FLAGS = text("""
    select f.id, f.kind, encode(f.photo, 'hex') as photo, f.element_id as element,
        f.other_inspection_id is not null and theirs.id is null as outside,
        case when f.other_inspection_id is null or theirs.id is not null
            then f.figures end as figures,
        case when theirs.id is not null then json_build_object(
            'inspection', f.other_inspection_id, 'rev', f.other_rev, 'current', o.is_current,
            'site', theirs.id, 'site_name', json_build_object('ky', theirs.name_ky,
            'ru', theirs.name_ru, 'en', theirs.name_en), 'photo', encode(f.other_photo, 'hex'),
            'element', f.other_element_id) end as other,
        f.found_at, f.reason, p.full_name as set_aside_by, f.set_aside_at
    from fabrication_flag f
    join inspection i on i.id = f.inspection_id and i.rev = f.rev and i.is_current
    left join inspection o on o.id = f.other_inspection_id and o.rev = f.other_rev
    left join site theirs on theirs.id = o.site_id and theirs.territory_id = any(:whole)
    left join person p on p.id = f.set_aside_by
    where f.inspection_id = :id order by f.found_at, f.kind, f.id
""")


@dataclass(frozen=True, slots=True)
class FlagsOfInspection:
    """When the current revision was looked at (`checked_at`, None: not yet), and its flags.

    `announced` and `examined` count photos. A row has id, kind, photo, element, outside, figures,
    other, found_at, reason, set_aside_by and set_aside_at.
    """

    checked_at: Any
    announced: int | None
    examined: int | None
    flags: Sequence[AnyRow]


def flags_of(session: Session, scope: Scope, inspection: UUID) -> FlagsOfInspection | None:
    """The flags of an inspection; None outside the scope, and for the scope's own person."""
    if scope.empty:
        return None
    values = {"id": inspection, "whole": list(scope.territories), "person": scope.person}
    check = session.execute(_CHECK, values).one_or_none()
    if check is None:
        return None
    flags = session.execute(_FLAGS, values).all()
    return FlagsOfInspection(check.checked_at, check.announced, check.examined, flags)


@dataclass(frozen=True, slots=True)
class FlaggedFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    site: UUID | None = None
    campaign: str | None = None
    kind: str | None = None
    state: str | None = None


# One row for each inspection: its first flag, with what all of them come to.
_FLAGGED = f"""
    select json_build_object('inspection', inspection.id, 'rev', inspection.rev,
        'site', site.id, 'site_name', {SITE_NAME}, 'territory', territory.code,
        'campaign', inspection.campaign_id, 'inspector', person.full_name,
        'received_at', inspection.received_at, 'first_found_at', flag.found_at,
        'open', found.open, 'set_aside', found.aside, 'kinds', found.kinds)::text as doc,
        flag.found_at, flag.inspection_id
    from fabrication_flag flag
    join inspection on inspection.id = flag.inspection_id and inspection.rev = flag.rev
    join site on site.id = inspection.site_id
    join territory on territory.id = site.territory_id
    join person on person.id = inspection.inspector_id
    cross join lateral (select count(*) filter (where f.set_aside_at is null) as open,
            count(*) filter (where f.set_aside_at is not null) as aside,
            json_agg(distinct f.kind) as kinds
        from fabrication_flag f
        where f.inspection_id = flag.inspection_id and f.rev = flag.rev) found"""
_FIRST = """not exists (select from fabrication_flag f where f.rev = flag.rev
    and f.inspection_id = flag.inspection_id and (f.found_at, f.id) < (flag.found_at, flag.id))"""
_OF_KIND = """exists (select from fabrication_flag f where f.inspection_id = inspection.id
    and f.rev = inspection.rev and f.kind = :kind)"""


def list_flagged(
    session: Session,
    scope: Scope,
    wanted: FlaggedFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Flagged inspections in scope, longest known first, as (JSON text, first_found_at, id)."""
    chosen = Selection(scope, own=None, today=today)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("inspection.is_current")
    chosen.where(_FIRST)
    chosen.where("inspection.inspector_id <> :person", person=scope.person)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    chosen.where("site.id = :site", site=wanted.site)
    chosen.where("inspection.campaign_id = :campaign", campaign=wanted.campaign)
    chosen.where(_OF_KIND, kind=wanted.kind)
    if wanted.state is not None:
        chosen.where("found.open > 0" if wanted.state == "open" else "found.open = 0")
    order = "flag.found_at, flag.inspection_id"
    chosen.after(order, after, ("timestamptz", "uuid"))
    return chosen.rows(session, _FLAGGED, order=order, limit=limit)
