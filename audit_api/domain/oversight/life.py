"""The life of a thing as a table: every move with who makes it, from which state, to which.

`by` is a role of `vocabulary.Role`, or what is nobody's word: `measurement` (an inspection's sure
verdict), `law` (a decision on standards) or `clock` (a day that is over). What the table does not
list is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audit_api.domain.errors import MoveRefused
from audit_api.domain.vocabulary import Role

MEASUREMENT: Final = "measurement"
LAW: Final = "law"
CLOCK: Final = "clock"
MOVERS: Final = frozenset({MEASUREMENT, LAW, CLOCK, *Role})
_NOT_THERE: Final = "-"
_SAME: Final = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """One move from one state; `source` None: the thing is not there yet."""

    by: str
    move: str
    source: str | None
    target: str


@dataclass(frozen=True, slots=True)
class Life:
    """All steps of a kind of thing. `thing`: its word in sentences ("violation")."""

    thing: str
    states: tuple[str, ...]
    steps: tuple[Step, ...]

    def between(self, source: str | None, target: str) -> tuple[Step, ...]:
        """The steps that lead from one state straight to another."""
        return tuple(s for s in self.steps if (s.source, s.target) == (source, target))

    def sources(self, move: str) -> tuple[str, ...]:
        """The states from which a move goes, in their order."""
        found = {step.source for step in self.steps if step.move == move}
        return tuple(state for state in self.states if state in found)

    def target(self, move: str, source: str) -> str:
        """The state to which a move leads. Raises MoveRefused when it does not go from there."""
        for step in self.steps:
            if (step.move, step.source) == (move, source):
                return step.target
        raise self._refused(f"{move} goes", source, self.sources(move))

    def require(self, source: str | None, target: str) -> tuple[Step, ...]:
        """The steps from one state to another. Raises MoveRefused when there are none."""
        found = self.between(source, target)
        if not found:
            froms = {step.source for step in self.steps if step.target == target}
            raise self._refused(
                f"to {target} it goes", source, [s for s in self.states if s in froms]
            )
        return found

    def _refused(self, what: str, source: str | None, sources: Iterable[str]) -> MoveRefused:
        onward = [f"{s.move} ({s.by})" for s in self.steps if s.source == source]
        return MoveRefused(
            f"This {self.thing} is {source or 'not there'}; {what} only from "
            f"{', '.join(sources) or 'nowhere'}. From here it goes on by: "
            f"{', '.join(dict.fromkeys(onward)) or 'nothing; it has ended'}.",
            extra={"state": source},
        )


def read_life(thing: str, states: type[StrEnum], table: str) -> Life:
    """A life from its table: `by | move | from … | to`; `-` is not there yet, `same` stays.

    Raises ValueError for a word that is neither a state nor a mover, and for a move that would
    lead from one state to two.
    """
    _, *rows = [[cell.strip() for cell in line.split("|")] for line in table.split("\n") if line]
    steps = []
    known: set[tuple[str, str]] = set()
    for by, move, sources, target in rows:
        if by not in MOVERS:
            raise ValueError(f"{thing}: {by!r} moves nothing; use one of {sorted(MOVERS)}")
        for source in sources.split():
            if (move, source) in known:
                raise ValueError(f"{thing}: {move} goes twice from {source}; keep one row")
            known.add((move, source))
            steps.append(
                Step(
                    by,
                    move,
                    None if source == _NOT_THERE else states(source).value,
                    states(source if target == _SAME else target).value,
                )
            )
    return Life(thing, tuple(state.value for state in states), tuple(steps))
