"""Where the stations of a campaign are, and how each stands: for a map."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import TERRITORY_NAME

_VERSION = """(select v.{column} from territory_version v where v.territory_id = territory.id
    and v.valid_from <= :today order by v.valid_from desc limit 1)"""
_POINTS = text(f"""
    with building as (
        select site.id, site.lat, site.lon, coalesce(district.id, territory.id) as district_id,
            exists (select from inspection i where i.site_id = site.id
                and i.campaign_id = :campaign and i.is_current and (
                    site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
                    and i.inspector_id = :person))) as inspected,
            exists (select from violation c where c.site_id = site.id
                and c.campaign_id = :campaign and c.ended_at is null and (
                    site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
                    and (c.first_inspector_id = :person or c.last_inspector_id = :person)))) as open
        from site join territory on territory.id = site.territory_id
        left join territory district on district.kind = 'district'
            and district.id = {_VERSION.format(column="parent_id")}
        where site.territory_id = any(:whole) and site.lat is not null
            and exists (select from station st where st.site_id = site.id
                and st.campaign_id = :campaign)
    )
    select round(building.lat * 1000000)::int, round(building.lon * 1000000)::int,
        case when building.open then 'open' when building.inspected then 'no_open'
            else 'not_inspected' end, territory.code, {TERRITORY_NAME}
    from building join territory on territory.id = building.district_id
    order by territory.code, building.id
""")


def station_points(
    session: Session, scope: Scope, seen: Scope, campaign: str, *, today: date
) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """The buildings in scope that serve in a campaign, and the names of their districts by code.

    A point: lat_e6, lon_e6, state (`not_inspected`, `no_open`, `open`, as far as `seen` allows),
    district (a city that lies in none is its own).
    """
    values = {
        "campaign": campaign,
        "whole": list(scope.territories),
        "seen_whole": list(seen.territories),
        "seen_own": list(seen.own_territories),
        "person": seen.person,
        "today": today,
    }
    points, names = [], {}
    for lat, lon, state, district, name in session.execute(_POINTS, values):
        points.append({"lat_e6": lat, "lon_e6": lon, "state": state, "district": district})
        names[district] = name
    return points, names
