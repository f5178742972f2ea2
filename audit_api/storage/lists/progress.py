"""Progress of a campaign, by territory and by constituency."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import UserGroup
from audit_api.storage.lists.assignments import FIRST_VISIT
from audit_api.storage.lists.selection import TERRITORY_NAME
from audit_api.storage.oversight.adjudicated_scores import STANDING
from audit_api.storage.oversight.relief import perhaps_usable, usable
from field_schema.scoring import STATION_STATES

_NEEDS_COLUMNS = ", ".join(f"n.{group}" for group in UserGroup)
_NEEDS = ", ".join(f"'{group}', coalesce(sum({group}), 0)" for group in UserGroup)
_STATIONS = f"""
    with visit as (
        select distinct on (i.site_id) i.site_id, i.id, i.rev
        from inspection i join site on site.id = i.site_id
        where i.campaign_id = :campaign and i.is_current and (
            site.territory_id = any(:seen_whole)
            or (site.territory_id = any(:seen_own) and i.inspector_id = :person))
        order by i.site_id, i.received_at desc, i.id
    ), judged as (
        select v.site_id, a.station_state, a.score -> 'ramp' as ramp,
            exists (select from announced_photo p where p.inspection_id = v.id and p.rev = v.rev
                and not exists (select from photo where photo.sha256 = p.sha256))
            or exists (select from awaited_photo p where p.inspection_id = v.id and p.rev = v.rev)
            as awaiting
        from visit v left join lateral {STANDING.format(id="v.id", rev="v.rev")} a on true
    ), broken as (
        select c.site_id, count(*) as violations from violation c
        join site on site.id = c.site_id
        where c.campaign_id = :campaign and c.ended_at is null and (
            site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
            and (c.first_inspector_id = :person or c.last_inspector_id = :person)))
        group by c.site_id
    ), assigned as (
        select assignment.site_id, bool_or({FIRST_VISIT} is not null) as inspected
        from assignment join site on site.id = assignment.site_id
        where assignment.campaign_id = :campaign and assignment.withdrawn_at is null and (
            site.territory_id = any(:told_whole)
            or (site.territory_id = any(:told_own) and assignment.inspector_id = :person))
        group by assignment.site_id
    ), relieved as (
        select violation.site_id, count(*) as relieved
        from violation join site on site.id = violation.site_id
        where violation.campaign_id = :campaign and {usable(":today")}
            and (site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
                and (violation.first_inspector_id = :person
                    or violation.last_inspector_id = :person)))
            and {perhaps_usable(":today")}
        group by violation.site_id
    ), station_now as (
        select st.number, st.voters, st.constituency_number, site.territory_id, site.lat, site.lon,
            j.site_id is not null as inspected, coalesce(j.awaiting, false) as awaiting,
            j.station_state as state, j.ramp ->> 'presence' as ramp,
            j.ramp ->> 'conformity' as conformity,
            coalesce(b.violations, 0) as violations,
            coalesce(r.relieved, 0) as relieved,
            -- A building with two stations has its violations once.
            row_number() over (partition by st.site_id, st.constituency_number
                order by st.number) = 1 as first_of_group,
            row_number() over (partition by st.site_id order by st.number) = 1 as first_of_all,
            n.number is not null as mapped,
            {_NEEDS_COLUMNS},
            t.site_id is not null as assigned, coalesce(t.inspected, false) as assigned_inspected
        from station st join site on site.id = st.site_id
        left join judged j on j.site_id = site.id
        left join broken b on b.site_id = site.id
        left join assigned t on t.site_id = site.id
        left join relieved r on r.site_id = site.id
        left join needs_map n on n.campaign_id = st.campaign_id and n.number = st.number
            and site.territory_id = any(:needs)
        where st.campaign_id = :campaign and site.territory_id = any(:whole)
    )"""
_STATES = ", ".join(
    f"'{state}', count(*) filter (where state = '{state}')" for state in STATION_STATES
)


_ONCE = "coalesce(sum(violations) filter (where {first}), 0)"


def _figures(open_violations: str) -> str:
    return f"""'stations', count(*), 'voters', coalesce(sum(voters), 0),
    'inspected', count(*) filter (where inspected),
    'awaiting_photos', count(*) filter (where awaiting),
    {_STATES},
    'has_ramp', count(*) filter (where ramp = 'present'),
    'ramp_conforms', count(*) filter (where conformity = 'conforms'),
    'with_open_violations', count(*) filter (where violations > 0),
    'open_violations', {open_violations},
    'usable_on_the_day', count(*) filter (where violations > 0 and relieved = violations),
    'assigned', case when :told then count(*) filter (where assigned) end,
    'assigned_inspected', case when :told then count(*) filter (where assigned_inspected) end,
    'with_needs_map', case when :needs_told then count(*) filter (where mapped) end,
    'needs', case when :needs_told then json_build_object({_NEEDS}) end"""


_OF_ALL = _figures(_ONCE.format(first="first_of_all"))
# The group of all comes with the others: how a station stands is worked out once for both.
_BY_TERRITORY = text(f"""{_STATIONS}
    select case when grouping(territory.id) = 1 then json_build_object({_OF_ALL})
        else json_build_object('territory', territory.code, 'name', {TERRITORY_NAME}, {_OF_ALL})
        end::text, grouping(territory.id) = 1
    from station_now left join territory on territory.id = station_now.territory_id
    group by grouping sets ((territory.id, territory.code), ()) order by territory.code""")
_BY_CONSTITUENCY = text(f"""{_STATIONS}
    select case when grouping(c.number) = 1 then json_build_object({_OF_ALL})
        else json_build_object('constituency', c.number,
            'name', json_build_object('ky', c.name_ky, 'ru', c.name_ru, 'en', c.name_en),
            {_figures(_ONCE.format(first="first_of_group"))})
        end::text, grouping(c.number) = 1
    from station_now left join constituency c on c.number = station_now.constituency_number
        and c.campaign_id = :campaign
    group by grouping sets ((c.number, c.name_ky, c.name_ru, c.name_en), ()) order by c.number""")
_POINTS = text(f"""{_STATIONS}, placed as (
        select station_now.*, district.id as district_id,
            min(district.code) over () is distinct from max(district.code) over ()
                or bool_or(district.id is null) over () as many
        from station_now left join territory district on district.kind = 'district'
            and district.id = (select v.parent_id from territory_version v
                where v.territory_id = station_now.territory_id and v.valid_from <= :today
                order by v.valid_from desc limit 1)
        where station_now.lat is not null
    )
    select round(placed.lat * 1000000)::int as lat_e6, round(placed.lon * 1000000)::int as lon_e6,
        coalesce(placed.state, 'not_inspected') as state, territory.code as area,
        {TERRITORY_NAME} as name
    from placed join territory on territory.id = case when placed.many
        then coalesce(placed.district_id, placed.territory_id) else placed.territory_id end
    order by placed.number""")


def progress(
    session: Session,
    scope: Scope,
    seen: Scope,
    told: Scope,
    needs: Scope,
    campaign: str,
    *,
    by: str,
    today: date,
) -> tuple[list[str], str]:
    """Figures of a campaign's stations in scope: groups (`territory` or `constituency`) and total.

    Inspections and violations are counted only as far as `seen` allows, assignments as far as
    `told` does, voters with disabilities as far as `needs` does; the last two are null for whoever
    may read none.
    """
    values = _values(scope, seen, told, needs, campaign, today)
    rows = session.execute(_BY_TERRITORY if by == "territory" else _BY_CONSTITUENCY, values).all()
    groups = [str(doc) for doc, of_all in rows if not of_all]
    return groups, next(str(doc) for doc, of_all in rows if of_all)


def station_points(
    session: Session, scope: Scope, seen: Scope, campaign: str, *, today: date
) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """The stations in scope that have a place, and the names of their areas by code.

    A point: lat_e6, lon_e6 (millionths of a degree), state (of STATION_STATES, or `not_inspected`
    as far as `seen` tells), area: the district, or what lies in none; where all lie in one
    district, the territory.
    """
    values = _values(scope, seen, Scope(), Scope(), campaign, today)
    points, names = [], {}
    for lat, lon, state, area, name in session.execute(_POINTS, values):
        points.append({"lat_e6": lat, "lon_e6": lon, "state": state, "area": area})
        names[area] = name
    return points, names


def _values(
    scope: Scope, seen: Scope, told: Scope, needs: Scope, campaign: str, today: date
) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "whole": list(scope.territories),
        "seen_whole": list(seen.territories),
        "seen_own": list(seen.own_territories),
        "person": seen.person,
        "told": not told.empty,
        "told_whole": list(told.territories),
        "told_own": list(told.own_territories),
        "needs_told": not needs.empty,
        "needs": list(needs.territories),
        "today": today,
    }
