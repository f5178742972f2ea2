"""Judging sites again under a changed law: what has to be judged, and writing what comes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, ask
from audit_api.storage.oversight.remediation import ENDED_TASKS, IDLE_TASKS
from audit_api.storage.places.day_corrections import CORRECTIONS_OF_MILESTONE


class SupersededViolation(Base):
    """Why a violation ended without a measurement: its edition was replaced by a named decision.

    `followed_by`: the violation of the same requirement under the new edition, where the old
    measurements break that too. Append-only.
    """

    __tablename__ = "superseded_violation"

    violation_id: Mapped[Id] = mapped_column(ForeignKey("violation.id"), primary_key=True)
    adoption: Mapped[int] = mapped_column(BigInteger, ForeignKey("adoption.n"), primary_key=True)
    followed_by: Mapped[Id | None] = mapped_column(ForeignKey("violation.id"), index=True)
    at: Mapped[Instant]
    recorded_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))


@dataclass(frozen=True, slots=True)
class AffectedCampaign:
    """A campaign that is open and inspects by a profile."""

    id: str
    profile: str
    election_day: date
    repair_days_before: int | None
    day_corrections: dict[str, bool] | None


_CAMPAIGNS = text(f"""
    select c.id, c.profile, c.election_day, m.days_before, {CORRECTIONS_OF_MILESTONE}
    from campaign c
    left join milestone m on m.campaign_id = c.id and m.id = :milestone
    where c.profile = :profile and c.closed_at is null order by c.id
""")
# Sites with an inspection not judged by the ruleset yet, or with a case of a replaced edition.
_SITES = text("""
    select i.site_id as id from inspection i where i.campaign_id = :campaign and i.is_current
        and not exists (select from assessment a where a.inspection_id = i.id and a.rev = i.rev
            and a.ruleset_digest = :digest)
    union
    select v.site_id from violation v where v.campaign_id = :campaign and v.ended_at is null
        and v.standard || '/' || v.edition = any(:replaced)
    order by 1
""")
_LOCK_SITES = text("""
    select id, building_status, built_on, altered_on from site where id = any(:sites)
    order by id for no key update
""")
_INSPECTIONS = text("""
    select i.site_id, i.id, i.rev, i.inspector_id, i.received_at, i.body::text, exists (
        select from assessment a where a.inspection_id = i.id and a.rev = i.rev
        and a.ruleset_digest = :digest)
    from inspection i where i.site_id = any(:sites) and i.campaign_id = :campaign and i.is_current
    order by i.site_id, i.received_at, i.id
""")
_DECISIONS_ON = text("""
    select i.site_id, i.id, v.element_id, v.id, a.move, a.corrections
    from inspection i
    join adjudication a on a.inspection_id = i.id and a.inspection_rev = i.rev
    join violation v on v.id = a.violation_id
    where i.site_id = any(:sites) and i.campaign_id = :campaign and i.is_current
    order by a.n
""")
_DECISIONS_OF = text("""
    select v.site_id, a.inspection_id, v.element_id, v.id, a.move, a.corrections
    from adjudication a join violation v on v.id = a.violation_id
    where a.inspection_id = :id and a.inspection_rev = :rev order by a.n
""")
_CASES = text("""
    select site_id, campaign_id, id, element_id, standard, edition, requirement, state,
        current_due_on, task_id, last_seen_at
    from violation where site_id = any(:sites)
""")
_TASKS = text(f"""
    select element_id, id from remediation_task
    where site_id = any(:sites) and track = 'permanent' and state not in ({ENDED_TASKS})
""")
_ADVICE = text("select id, advice from element where site_id = any(:sites) and advice is not null")
_WRITE_ADVICE = """
    update element set advice = r.advice
    from json_to_recordset(cast(%(rows)s as json)) as r(id uuid, advice json)
    where element.id = r.id
"""
_ASSESS = """
    insert into assessment (inspection_id, rev, ruleset_digest, profile, assessed_at,
        building_status, built_on, altered_on, station_state, index, coverage_permille, score,
        findings)
    select id, rev, %(digest)s, %(profile)s, %(at)s, building_status, built_on, altered_on,
        station_state, index, coverage, cast(score as json), cast(findings as json)
    from json_to_recordset(cast(%(rows)s as json)) as r(id uuid, rev int, building_status text,
        built_on date, altered_on date, station_state text, index int, coverage int, score text,
        findings text)
"""
_OPEN = """
    with new_task as (
        insert into remediation_task (id, site_id, element_id, campaign_id, track, state, due_on,
            assigned_at, rev)
        select id, site_id, element_id, %(campaign)s, 'permanent', 'assigned', due_on, %(at)s, 1
        from json_to_recordset(cast(%(tasks)s as json)) as t(id uuid, site_id uuid,
            element_id uuid, due_on date)
        returning id
    ), new_event as (
        insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
        select id, %(at)s, %(person)s, null, 'assigned', %(reason)s, 'adopted' from new_task
    )
    insert into violation (id, site_id, element_id, campaign_id, requirement, standard, edition,
        clause, clause_hint, confidence, severity, user_groups, measured, tolerance, required,
        photos, state,
        first_seen_at, last_seen_at, first_inspection_id, first_inspector_id, last_inspection_id,
        last_inspection_rev, last_inspector_id, rev, due_on, task_id)
    select id, site_id, element_id, %(campaign)s, requirement, standard, edition, clause,
        clause_hint, confidence, severity, user_groups, measured, tolerance, required, photos,
        'open', %(at)s, %(at)s, inspection_id, inspector_id, inspection_id, inspection_rev,
        inspector_id, 1,
        due_on, task_id
    from json_to_recordset(cast(%(violations)s as json)) as v(id uuid, site_id uuid,
        element_id uuid, requirement text, standard text, edition text, clause text,
        clause_hint text, confidence text, severity text, user_groups text[], measured json,
        tolerance json, required json, photos text[], inspection_id uuid, inspection_rev int,
        inspector_id uuid,
        due_on date, task_id uuid)
"""
_REOPEN = """
    update violation c set state = 'open', ended_at = null, last_seen_at = %(at)s,
        rev = c.rev + 1, measured = v.measured, tolerance = v.tolerance,
        required = v.required, photos = v.photos,
        last_inspection_id = v.inspection_id, last_inspection_rev = v.inspection_rev,
        last_inspector_id = v.inspector_id, revived_at = %(at)s,
        due_on = v.due_on, noticed_due_on = null, task_id = v.task_id, campaign_id = %(campaign)s
    from json_to_recordset(cast(%(violations)s as json)) as v(id uuid, measured json,
        tolerance json, required json, photos text[], inspection_id uuid, inspection_rev int,
        inspector_id uuid,
        due_on date, task_id uuid)
    where c.id = v.id
"""
_SUPERSEDE = """
    with ended as (
        update violation v set state = 'superseded', ended_at = %(at)s, rev = v.rev + 1
        from json_to_recordset(cast(%(cases)s as json)) as s(id uuid)
        where v.id = s.id and v.ended_at is null
        returning v.id
    )
    insert into superseded_violation (violation_id, adoption, followed_by, at, recorded_by)
    select s.id, s.adoption, s.followed_by, %(at)s, %(person)s
    from json_to_recordset(cast(%(cases)s as json)) as s(id uuid, adoption bigint,
        followed_by uuid) join ended e on e.id = s.id
"""
# No measurement verified these: the event says what ended them.
_END_TASKS = f"""
    with ended as (
        update remediation_task t set state = 'verified', rev = rev + 1
        where {IDLE_TASKS}
        returning t.id, (select o.state from remediation_task o where o.id = t.id) as was
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
    select id, %(at)s, %(person)s, was, 'verified', %(reason)s, %(move)s from ended
    returning task_id
"""


def open_campaigns(session: Session, profile: str, milestone: str) -> list[AffectedCampaign]:
    """The campaigns that inspect by a profile and are not closed."""
    rows = session.execute(_CAMPAIGNS, {"profile": profile, "milestone": milestone})
    return [AffectedCampaign(*row) for row in rows]


def sites_to_judge(
    session: Session, campaign: str, digest: str, replaced: Sequence[str]
) -> list[UUID]:
    """The sites that the ruleset of that digest has not reached, by id; `replaced`: "S/E" each."""
    values = {"campaign": campaign, "digest": digest, "replaced": list(replaced)}
    return list(session.scalars(_SITES, values))


def lock_sites(session: Session, sites: Sequence[UUID]) -> list[Any]:
    """Hold sites until commit, as an inspection does: id, building status, built, altered."""
    return list(session.execute(_LOCK_SITES, {"sites": list(sites)}))


def current_inspections(
    session: Session, sites: Sequence[UUID], campaign: str, digest: str
) -> list[Any]:
    """By site, oldest first: site, id, rev, inspector, receipt, body, judged by the ruleset."""
    values = {"sites": list(sites), "campaign": campaign, "digest": digest}
    return list(session.execute(_INSPECTIONS, values))


@dataclass(frozen=True, slots=True)
class DecisionOn:
    """An adjudication of the current revision of an inspection; `corrections` as they were said."""

    site: UUID
    inspection: UUID
    element: UUID
    violation: UUID
    move: str
    corrections: list[dict[str, Any]] | None


def decisions_on(session: Session, sites: Sequence[UUID], campaign: str) -> list[DecisionOn]:
    """What supervision decided on the current inspections of these sites, in its order."""
    values = {"sites": list(sites), "campaign": campaign}
    return [DecisionOn(*row) for row in session.execute(_DECISIONS_ON, values)]


def decisions_of(session: Session, inspection: UUID, rev: int) -> list[DecisionOn]:
    """What supervision decided on one revision, in its order."""
    rows = session.execute(_DECISIONS_OF, {"id": inspection, "rev": rev})
    return [DecisionOn(*row) for row in rows]


def cases_at(session: Session, sites: Sequence[UUID]) -> list[Any]:
    """All violations at these sites, ended ones too."""
    return list(session.execute(_CASES, {"sites": list(sites)}))


def open_tasks_at(session: Session, sites: Sequence[UUID]) -> dict[UUID, UUID]:
    """Element -> its open permanent task."""
    rows = session.execute(_TASKS, {"sites": list(sites)})
    return {row[0]: row[1] for row in rows}


def add_assessments(
    session: Session, rows: Sequence[Mapping[str, Any]], *, digest: str, profile: str, at: datetime
) -> None:
    """Store new assessments beside the old ones. `score` and `findings` are JSON texts."""
    values = {"digest": digest, "profile": profile, "at": at}
    ask(session, _ASSESS, values | {"rows": _json(rows)})


def write_cases(
    session: Session,
    *,
    opened: Sequence[Mapping[str, Any]],
    reopened: Sequence[Mapping[str, Any]],
    superseded: Sequence[Mapping[str, Any]],
    tasks: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> None:
    """Open, reopen and supersede violations; `about` says campaign, person, reason and at.

    The sites have to be locked.
    """
    if opened or tasks:
        ask(session, _OPEN, {**about, "violations": _json(opened), "tasks": _json(tasks)})
    if reopened:
        ask(session, _REOPEN, {**about, "violations": _json(reopened)})
    if superseded:
        ask(session, _SUPERSEDE, {**about, "cases": _json(superseded)})


def advice_at(session: Session, sites: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Element -> its recommendations, of all elements at these sites that have any."""
    rows = session.execute(_ADVICE, {"sites": list(sites)})
    return {row[0]: row[1] for row in rows}


def write_advice(session: Session, advice: Mapping[UUID, Any]) -> None:
    """Give elements their recommendations."""
    if advice:
        rows = [{"id": element, "advice": said} for element, said in advice.items()]
        ask(session, _WRITE_ADVICE, {"rows": _json(rows)})


def end_idle_tasks(
    session: Session, tasks: Sequence[UUID], about: Mapping[str, Any], *, move: str = "ended_by_law"
) -> list[UUID]:
    """End the tasks none of whose violations is alive any more; returns them.

    `about` says person, reason and at.
    """
    if not tasks:
        return []
    values = {**about, "move": move, "tasks": list(tasks)}
    return [task for (task,) in ask(session, _END_TASKS, values)]


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return msgspec.json.encode(list(rows)).decode()


_DECISIONS = text("""
    select a.standard, a.edition, a.weight, a.profile, a.in_force_from, a.replaces,
        a.decision_number, a.decision_date, p.username, count(s.violation_id), count(s.followed_by)
    from adoption a join person p on p.id = a.recorded_by
    left join superseded_violation s on s.adoption = a.n
    group by a.n, p.username order by a.n
""")
_SUPERSEDED = text("""
    select v.site_id, site.name_ru, e.label, v.requirement, v.standard || '/' || v.edition,
        a.standard || '/' || a.edition, a.decision_number, v.id, v.state, s.followed_by, f.state,
        f.due_on
    from superseded_violation s join violation v on v.id = s.violation_id
    join adoption a on a.n = s.adoption join site on site.id = v.site_id
    join element e on e.id = v.element_id left join violation f on f.id = s.followed_by
    order by site.name_ru, v.requirement, s.adoption
""")


def decisions(session: Session) -> list[Any]:
    """Every adoption, the first one first.

    Standard, edition, weight, profile, first day, replaced edition, number and day of the decision,
    who recorded it, how many violations it superseded, and how many of these are followed.
    """
    return list(session.execute(_DECISIONS))


def superseded_violations(session: Session) -> Iterator[Any]:
    """Every superseded violation, by the sites' names.

    Site, its name, element, requirement, its edition, the edition that replaced it, decision, id,
    state, and its follower with state and deadline.
    """
    yield from session.execute(_SUPERSEDED)
