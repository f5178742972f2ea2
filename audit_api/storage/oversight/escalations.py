"""Escalations: each step that the sweep took for a task, once for each deadline it had."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.oversight.escalation import NEVER_ESCALATED, EscalationStep
from audit_api.domain.vocabulary import TaskTrack
from audit_api.storage.base import Base, Id, Instant, Word, one_of


class TaskEscalation(Base):
    """One step for one task and the deadline that counted: a notice of a new one begins anew."""

    __tablename__ = "task_escalation"
    __table_args__ = (one_of("step", EscalationStep),)

    task_id: Mapped[Id] = mapped_column(ForeignKey("remediation_task.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    step: Mapped[Word] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)


_ORDER = ", ".join(f"'{step}'" for step in EscalationStep)
ESCALATIONS_OF_TASK = f"""(select coalesce(json_agg(json_build_object('step', e.step,
    'due_on', e.due_on, 'at', e.at) order by e.at, array_position(array[{_ORDER}], e.step::text)),
    '[]'::json) from task_escalation e where e.task_id = remediation_task.id)"""
"""The steps of a row `remediation_task`, in their order; SQL."""
ESCALATED = """exists (select from task_escalation e where e.task_id = remediation_task.id
    and e.due_on = remediation_task.current_due_on and e.step = :escalated)"""
"""Whether a row `remediation_task` has come to the step `:escalated` by its deadline; SQL."""

_IDLE = ", ".join(sorted(f"'{state}'" for state in NEVER_ESCALATED))
# `except`, which reads what was taken once: a join planned while the table was small looked
# through the rows of its own insert again and again (25,000 tasks: over 30 s).
_SWEEP = text(f"""
    insert into task_escalation (task_id, due_on, step, at)
    select task_id, due_on, step, :at from (
        select t.id as task_id, t.current_due_on as due_on, s.step
        from unnest(cast(:tracks as text[]), cast(:steps as text[]), cast(:days as int[]))
            as s(track, step, days)
        join remediation_task t on t.current_due_on <= cast(:today as date) - s.days
            and t.track = s.track and t.state not in ({_IDLE})
        join campaign c on c.id = t.campaign_id and c.closed_at is null
        except select task_id, due_on, step from task_escalation) untaken
    on conflict do nothing
    returning step
""")


def sweep_escalations(
    session: Session,
    days: Mapping[TaskTrack, Mapping[EscalationStep, int]],
    *,
    today: date,
    at: datetime,
) -> Mapping[EscalationStep, int]:
    """Take every step that is due and was not taken; returns how many of each."""
    steps = [(track, step, n) for track, of_track in days.items() for step, n in of_track.items()]
    values = {
        "tracks": [track for track, _, _ in steps],
        "steps": [step for _, step, _ in steps],
        "days": [n for _, _, n in steps],
        "today": today,
        "at": at,
    }
    taken = dict.fromkeys(EscalationStep, 0)
    for step in session.scalars(_SWEEP, values):
        taken[EscalationStep(step)] += 1
    return taken
