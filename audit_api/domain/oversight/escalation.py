"""Who hears of a repair that is not done: a table of steps, by days around the deadline."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audit_api.domain.vocabulary import ENDED_TASK_STATES, TaskState


class EscalationStep(StrEnum):
    """How far a task has come, in this order."""

    LSG_REMINDED = "lsg_reminded"
    DISTRICT = "district"
    COORDINATOR = "coordinator"
    PROSECUTOR = "prosecutor"


@dataclass(frozen=True, slots=True)
class EscalationDays:
    """When each step is taken: days before the deadline for the first, after it for the others.

    Own judgement, not a legal term. Refuses steps that would overtake each other.
    """

    reminder_before: int = 3
    district_after: int = 1
    coordinator_after: int = 3
    prosecutor_after: int = 7

    def __post_init__(self) -> None:
        if not self.district_after < self.coordinator_after < self.prosecutor_after:
            raise ValueError(
                f"after {self.district_after}, {self.coordinator_after} and "
                f"{self.prosecutor_after} days: each step needs more days than the one before"
            )

    @property
    def days(self) -> Mapping[EscalationStep, int]:
        """Step -> on which day it is taken, counted from the deadline; negative: before it."""
        return {
            EscalationStep.LSG_REMINDED: -self.reminder_before,
            EscalationStep.DISTRICT: self.district_after,
            EscalationStep.COORDINATOR: self.coordinator_after,
            EscalationStep.PROSECUTOR: self.prosecutor_after,
        }


TEMPORARY_DAYS: Final = EscalationDays(
    reminder_before=2, district_after=0, coordinator_after=1, prosecutor_after=2
)
"""Of temporary tasks: due at the final check, they have come to everybody before the vote."""
NEVER_ESCALATED: Final = frozenset({TaskState.REPORTED_DONE, *ENDED_TASK_STATES})
"""What is said to be done waits for a measurement, not for the LSG; what has ended for nobody."""
