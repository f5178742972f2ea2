"""What a temporary remedy does: a violation is usable on the day, and its task of the day moves.

It moves no violation: whoever comes the day after election day finds the barrier as it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from audit_api.domain.vocabulary import TaskState
from field_schema.logic import COMPLIANT, VIOLATION


class ReliefVerdict(StrEnum):
    """The sure verdicts about an element in its election-day state."""

    COMPLIANT = COMPLIANT
    VIOLATION = VIOLATION


@dataclass(frozen=True, slots=True)
class LiveCase:
    """A live violation of an element. `relieved`: by what was measured before this visit."""

    id: UUID
    relieved: bool
    has_temporary_remedy: bool


@dataclass(frozen=True, slots=True)
class DayTask:
    """An element's temporary task that has not ended."""

    id: UUID
    state: str
    relieves: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What a measurement of the day does to an element's temporary task.

    `relieves`: what it is about from now on. `opened`: there was none, or it had ended. `move`:
    `verified`, `measured_outside`, or None.
    """

    relieves: frozenset[UUID]
    opened: bool
    move: str | None


def plan_day(
    cases: Collection[LiveCase], said: Mapping[UUID, ReliefVerdict], task: DayTask | None
) -> DayPlan | None:
    """What the sure verdicts `said` (by violation) do; None: nothing.

    A remedy that holds opens a task that nobody asked for, and so does one that holds no more.
    Verified is what relieves all that it is about; returned, what was reported and is outside.
    """
    within = {case for case, verdict in said.items() if verdict is ReliefVerdict.COMPLIANT}
    lost = {case.id for case in cases if case.relieved and case.id in said} - within
    if not said or (task is None and not within and not lost):
        return None
    helped = {case.id for case in cases if case.has_temporary_remedy} | within | lost
    live = {case.id for case in cases}
    relieves = frozenset(helped | (task.relieves & live if task else set()))
    holds = within | {case.id for case in cases if case.relieved and case.id not in said}
    move = None
    if within and relieves <= holds:
        move = "verified"
    elif task and task.state == TaskState.REPORTED_DONE and (said.keys() & relieves) - within:
        move = "measured_outside"
    return DayPlan(relieves, task is None, move)
