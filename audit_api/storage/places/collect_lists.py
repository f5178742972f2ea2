"""What ODK Collect of one person is offered: the forms of its campaigns, and the list of sites."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.base import ask

_CAMPAIGNS = """
    select coalesce(json_agg(json_build_array(c.profile, c.forms, c.election_day)
        order by c.election_day desc, c.id), '[]')::text from campaign c
    where c.closed_at is null and exists (select from station st join site on site.id = st.site_id
        where st.campaign_id = c.id and site.territory_id = any(cast(%(territories)s as uuid[])))
"""
# One text of CSV, in order: what is assigned first. Names come from imports: quoted, on one line.
_SITES = """
    select md5(csv), csv from (
        select 'name,label,site,campaign,building_status,deciding_day' || coalesce(string_agg(
            line, '' order by assigned desc, campaign_id, number), '') || E'\\r\\n' as csv
        from (
            select st.campaign_id, st.number, due.on is not null as assigned,
                E'\\r\\n' || st.campaign_id || '.' || st.number || ',"' || replace(translate(
                    case when due.on is null then '' else '★ ' || due.on || ' · ' end
                    || '№ ' || st.number || ' · ' || site.{name} ||
                    case when site.address = '' then '' else ' · ' || site.address end,
                    E'\\r\\n\\t', '   '), '"', '""') || '",' || site.id || ',' || st.campaign_id
                || ',' || site.building_status || ',' || coalesce(to_char(coalesce(site.altered_on,
                    case when site.building_status <> 'reconstructed' then site.built_on end),
                    'YYYYMMDD'), '') as line
            from campaign c join station st on st.campaign_id = c.id
            join site on site.id = st.site_id
            left join lateral (select min(a.due_on) as on from assignment a
                where a.site_id = site.id and a.campaign_id = c.id
                    and a.inspector_id = %(person)s and a.withdrawn_at is null) due on true
            where c.closed_at is null and c.profile = %(profile)s and %(form)s = any(c.forms)
                and site.territory_id = any(cast(%(territories)s as uuid[]))
        ) lines
    ) whole
"""
_SITES_IN = {language: _SITES.format(name=f"name_{language}") for language in ("ky", "ru", "en")}


class Offered(NamedTuple):
    """What a campaign inspects by."""

    profile: str
    forms: Sequence[str]
    election_day: date


class SiteList(NamedTuple):
    """The list as CSV in UTF-8, and the MD5 of exactly these bytes in hex."""

    md5: str
    csv: str


def open_campaigns(session: Session, scope: Scope) -> list[Offered]:
    """Campaigns that are not closed and have a station in scope, the next election first."""
    row = ask(session, _CAMPAIGNS, {"territories": _array(scope.territories)}).fetchone()
    return msgspec.json.decode(row[0], type=list[Offered]) if row else []


def site_list(
    session: Session, scope: Scope, language: str, *, person: UUID, profile: str, form: str
) -> SiteList:
    """The polling places in scope of the open campaigns that inspect by this profile and form.

    A person's assignments come first, marked with the day by which they are due.
    """
    row = ask(
        session,
        _SITES_IN[language],
        {
            "territories": _array(scope.territories),
            "person": person,
            "profile": profile,
            "form": form,
        },
    ).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a row")
    return SiteList(row[0], row[1])


def _array(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"
