"""Progress of a campaign, by territory and by constituency."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import UserGroup
from audit_api.storage.lists.assignments import FIRST_VISIT
from audit_api.storage.lists.selection import TERRITORY_NAME
from audit_api.storage.oversight.relief import usable

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
            and violation.id in (select relief.violation_id from relief)
        group by violation.site_id
    ), station_now as (
        select st.number, st.voters, st.constituency_number, site.territory_id,
            v.id is not null as inspected,
            exists (select from announced_photo p where p.inspection_id = v.id and p.rev = v.rev
                and not exists (select from photo where photo.sha256 = p.sha256)) as awaiting,
            (select a.station_state from assessment a where a.inspection_id = v.id
                and a.rev = v.rev order by a.assessed_at desc limit 1) as state,
            (select count(*) from violation c where c.site_id = site.id and c.ended_at is null
                and c.campaign_id = :campaign and (
                site.territory_id = any(:seen_whole) or (site.territory_id = any(:seen_own)
                and (c.first_inspector_id = :person or c.last_inspector_id = :person)))
            ) as violations, coalesce(r.relieved, 0) as relieved,
            n.number is not null as mapped,
            {_NEEDS_COLUMNS},
            t.site_id is not null as assigned, coalesce(t.inspected, false) as assigned_inspected
        from station st join site on site.id = st.site_id left join visit v on v.site_id = site.id
        left join assigned t on t.site_id = site.id
        left join relieved r on r.site_id = site.id
        left join needs_map n on n.campaign_id = st.campaign_id and n.number = st.number
            and site.territory_id = any(:needs)
        where st.campaign_id = :campaign and site.territory_id = any(:whole)
    )"""
_FIGURES = f"""'stations', count(*), 'voters', coalesce(sum(voters), 0),
    'inspected', count(*) filter (where inspected),
    'awaiting_photos', count(*) filter (where awaiting),
    'compliant', count(*) filter (where state = 'compliant'),
    'with_open_violations', count(*) filter (where violations > 0),
    'open_violations', coalesce(sum(violations), 0),
    'usable_on_the_day', count(*) filter (where violations > 0 and relieved = violations),
    'assigned', case when :told then count(*) filter (where assigned) end,
    'assigned_inspected', case when :told then count(*) filter (where assigned_inspected) end,
    'with_needs_map', case when :needs_told then count(*) filter (where mapped) end,
    'needs', case when :needs_told then json_build_object({_NEEDS}) end"""
_BY_TERRITORY = text(f"""{_STATIONS}
    select json_build_object('territory', territory.code, 'name', {TERRITORY_NAME},
        {_FIGURES})::text
    from station_now join territory on territory.id = station_now.territory_id
    group by territory.id order by territory.code""")
_BY_CONSTITUENCY = text(f"""{_STATIONS}
    select json_build_object('constituency', c.number,
        'name', json_build_object('ky', c.name_ky, 'ru', c.name_ru, 'en', c.name_en),
        {_FIGURES})::text
    from station_now join constituency c on c.number = station_now.constituency_number
        and c.campaign_id = :campaign
    group by c.campaign_id, c.number order by c.number""")
_TOTAL = text(f"{_STATIONS} select json_build_object({_FIGURES})::text from station_now")


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
    values: dict[str, Any] = {
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
    grouped = _BY_TERRITORY if by == "territory" else _BY_CONSTITUENCY
    total = session.execute(_TOTAL, values).scalar_one()
    return list(session.scalars(grouped, values)), total
