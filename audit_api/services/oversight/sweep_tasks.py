"""What the days do to remediation tasks: the worker looks at all of them every few minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.deadlines import today
from audit_api.domain.oversight.escalation import EscalationDays, EscalationStep
from audit_api.storage.oversight.escalations import sweep_escalations
from audit_api.storage.oversight.priority import sweep_priorities


@dataclass(frozen=True, slots=True)
class TaskSweep:
    """How many tasks got another priority, and how many came to each step of escalation."""

    reckoned: int
    escalated: Mapping[EscalationStep, int]


def sweep_tasks(session: Session, escalation: EscalationDays, *, at: datetime) -> TaskSweep:
    """Reckon priorities and escalate, as of the day in Kyrgyzstan.

    Again on the same day it changes nothing; a sweep that was missed is made up for by the next.
    """
    day = today(at)
    return TaskSweep(
        reckoned=sweep_priorities(session, today=day),
        escalated=sweep_escalations(session, escalation.days, today=day, at=at),
    )
