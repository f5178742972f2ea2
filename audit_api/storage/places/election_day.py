"""A moved election day, and the notices of new deadlines that follow from it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import TaskTrack
from audit_api.storage.base import Base, Id, Instant
from audit_api.storage.oversight.remediation import ENDED_TASKS


class ElectionDayMove(Base):
    """A decision on a campaign's day: who, when, why. `was` and `day` may be the same."""

    __tablename__ = "election_day_move"

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), ForeignKey("campaign.id"))
    was: Mapped[date]
    day: Mapped[date]
    reason: Mapped[str]
    decided_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant]


class DeadlineNotice(Base):
    """A task's new deadline beside the one that was served, by the decision `move`."""

    __tablename__ = "deadline_notice"

    task_id: Mapped[Id] = mapped_column(ForeignKey("remediation_task.id"), primary_key=True)
    move: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("election_day_move.n"), primary_key=True, autoincrement=False
    )
    was: Mapped[date]
    due_on: Mapped[date]


NOTICES_OF_TASK = """(select coalesce(json_agg(json_build_object('was', n.was, 'due_on', n.due_on,
    'reason', m.reason, 'decided_at', m.decided_at) order by m.n), '[]'::json)
    from deadline_notice n join election_day_move m on m.n = n.move
    where n.task_id = remediation_task.id)"""
"""The notices of a row `remediation_task`, oldest first; SQL."""
_LIVE = f"t.campaign_id = :campaign and t.state not in ({ENDED_TASKS})"
_DUE = f"case t.track when '{TaskTrack.TEMPORARY}' then cast(:temporary as date) else :due_on end"
# A push holds the site before it touches tasks and violations: so does this.
_HOLD = text(f"""
    select from site where id in (select t.site_id from remediation_task t where {_LIVE})
    order by id for no key update
""")
_CHANGED = text(f"""
    select t.id, territory.code, (select min(st.number) from station st
        where st.site_id = t.site_id and st.campaign_id = t.campaign_id), element.type,
        element.label, t.track, t.current_due_on, {_DUE}
    from remediation_task t join element on element.id = t.element_id
    join site on site.id = t.site_id join territory on territory.id = site.territory_id
    where {_LIVE} and t.current_due_on <> {_DUE} order by 3, 5, t.track, 1
""")
_GIVE = text(f"""
    with late as (
        select t.id, t.current_due_on as was, {_DUE} as due_on from remediation_task t
        where t.id = any(:tasks)
    ), of_tasks as (
        update remediation_task t set noticed_due_on = late.due_on, rev = t.rev + 1
        from late where t.id = late.id
    ), of_cases as (
        update violation v set noticed_due_on = late.due_on, rev = v.rev + 1
        from late where v.task_id = late.id and v.ended_at is null
    )
    insert into deadline_notice (task_id, move, was, due_on)
    select id, :move, was, due_on from late
""")
_MILESTONES = text("""
    select id, days_before, working_days from milestone where campaign_id = :campaign
    order by days_before desc, id
""")
_LATER = text("""
    select count(*) from assignment where campaign_id = :campaign and withdrawn_at is null
        and due_on > :day
""")


def milestones_of(session: Session, campaign: str) -> list[Any]:
    """The milestones of a campaign, the farthest first: id, days before, in working days."""
    return list(session.execute(_MILESTONES, {"campaign": campaign}))


def hold_sites(session: Session, campaign: str) -> None:
    """Hold the sites with live tasks until commit, as an inspection does."""
    session.execute(_HOLD, {"campaign": campaign})


def tasks_due_otherwise(
    session: Session, campaign: str, due_on: date, temporary: date | None
) -> list[Any]:
    """Live tasks due on another day: id, territory, station, element type, label, track, was, due.

    `due_on`: of permanent tasks; `temporary`: of temporary ones, None: they stay.
    """
    values = {"campaign": campaign, "due_on": due_on, "temporary": temporary}
    return list(session.execute(_CHANGED, values))


def assignments_after(session: Session, campaign: str, day: date) -> int:
    """How many standing assignments are due after a day."""
    return int(session.execute(_LATER, {"campaign": campaign, "day": day}).scalar_one())


def add_move(
    session: Session,
    campaign: str,
    *,
    was: date,
    day: date,
    reason: str,
    by: UUID,
    at: datetime,
    tasks: list[UUID],
    due_on: date,
    temporary: date | None = None,
) -> None:
    """Record the decision and give each of the tasks its notice: days as `tasks_due_otherwise`."""
    move = ElectionDayMove(
        campaign_id=campaign, was=was, day=day, reason=reason, decided_by=by, decided_at=at
    )
    session.add(move)
    session.flush()
    days = {"due_on": due_on, "temporary": temporary}
    session.execute(_GIVE, {"tasks": tasks, "move": move.n} | days)
