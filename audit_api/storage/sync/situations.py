"""What deciding on inspections and judging them need to know, asked before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage.base import Answered, ask
from audit_api.storage.evidence.photos import ask_with_arrivals
from audit_api.storage.oversight.remediation import ENDED_TASKS
from audit_api.storage.places.day_corrections import CORRECTIONS_OF_MILESTONE


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What judging an inspection needs to know of its site and campaign."""

    territory: UUID
    building_status: str
    built_on: Any
    altered_on: Any
    election_day: Any
    profile: str
    campaign_closed: bool
    repair_days_before: int | None
    day_corrections: dict[str, bool] | None
    """Null: the milestone counts calendar days."""


@dataclass(frozen=True, slots=True)
class KnownState:
    """What the server holds about the things an inspection names."""

    rev: int | None
    """The inspection's current revision; None when it is new."""
    inspector: UUID | None
    """Who made that revision."""
    visited: UUID | None
    """The site of that revision."""
    elements: dict[UUID, tuple[UUID, str, str]]
    """Element id -> site, type, label."""
    advice: dict[UUID, list[dict[str, Any]]]
    """Element id -> its recommendations."""
    violations: list[dict[str, Any]]
    tasks: dict[UUID, UUID]
    """Element id -> its open task."""
    photos: set[str]
    """Hex hashes of the announced photos that are here."""
    made_by_base: int | None
    """The revision that the operation named as the base made of this inspection."""
    same_bytes_as: int | None
    """The newest revision whose body has the same bytes."""
    catalog_version: int
    """Asked behind the lock: whatever became law while it was awaited is law."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What was asked of the database before an inspection is stored; not yet waited for."""

    site: Answered
    state: Answered


_LOCK_SITE = f"""
    select s.territory_id, s.building_status, s.built_on, s.altered_on, c.election_day, c.profile,
        c.closed_at is not null, m.days_before,
        {CORRECTIONS_OF_MILESTONE}
    from site s
    join campaign c on c.id = %(campaign)s
    left join milestone m on m.campaign_id = c.id and m.id = %(milestone)s
    where s.id = %(site)s and exists (
        select from station st where st.site_id = s.id and st.campaign_id = c.id)
    for no key update of s
"""
_KNOWN_STATE = f"""
    select i.rev, i.inspector_id, i.site_id,
        (select json_agg(json_build_array(id, site_id, type, label, advice)) from element
            where id = any(cast(%(elements)s as uuid[]))),
        (select json_agg(json_build_object('id', id, 'element', element_id, 'standard', standard,
            'edition', edition, 'requirement', requirement, 'state', state, 'task', task_id))
            from violation where element_id = any(cast(%(elements)s as uuid[]))),
        (select json_object_agg(element_id, id) from remediation_task
            where element_id = any(cast(%(elements)s as uuid[])) and track = 'permanent'
                and state not in ({ENDED_TASKS})),
        (select json_agg(encode(sha256, 'hex')) from photo where sha256 in
            (select decode(hex, 'hex') from unnest(cast(%(photos)s as text[])) as t(hex))),
        coalesce(
            (select b.rev from inspection b where b.id = %(inspection)s and b.op = %(base_op)s),
            (select (o.result ->> 'rev')::int from operation o
                where o.op = %(base_op)s and o.entity_id = %(inspection)s
                and o.status = 'applied')),
        (select max(b.rev) from inspection b
            where b.id = %(inspection)s and b.body_sha256 = %(sha256)s),
        (select coalesce(max(n), 0) from catalog_document)
    from (select) always
    left join inspection i on i.id = %(inspection)s and i.is_current
"""


def ask_situation(
    session: Session,
    *,
    inspection: UUID,
    sha256: bytes,
    base_op: UUID | None,
    site: UUID,
    campaign: str,
    milestone: str,
    elements: list[UUID],
    photos: list[str],
) -> Situation:
    """Hold a site until commit, so that its cases move one inspection at a time; then look.

    `sha256` is the body's, `base_op` the operation that it edits, `photos` are hex hashes. Two
    statements in this order: what the second sees is fresh, however long the first waited.
    """
    ask_with_arrivals(session, photos)
    return Situation(
        ask(session, _LOCK_SITE, {"site": site, "campaign": campaign, "milestone": milestone}),
        ask(
            session,
            _KNOWN_STATE,
            {
                "inspection": inspection,
                "sha256": sha256,
                "base_op": base_op,
                "elements": _array(elements),
                "photos": _array(photos),
            },
        ),
    )


def site_facts(situation: Situation) -> SiteFacts | None:
    """None when the site is no station of the campaign, or one of them does not exist."""
    row = situation.site.fetchone()
    return SiteFacts(*row) if row else None


def known_state(situation: Situation) -> KnownState:
    """What is known of the inspection, its elements and photos."""
    return _state(situation.state)


def _state(answer: Answered) -> KnownState:
    row = answer.fetchone()
    if row is None:
        raise RuntimeError("a select that always has one row had none")
    return KnownState(
        row[0],
        row[1],
        row[2],
        {UUID(i): (UUID(site), kind, label) for i, site, kind, label, _ in row[3] or ()},
        {UUID(known[0]): known[4] for known in row[3] or () if known[4]},
        row[4] or [],
        {UUID(element): UUID(task) for element, task in (row[5] or {}).items()},
        set(row[6] or ()),
        row[7],
        row[8],
        row[9],
    )


_LOCK_SITES = f"""
    select w.site, w.campaign, s.territory_id, s.building_status, s.built_on, s.altered_on,
        c.election_day, c.profile, c.closed_at is not null, m.days_before,
        {CORRECTIONS_OF_MILESTONE}
    from unnest(cast(%(sites)s as uuid[]), cast(%(campaigns)s as text[])) as w(site, campaign)
    join site s on s.id = w.site
    join campaign c on c.id = w.campaign
    left join milestone m on m.campaign_id = c.id and m.id = %(milestone)s
    where exists (select from station st where st.site_id = s.id and st.campaign_id = c.id)
    order by s.id
    for no key update of s
"""
_ANY_KNOWN = """
    select exists (select from inspection where id = any(cast(%(inspections)s as uuid[])))
"""


@dataclass(frozen=True, slots=True)
class Situations:
    """What was asked before new inspections of different sites are stored together."""

    sites: Answered
    known: Answered
    state: Answered


def ask_situations(
    session: Session,
    *,
    inspections: list[UUID],
    visited: list[tuple[UUID, str]],
    milestone: str,
    elements: list[UUID],
    photos: list[str],
) -> Situations:
    """`ask_situation` for new inspections of different sites; `visited`: site and campaign each.

    Sites are held in the order of their ids, so that two runs never wait for each other.
    """
    ask_with_arrivals(session, photos)
    return Situations(
        ask(
            session,
            _LOCK_SITES,
            {
                "sites": _array(site for site, _ in visited),
                "campaigns": [campaign for _, campaign in visited],
                "milestone": milestone,
            },
        ),
        ask(session, _ANY_KNOWN, {"inspections": _array(inspections)}),
        ask(
            session,
            _KNOWN_STATE,
            {
                "inspection": None,
                "sha256": None,
                "base_op": None,
                "elements": _array(elements),
                "photos": _array(photos),
            },
        ),
    )


def sites_facts(situations: Situations) -> dict[tuple[UUID, str], SiteFacts]:
    """What is known of each site and campaign; absent: no station of the campaign."""
    return {(row[0], row[1]): SiteFacts(*row[2:]) for row in situations.sites}


def any_is_known(situations: Situations) -> bool:
    """Whether one of the inspections has a revision already."""
    return situations.known.fetchone() != (False,)


def state_of_all(situations: Situations) -> KnownState:
    """What is known of all their elements and photos."""
    return _state(situations.state)


def only(state: KnownState, elements: Iterable[UUID]) -> KnownState:
    """What of a state is about some elements; photos stay as they are."""
    own = set(elements)
    return replace(
        state,
        elements={e: known for e, known in state.elements.items() if e in own},
        advice={e: known for e, known in state.advice.items() if e in own},
        violations=[v for v in state.violations if UUID(v["element"]) in own],
        tasks={e: task for e, task in state.tasks.items() if e in own},
    )


def _array(values: Iterable[Any]) -> str:
    return f"{{{','.join(map(str, values))}}}"
