"""What ODK Collect of one person is offered: the forms of its campaigns, and the lists beside each.

A list is one text of CSV, made and hashed in the database: what its manifest says costs no
transfer. What people wrote comes from imports and tablets: quoted, on one line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.base import ask
from audit_api.storage.oversight.remediation import ENDED_TASKS
from field_schema.xform_known import ELEMENT_COLUMNS, ELEMENTS
from field_schema.xform_visit import SITE_COLUMNS, SITES

# Out of a subselect the planner does not count the territories (decision 32): one plan for all.
_WITHIN = "site.territory_id = any((select cast(%(territories)s as uuid[]))::uuid[])"
_CAMPAIGNS = f"""
    select coalesce(json_agg(json_build_array(c.profile, c.forms, c.election_day)
        order by c.election_day desc, c.id), '[]')::text from campaign c
    where c.closed_at is null and exists (select from station st join site on site.id = st.site_id
        where st.campaign_id = c.id and {_WITHIN})
"""
_OF_FORM = f"""c.closed_at is null and c.forms @> array[cast(%(form)s as text)]
    and c.profile = (select cast(%(profile)s as text)) and {_WITHIN}"""


def _plain(text: str) -> str:
    """Without line breaks, for within the quotes of a CSV's value."""
    return f"""replace(translate({text}, E'\\r\\n\\t', '   '), '"', '""')"""


# In order: what is assigned first.
_SITE_LINES = f"""
    select E'\\r\\n' || st.campaign_id || '.' || st.number || ',"' || {
    _plain('''case when due.on is null then '' else '★ ' end || called.name
            || case when site.address = '' then '' else ' · ' || site.address end
            || case when due.on is null then '' else to_char(due.on, ' · → DD.MM.YYYY') end''')
}
        || '","' || {
    _plain("called.name")
} || '",' || site.id || ',' || st.campaign_id || ',' || site.building_status || ','
        || coalesce(to_char(coalesce(site.altered_on, case when site.building_status
            <> 'reconstructed' then site.built_on end), 'YYYYMMDD'), '') as line,
        due.on is null as free, st.campaign_id, st.number
    from campaign c join station st on st.campaign_id = c.id join site on site.id = st.site_id
    left join lateral (select min(a.due_on) as on from assignment a
        where a.site_id = site.id and a.campaign_id = c.id
            and a.inspector_id = %(person)s and a.withdrawn_at is null) due on true
    cross join lateral (select case when strpos(site.{{name}} || ' ', '№ ' || st.number || ' ') > 0
        then site.{{name}} else '№ ' || st.number || ' · ' || site.{{name}} end as name) called
    where {_OF_FORM}
"""
# An element without a label of its own is called by its type. Each part is read once, whatever the
# planner believes of tables that have just grown.
_ELEMENT_LINES = f"""
    with here as materialized (select distinct st.site_id from campaign c
        join station st on st.campaign_id = c.id join site on site.id = st.site_id
        where {_OF_FORM}),
    kind as materialized (select * from jsonb_each_text(cast(%(titles)s as jsonb))
        as k(type, title)),
    live as materialized (select v.element_id, v.task_id,
            v.standard || ' ' || v.edition || ' ' || v.requirement as requirement
        from violation v where v.ended_at is null
            and v.site_id = any(array(select here.site_id from here))),
    counted as materialized (select element_id, ' · ' || %(violations)s || ': ' || count(*) as told
        from live group by element_id),
    measures as materialized (select requirement, key
        from jsonb_each(cast(%(measures)s as jsonb)) as m(requirement, keys)
        cross join lateral jsonb_array_elements_text(m.keys) key),
    needed as materialized (select live.element_id,
            string_agg(distinct measures.key, ' ' order by measures.key) as keys
        from live join remediation_task t on t.id = live.task_id
        join measures on measures.requirement = live.requirement
        where t.state not in ({ENDED_TASKS}) group by live.element_id)
    select E'\\r\\n' || e.id || ',"' || coalesce(nullif(trim(own.label), ''), kind.title)
        || coalesce(counted.told, '') || '",' || e.site_id || ',' || e.type || ',"' || own.label
        || '",' || coalesce(needed.keys, '') as line,
        e.site_id, e.type, own.label collate "C" as label, e.id
    from here join element e on e.site_id = here.site_id join kind on kind.type = e.type
    cross join lateral (select {_plain("e.label")} as label offset 0) own
    left join counted on counted.element_id = e.id left join needed on needed.element_id = e.id
    where needed.keys is not null or not %(needed_alone)s
"""


def _list(columns: Sequence[str], lines: str, order: str) -> str:
    return f"""select '{",".join(columns)}' || coalesce(string_agg(line, '' order by {order}), '')
        || E'\\r\\n' as csv from ({lines}) each_line"""


def _statements(language: str) -> dict[str, str]:
    sites = _SITE_LINES.format(name=f"name_{language}")
    return {
        SITES: _list(SITE_COLUMNS, sites, "free, campaign_id, number"),
        ELEMENTS: _list(ELEMENT_COLUMNS, _ELEMENT_LINES, "site_id, type, label, id"),
    }


_LISTS = {language: _statements(language) for language in ("ky", "ru", "en")}


class Offered(NamedTuple):
    """What a campaign inspects by."""

    profile: str
    forms: Sequence[str]
    election_day: date


@dataclass(frozen=True, slots=True)
class ListsOf:
    """Whose lists, beside which form, in which words.

    `titles`: what each type of element that the form asks about is called; `violations`: what
    stands before their number. `measures`: of a form that asks only what a task needs, by
    "standard edition requirement" the questions that measure it; of all others None.
    """

    scope: Scope
    person: UUID
    profile: str
    form: str
    language: str
    titles: Mapping[str, str]
    violations: str
    measures: Mapping[str, Sequence[str]] | None


class CollectList(NamedTuple):
    """A list as CSV in UTF-8, and the MD5 of exactly these bytes in hex."""

    md5: str
    csv: str


def open_campaigns(session: Session, scope: Scope) -> list[Offered]:
    """Campaigns that are not closed and have a station in scope, the latest election first."""
    row = ask(session, _CAMPAIGNS, {"territories": _array(scope.territories)}).fetchone()
    return msgspec.json.decode(row[0], type=list[Offered]) if row else []


def list_hashes(session: Session, of: ListsOf) -> dict[str, str]:
    """The MD5 of each list by its name, in hex: what a manifest says of them."""
    hashes = ", ".join(f"(select md5(csv) from ({s}) whole)" for s in _LISTS[of.language].values())
    row = ask(session, f"select {hashes}", _values(of)).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a row")
    return dict(zip(_LISTS[of.language], row, strict=True))


def read_list(session: Session, of: ListsOf, name: str) -> CollectList | None:
    """One list; None for a name that no list has.

    Sites: the polling places in scope of the open campaigns that inspect by this profile and form.
    A person's assignments come first, marked with the day by which they are due. Elements: what is
    known of these sites and the form asks about, with the number of its open violations; of a form
    that asks only what a task needs, those whose open tasks need something.
    """
    statement = _LISTS[of.language].get(name)
    if statement is None:
        return None
    row = ask(session, f"select md5(csv), csv from ({statement}) whole", _values(of)).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a row")
    return CollectList(*row)


def _values(of: ListsOf) -> dict[str, Any]:
    return {
        "territories": _array(of.scope.territories),
        "person": of.person,
        "profile": of.profile,
        "form": of.form,
        "titles": msgspec.json.encode(of.titles).decode(),
        "violations": of.violations,
        "measures": msgspec.json.encode(of.measures or {}).decode(),
        "needed_alone": of.measures is not None,
    }


def _array(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"
