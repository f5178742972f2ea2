"""The life of a violation and of a recommendation, as far as measurements move it.

Only a measurement opens, re-opens or closes; a verdict that is not sure moves nothing. What a
changed law does to cases stands in `audit_api.domain.law.amendment`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID, uuid5

from audit_api.domain.oversight.life import MEASUREMENT
from audit_api.domain.oversight.lives import VIOLATION_LIFE
from audit_api.domain.vocabulary import RecommendationState


class Move(StrEnum):
    """What a finding does to a case."""

    OPENED = "opened"
    SEEN_AGAIN = "seen_again"
    REOPENED = "reopened"
    CLOSED = "closed"


class FindingLike(Protocol):
    """What is needed of a finding here."""

    @property
    def element_id(self) -> UUID:
        """The element it is about."""

    @property
    def standard(self) -> str:
        """The standard's id."""

    @property
    def edition(self) -> str:
        """The standard's edition."""

    @property
    def requirement(self) -> str:
        """The requirement's id."""

    @property
    def verdict(self) -> str:
        """compliant, violation, borderline, not_measured or not_applicable."""


F = TypeVar("F", bound=FindingLike)
CaseKey = tuple[UUID, str, str, str]
"""Element, standard, edition, requirement: at most one case each, for ever."""
_CASES = UUID("515f690e-6e89-4cc3-bda4-e2ed644fd49d")
_TASKS = UUID("f160c4c8-581e-4493-a51c-f7306eba1961")


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case as it stands before the new measurement."""

    id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class CaseMove(Generic[F]):
    """One case to be opened or moved; `case` is None when it is new."""

    move: Move
    finding: F
    state: str
    case: KnownCase | None


_R = RecommendationState
_VERDICTS = {
    Move.OPENED: "violation",
    Move.SEEN_AGAIN: "violation",
    Move.REOPENED: "violation",
    Move.CLOSED: "compliant",
}
"""The verdict that makes each move."""

# (state, verdict) -> (move, next state). What is not listed stays as it is. Re-opened is also what
# was superseded: its edition was replaced once and is adopted again.
VIOLATION_MOVES: Mapping[tuple[str | None, str], tuple[Move, str]] = {
    (step.source, _VERDICTS[Move(step.move)]): (Move(step.move), step.target)
    for step in VIOLATION_LIFE.steps
    if step.by == MEASUREMENT
}
RECOMMENDATION_MOVES: Mapping[tuple[str | None, str], tuple[Move, str]] = {
    (None, "violation"): (Move.OPENED, _R.OPEN),
    (_R.OPEN, "violation"): (Move.SEEN_AGAIN, _R.OPEN),
    (_R.CLOSED, "violation"): (Move.REOPENED, _R.OPEN),
    (_R.SUPERSEDED, "violation"): (Move.REOPENED, _R.OPEN),
    (_R.OPEN, "compliant"): (Move.CLOSED, _R.CLOSED),
}


MOVING = frozenset(
    verdict for table in (VIOLATION_MOVES, RECOMMENDATION_MOVES) for _, verdict in table
)
"""The verdicts that move anything at all."""
OPENING = frozenset(
    verdict
    for table in (VIOLATION_MOVES, RECOMMENDATION_MOVES)
    for state, verdict in table
    if state is None
)
"""Those that move anything where no case is known yet."""


def key_of(finding: FindingLike) -> CaseKey:
    """Which case a finding speaks of."""
    return (finding.element_id, finding.standard, finding.edition, finding.requirement)


def case_id(key: CaseKey) -> UUID:
    """The id of a breach's case, always the same.

    What a backup lacks and tablets hand in again opens the case that a prosecutor has cited.
    """
    element, standard, edition, requirement = key
    return uuid5(_CASES, f"{element} {standard} {edition} {requirement}")


def task_id(inspection: UUID, rev: int, element: UUID) -> UUID:
    """The id of the task that a revision opens for an element; the same when it comes again."""
    return uuid5(_TASKS, f"{inspection} {rev} {element}")


def day_task_id(inspection: UUID, rev: int, element: UUID) -> UUID:
    """`task_id` of the element's temporary task."""
    return uuid5(_TASKS, f"{inspection} {rev} {element} temporary")


def plan_moves(
    findings: Sequence[F],
    known: Mapping[CaseKey, KnownCase],
    table: Mapping[tuple[str | None, str], tuple[Move, str]],
) -> list[CaseMove[F]]:
    """What the findings of one visit do to the cases, in the findings' order."""
    moves = []
    for finding in findings:
        if finding.verdict not in MOVING:
            continue
        case = known.get(key_of(finding)) if known else None
        step = table.get((case.state if case else None, finding.verdict))
        if step is not None:
            moves.append(CaseMove(step[0], finding, step[1], case))
    return moves
