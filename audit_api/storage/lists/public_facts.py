"""What voters may know of a campaign's stations: what supervision has established, no person."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.storage.lists.selection import SITE_NAME, TERRITORY_NAME
from audit_api.storage.oversight.adjudicated_scores import STANDING
from audit_api.storage.oversight.relief import usable

# Established: confirmed, or claimed to be repaired after it was. Doubted or not looked at: waits.
_CONFIRMED = """(violation.state = 'confirmed'
    or (violation.state = 'remedied' and violation.claimed_from = 'confirmed'))"""
_FACTS = text(f"""
    with visit as (
        select distinct on (i.site_id) i.site_id, i.id, i.rev, i.received_at,
            exists (select from inspection_return r where r.inspection_id = i.id
                and r.rev = i.rev) as returned,
            exists (select from fabrication_flag f where f.inspection_id = i.id
                and f.set_aside_at is null) as flagged
        from inspection i where i.campaign_id = :campaign and i.is_current
        order by i.site_id, i.received_at desc, i.id
    ), broken as (
        select violation.site_id,
            bool_or(violation.ended_at is null and not {_CONFIRMED}) as waits,
            coalesce(json_agg(json_build_object('standard', violation.standard,
                'edition', violation.edition, 'requirement', violation.requirement,
                'severity', violation.severity, 'groups', violation.user_groups,
                'usable_on_the_day', {usable(":today")})
                order by violation.severity, violation.requirement, violation.id)
                filter (where violation.ended_at is null and {_CONFIRMED}), '[]'::json) as barriers
        from violation where violation.campaign_id = :campaign group by violation.site_id
    )
    select st.number, {SITE_NAME} as name, site.address, {TERRITORY_NAME} as territory_name,
        site.lat, site.lon, site.synthetic,
        v.id is not null and not v.returned and not v.flagged
            and not coalesce(b.waits, false) as established,
        v.received_at as seen_at, a.score, coalesce(b.barriers, '[]'::json) as barriers
    from station st join site on site.id = st.site_id
    join territory on territory.id = site.territory_id
    left join visit v on v.site_id = site.id
    left join broken b on b.site_id = site.id
    left join lateral {STANDING.format(id="v.id", rev="v.rev")} a on true
    where st.campaign_id = :campaign order by st.number
""")


def public_facts(session: Session, campaign: str, *, today: date) -> list[Any]:
    """A row for each station: number, name, address, territory_name, lat, lon, synthetic,
    established, seen_at, score, barriers.

    `score` and `barriers` may be told only of a station that is `established`: visited, not
    returned, without open signs of fabrication, and with no violation that supervision has not
    confirmed.
    """
    return list(session.execute(_FACTS, {"campaign": campaign, "today": today}))
