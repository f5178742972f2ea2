"""What the days do to remediation tasks: the worker looks at all of them every few minutes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.deadlines import today
from audit_api.storage.priority import sweep_priorities


@dataclass(frozen=True, slots=True)
class TaskSweep:
    """How many tasks got another priority."""

    reckoned: int


def sweep_tasks(session: Session, *, at: datetime) -> TaskSweep:
    """Reckon priorities as of the day in Kyrgyzstan; again on the same day changes nothing."""
    return TaskSweep(reckoned=sweep_priorities(session, today=today(at)))
