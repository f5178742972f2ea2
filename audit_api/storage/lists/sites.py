"""Lists of sites, a site with its elements and visits, and territories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import (
    ADDRESS_AND_PLACE,
    SITE_NAME,
    STATIONS,
    TERRITORY_NAME,
    AnyRow,
    Selection,
)
from audit_api.storage.oversight.adjudicated_scores import STANDING
from audit_api.storage.places.needs import NEEDS_OF_SITE

_MEMBERS = f"""'id', site.id, 'rev', site.rev, 'name', {SITE_NAME},
    {ADDRESS_AND_PLACE}, 'territory', territory.code, 'territory_name', {TERRITORY_NAME},
    'building_status', site.building_status, 'built_on', site.built_on,
    'altered_on', site.altered_on, 'synthetic', site.synthetic, 'stations', {STATIONS}"""
_FROM = " from site join territory on territory.id = site.territory_id"
_SITES = f"select json_build_object({_MEMBERS})::text as doc, site.id{_FROM}"
_SEEN = """(site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
        and {mine}))"""
_SITE = f"""select json_build_object({_MEMBERS},
    'elements', (select coalesce(json_agg(json_build_object('id', e.id, 'type', e.type,
        'label', e.label) order by e.created_at, e.id), '[]'::json)
        from element e where e.site_id = site.id),
    'inspections', (select coalesce(json_agg(json_build_object('id', i.id, 'rev', i.rev,
        'campaign', i.campaign_id, 'form', i.form, 'received_at', i.received_at,
        'finished_at', i.finished_at, 'station_state', a.station_state, 'index', a.index,
        'coverage_permille', a.coverage_permille) order by i.received_at, i.id), '[]'::json)
        from inspection i join lateral {STANDING.format(id="i.id", rev="i.rev")} a on true
        where i.site_id = site.id and i.is_current
            and {_SEEN.format(mine="i.inspector_id = :person")}),
    'needs', {NEEDS_OF_SITE},
    'violations_open', (select count(*) from violation v where v.site_id = site.id
        and v.ended_at is null and {
    _SEEN.format(mine="(v.first_inspector_id = :person or v.last_inspector_id = :person)")
})
    )::text as doc, site.territory_id{_FROM}"""


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """What the list may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    campaign: str | None = None
    constituency: int | None = None
    number: int | None = None


def list_sites(
    session: Session,
    scope: Scope,
    wanted: SiteFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Sites in scope by id, as rows of (JSON text, id)."""
    chosen = Selection(scope, own=None, today=today)
    territories = None if wanted.territories is None else list(wanted.territories)
    chosen.where("site.territory_id = any(:territories)", territories=territories)
    station = "exists (select from station s where s.site_id = site.id and "
    chosen.where(f"{station} s.campaign_id = :campaign)", campaign=wanted.campaign)
    chosen.where(
        f"""{station} s.constituency_number = :constituency
            and s.campaign_id = coalesce(cast(:in_campaign as text), s.campaign_id))""",
        constituency=wanted.constituency,
    )
    chosen.where(
        f"""{station} s.number = :number
            and s.campaign_id = coalesce(cast(:in_campaign as text), s.campaign_id))""",
        number=wanted.number,
    )
    chosen.after("site.id", after, ("uuid",))
    return chosen.rows(session, _SITES, order="site.id", limit=limit, in_campaign=wanted.campaign)


def find_site(
    session: Session, scope: Scope, seen: Scope, site: UUID, *, today: date
) -> tuple[str, UUID] | None:
    """One site with elements and the visits that `seen` allows, and its territory.

    None outside `scope`. The needs map is in it with its exact counts.
    """
    chosen = Selection(scope, own=None, today=today)
    chosen.where("site.id = :id", id=site)
    rows = chosen.rows(
        session,
        _SITE,
        order="site.id",
        limit=1,
        seen_whole=list(seen.territories),
        seen_own=list(seen.own_territories),
        person=seen.person,
    )
    return (rows[0][0], rows[0][1]) if rows else None


_TERRITORIES = text(f"""
    select json_build_object('code', territory.code, 'kind', territory.kind,
        'name', {TERRITORY_NAME}, 'parent', (select p.code from territory_version v
            join territory p on p.id = v.parent_id where v.territory_id = territory.id
            and v.valid_from <= :today order by v.valid_from desc limit 1),
        'location', case when lat is not null then json_build_object('lat', lat, 'lon', lon) end
        )::text, code
    from territory where id = any(:territories) and code > :after order by code limit :limit
""")


def list_territories(
    session: Session, scope: Scope, *, after: Sequence[Any] | None, limit: int, today: date
) -> Sequence[AnyRow]:
    """Territories in scope by code, as rows of (JSON text, code)."""
    values = {
        "territories": list(scope.all_territories),
        "after": "" if after is None else after[0],
        "limit": limit + 1,
        "today": today,
    }
    return session.execute(_TERRITORIES, values).all()
