"""What the days do to remediation tasks: the worker looks at all of them every few minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.deadlines import today
from audit_api.domain.oversight.escalation import (
    TEMPORARY_DAYS,
    EscalationDays,
    EscalationStep,
)
from audit_api.domain.vocabulary import TaskTrack
from audit_api.storage.oversight.escalations import sweep_escalations
from audit_api.storage.oversight.priority import sweep_priorities
from audit_api.storage.oversight.relief import lapse_tasks
from audit_api.storage.sync import feed


@dataclass(frozen=True, slots=True)
class TaskSweep:
    """How many tasks lapsed, got another priority, and came to each step of escalation."""

    lapsed: int
    reckoned: int
    escalated: Mapping[EscalationStep, int]


def sweep_tasks(session: Session, escalation: EscalationDays, *, at: datetime) -> TaskSweep:
    """Let temporary tasks lapse, reckon priorities and escalate, as of the day in Kyrgyzstan.

    Again on the same day it changes nothing; a sweep that was missed is made up for by the next.
    """
    day = today(at)
    lapsed = lapse_tasks(session, today=day, at=at)
    days = {TaskTrack.PERMANENT: escalation.days, TaskTrack.TEMPORARY: TEMPORARY_DAYS.days}
    swept = TaskSweep(
        lapsed=len(lapsed),
        reckoned=sweep_priorities(session, today=day),
        escalated=sweep_escalations(session, days, today=day, at=at),
    )
    feed.publish(session, task=lapsed)
    return swept
