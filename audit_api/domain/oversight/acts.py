"""The life of a supervisory act as a table, and the day by which an answer is due.

What the law gives as the term for an answer could not be verified, so no term is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from audit_api.domain.errors import Fault, InvalidInput, MoveRefused
from audit_api.domain.vocabulary import ActKind, ActState


class ActMove(StrEnum):
    """What happens to an act after it was issued."""

    ANSWER = "answer"
    RECORD_ANSWER = "record_answer"
    RETURN = "return"
    FULFIL = "fulfil"
    FAIL = "fail"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Step:
    """One move: the verb that allows it (`domain.access`), from where it goes, and whereto."""

    verb: str
    sources: frozenset[ActState]
    target: ActState


_TABLE = """
move          | verb   | from            | to            | meaning
answer        | answer | issued          | answered      | the head of the body that was written to answers
record_answer | write  | issued          | answered      | the prosecutor records an answer that came on paper
return        | write  | answered        | issued        | the answer is none: another is awaited
fulfil        | write  | issued answered | fulfilled     | what was demanded is done
fail          | write  | issued answered | not_fulfilled | it is not done
withdraw      | write  | issued answered | withdrawn     | the prosecutor takes the act back
"""  # noqa: E501 - a table is read across


def _parse(table: str) -> dict[ActMove, Step]:
    _, *rows = [[cell.strip() for cell in line.split("|")] for line in table.split("\n") if line]
    return {
        ActMove(move): Step(
            verb, frozenset(ActState(word) for word in sources.split()), ActState(target)
        )
        for move, verb, sources, target, _ in rows
    }


ACT_MOVES: Final = _parse(_TABLE)
DECISIONS: Final = tuple(move for move, step in ACT_MOVES.items() if step.verb == "write")
"""What a prosecutor decides."""


def next_state(state: str, move: ActMove) -> ActState:
    """Where a move leads. Raises MoveRefused, naming the state, when it does not begin there."""
    step = ACT_MOVES[move]
    if state not in step.sources:
        begins = " or ".join(sorted(step.sources))
        raise MoveRefused(
            f"The act is {state}; {move} begins at {begins}. Read the act again.",
            extra={"state": state},
        )
    return step.target


def answer_due_on(
    kind: ActKind, issued_on: date, given: date | None, terms: Mapping[ActKind, int]
) -> date:
    """The day by which an answer is due: the one given, else the kind's term from the settings.

    Terms are calendar days. Raises InvalidInput without either, and for a day before the act's.
    """
    if given is None:
        days = terms.get(kind)
        if days is None:
            raise InvalidInput(
                f"No term for an answer is set for an act of the kind {kind}, and none is assumed: "
                "give the day as `answer_due_on`, or let the administrator set "
                f"ACT_ANSWER_DAYS_{kind.upper()}.",
                faults=[Fault("/answer_due_on", "Give the day.", code="no-term")],
            )
        return issued_on + timedelta(days=days)
    if given < issued_on:
        detail = f"{given} is before the day of the act, {issued_on}."
        raise InvalidInput(detail, faults=[Fault("/answer_due_on", detail)])
    return given


def diagram() -> str:
    """The life of an act as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> issued"]
    lines += [
        f"    {source} --> {step.target}: {move}"
        for move, step in ACT_MOVES.items()
        for source in sorted(step.sources)
    ]
    ended = sorted(
        state for state in ActState if not any(state in step.sources for step in ACT_MOVES.values())
    )
    return "\n".join(lines + [f"    {state} --> [*]" for state in ended])
