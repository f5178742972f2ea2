"""What happened at a campaign's stations on each day, by the day of the visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope

_DAY = """(case when 'device-clock-off' = any({i}.flags) then {i}.received_at
    else least(coalesce({i}.started_at, {i}.received_at), {i}.received_at) end
    at time zone 'Asia/Bishkek')::date"""
# An inspection is of the day on which it began; a tablet whose clock was off, and one that is ahead
# of the server, do not know the day.
_HAPPENED = text(f"""
    with station_in as (
        select st.number, st.site_id from station st join site on site.id = st.site_id
        where st.campaign_id = :campaign and site.territory_id = any(:whole)
            and (cast(:territories as uuid[]) is null or site.territory_id = any(:territories))
            and (cast(:constituency as int) is null or st.constituency_number = :constituency)
    ), visit as (
        select i.id, i.site_id, min({_DAY.format(i="i")}) as day from inspection i
        join site on site.id = i.site_id
        where i.campaign_id = :campaign and i.site_id in (select site_id from station_in) and (
            site.territory_id = any(:seen_whole)
            or (site.territory_id = any(:seen_own) and i.inspector_id = :person))
        group by i.id, i.site_id
    ), broken as (
        select c.first_inspection_id, c.last_inspection_id, c.state from violation c
        join site on site.id = c.site_id
        where c.campaign_id = :campaign and c.site_id in (select site_id from station_in) and (
            site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
            and (c.first_inspector_id = :person or c.last_inspector_id = :person)))
    )
    select day, sum(inspected), sum(found), sum(closed) from (
        select min(visit.day) as day, 1 as inspected, 0 as found, 0 as closed
        from station_in join visit on visit.site_id = station_in.site_id
        group by station_in.number
        union all
        select visit.day, 0, 1, 0 from broken join visit on visit.id = broken.first_inspection_id
        union all
        select visit.day, 0, 0, 1 from broken join visit on visit.id = broken.last_inspection_id
        where broken.state = 'closed'
    ) happened group by day""")
_CAMPAIGN = text("""
    select campaign.election_day, (select count(*) from station st
        join site on site.id = st.site_id where st.campaign_id = campaign.id
            and site.territory_id = any(:whole)
            and (cast(:territories as uuid[]) is null or site.territory_id = any(:territories))
            and (cast(:constituency as int) is null or st.constituency_number = :constituency)
        ) as stations
    from campaign where id = :campaign""")


@dataclass(frozen=True, slots=True)
class Happened:
    """Of a campaign: its day, its stations, and what was inspected, found and closed when."""

    election_day: date
    stations: int
    days: Mapping[date, tuple[int, int, int]]


def what_happened(
    session: Session,
    scope: Scope,
    seen: Scope,
    campaign: str,
    *,
    territories: frozenset[UUID] | None,
    constituency: int | None,
) -> Happened:
    """By day, at the stations in scope; inspections and violations as far as `seen` allows."""
    values = {
        "campaign": campaign,
        "whole": list(scope.territories),
        "territories": None if territories is None else list(territories),
        "constituency": constituency,
        "seen_whole": list(seen.territories),
        "seen_own": list(seen.own_territories),
        "person": seen.person,
    }
    of_campaign = session.execute(_CAMPAIGN, values).one()
    days = {
        day: (int(inspected), int(found), int(closed))
        for day, inspected, found, closed in session.execute(_HAPPENED, values)
    }
    return Happened(of_campaign.election_day, of_campaign.stations, days)
