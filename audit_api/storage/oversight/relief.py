"""What was measured of violations in their election-day state, and whether that counts today."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.oversight.relief import ReliefVerdict
from audit_api.domain.vocabulary import TaskTrack
from audit_api.storage.base import Base, Id, Instant, Json, Texts, Word, ask, one_of
from audit_api.storage.oversight.remediation import ENDED_TASKS
from audit_api.storage.places.day_corrections import CORRECTIONS_OF_MILESTONE


class Relief(Base):
    """A sure verdict about a violation with a temporary remedy in place. Append-only.

    The newest of a violation counts, while the revision that measured it is current.
    """

    __tablename__ = "relief"
    __table_args__ = (
        one_of("verdict", ReliefVerdict),
        CheckConstraint("verdict = 'violation' or cardinality(photos) > 0", name="shown"),
        ForeignKeyConstraint(
            ["inspection_id", "inspection_rev"], ["inspection.id", "inspection.rev"]
        ),
        Index("ix_relief_violation_id_n", "violation_id", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    violation_id: Mapped[Id] = mapped_column(ForeignKey("violation.id"))
    inspection_id: Mapped[Id]
    inspection_rev: Mapped[int]
    verdict: Mapped[Word]
    measured: Mapped[Json]
    photos: Mapped[Texts]
    at: Mapped[Instant]


# What was measured before the violation was closed and came back says nothing of today.
_NEWEST: Final = """(select r.verdict, r.inspection_id, r.inspection_rev, r.measured, r.photos,
    r.at, c.election_day from relief r join inspection i on i.id = r.inspection_id
        and i.rev = r.inspection_rev and i.is_current
    join campaign c on c.id = i.campaign_id
    where r.violation_id = violation.id
        and (violation.revived_at is null or r.at >= violation.revived_at)
    order by r.n desc limit 1) newest
    where newest.verdict = 'compliant' and newest.election_day >= {today}"""


def usable(today: str) -> str:
    """Whether a row `violation` is usable on the day; SQL. `today`: the day's parameter."""
    newest = _NEWEST.format(today=today)
    return f"(violation.ended_at is null and exists (select from {newest}))"


def perhaps_usable(today: str) -> str:
    """What every row `violation` that is `usable` fulfils, cheap to look for; SQL.

    Few violations are ever relieved, and none counts once every election day is over.
    """
    return f"""(select max(c.election_day) from campaign c) >= {today}
        and violation.id in (select relief.violation_id from relief)"""


USABLE_ON_THE_DAY: Final = f"""(select json_build_object('inspection', newest.inspection_id,
    'inspection_rev', newest.inspection_rev, 'seen_at', newest.at, 'measured', newest.measured,
    'photos', newest.photos, 'lapses_on', newest.election_day + 1)
    from {_NEWEST.format(today=":today")} and violation.ended_at is null)"""
"""Why a row `violation` is usable on the day; null when it is not. SQL with `:today`."""

_CASES: Final = f"""
    select violation.id, violation.element_id, violation.standard, violation.edition,
        violation.requirement, {usable("%(today)s")}
    from violation where violation.element_id = any(cast(%(elements)s as uuid[]))
        and violation.ended_at is null
"""
_TASKS: Final = f"""
    select t.id, t.element_id, t.state, t.relieves from remediation_task t
    where t.element_id = any(cast(%(elements)s as uuid[])) and t.track = '{TaskTrack.TEMPORARY}'
        and t.state not in ({ENDED_TASKS})
"""
_DAYS: Final = f"""
    select c.election_day, m.days_before, {CORRECTIONS_OF_MILESTONE}
    from campaign c left join milestone m on m.campaign_id = c.id and m.id = %(milestone)s
    where c.id = %(campaign)s
"""
_ADD: Final = """
    insert into relief (violation_id, inspection_id, inspection_rev, verdict, measured, photos, at)
    select violation, %(inspection)s, %(rev)s, verdict, measured, photos, %(at)s
    from json_to_recordset(cast(%(rows)s as json)) as r(violation uuid, verdict text, measured json,
        photos text[])
"""
_OPEN: Final = f"""
    with opened as (
        insert into remediation_task (id, site_id, element_id, campaign_id, track, state, due_on,
            assigned_at, rev, relieves)
        values (%(task)s, %(site)s, %(element)s, %(campaign)s, '{TaskTrack.TEMPORARY}', 'assigned',
            cast(%(due_on)s as date), %(at)s, 1, cast(%(relieves)s as uuid[]))
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
    values (%(task)s, %(at)s, %(person)s, null, 'assigned', %(reason)s, %(move)s)
"""
_WIDEN: Final = """
    update remediation_task set relieves = cast(%(relieves)s as uuid[]), rev = rev + 1
    where id = %(task)s
"""


@dataclass(frozen=True, slots=True)
class CampaignDays:
    """What the deadline of a temporary task depends on; `final_check_before`: null without one."""

    election_day: date
    final_check_before: int | None
    day_corrections: dict[str, bool] | None


@dataclass(frozen=True, slots=True)
class OpenedForTheDay:
    """A temporary task to be opened: what of, by which day, and who did it how and why."""

    id: UUID
    site: UUID
    element: UUID
    campaign: str
    due_on: date
    relieves: Iterable[UUID]
    move: str
    person: UUID
    reason: str


def days_of(session: Session, campaign: str, milestone: str) -> CampaignDays:
    """The days of a campaign that is there."""
    row = ask(session, _DAYS, {"campaign": campaign, "milestone": milestone}).fetchone()
    if row is None:
        raise RuntimeError(f"campaign {campaign} is gone")
    return CampaignDays(*row)


def live_cases(session: Session, elements: Sequence[UUID], today: date) -> list[Any]:
    """Live violations: id, element, standard, edition, requirement, usable on the day."""
    return list(ask(session, _CASES, {"elements": _array(elements), "today": today}))


def day_tasks(session: Session, elements: Sequence[UUID]) -> list[Any]:
    """Temporary tasks that have not ended: id, element, state, violations."""
    return list(ask(session, _TASKS, {"elements": _array(elements)}))


def add_relief(
    session: Session,
    rows: Sequence[Mapping[str, Any]],
    *,
    inspection: UUID,
    rev: int,
    at: datetime,
) -> None:
    """Keep what a visit says; rows: violation, verdict, measured, photos."""
    encoded = msgspec.json.encode(list(rows)).decode()
    ask(session, _ADD, {"rows": encoded, "inspection": inspection, "rev": rev, "at": at})


def open_day_task(session: Session, task: OpenedForTheDay, *, at: datetime) -> None:
    """Make a temporary task, with its event; the site has to be held."""
    values = {
        "task": task.id,
        "site": task.site,
        "element": task.element,
        "campaign": task.campaign,
        "due_on": task.due_on,
        "relieves": _array(sorted(task.relieves)),
        "move": task.move,
        "person": task.person,
        "reason": task.reason,
        "at": at,
    }
    ask(session, _OPEN, values)


def widen_day_task(session: Session, task: UUID, relieves: Iterable[UUID]) -> None:
    """Say anew which violations a temporary task is about."""
    ask(session, _WIDEN, {"task": task, "relieves": _array(sorted(relieves))})


_BESIDE = text("""
    select site.territory_id, t.site_id, t.element_id, (select c.id from station st
        join campaign c on c.id = st.campaign_id
        where st.site_id = t.site_id and c.closed_at is null and c.election_day >= :today
        order by c.election_day, c.id limit 1)
    from remediation_task t join site on site.id = t.site_id where t.id = :id
""")


def task_beside(session: Session, task: UUID, today: date) -> Any:
    """Of a task that is there: territory, site, element, and the next campaign or None."""
    return session.execute(_BESIDE, {"id": task, "today": today}).one()


_LAPSE = text(f"""
    with over as (
        select t.id, t.state as was from remediation_task t
        join campaign c on c.id = t.campaign_id and c.election_day < :today
        where t.track = '{TaskTrack.TEMPORARY}' and t.state <> 'lapsed'
        order by t.id for no key update of t skip locked
    ), lapsed as (
        update remediation_task t set state = 'lapsed', rev = t.rev + 1
        from over where t.id = over.id returning t.id, over.was
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
    select id, :at, null, was, 'lapsed', 'election day is over', 'lapsed' from lapsed
    returning task_id
""")


def lapse_tasks(session: Session, *, today: date, at: datetime) -> list[UUID]:
    """Let every temporary task lapse whose election day is over; returns them.

    What somebody holds just now is left to the next look.
    """
    return list(session.scalars(_LAPSE, {"today": today, "at": at}))


def _array(values: Iterable[Any]) -> str:
    return f"{{{','.join(map(str, values))}}}"
