"""Truths of conditions and limits -> verdict and row, as a walk with few states.

The rules are those of `field_schema.assessment`; `field_schema.ruleset` has them as plain closures,
which are the reference. Here the same is a walk over a table's rows, one step per row, so that it
can be laid out in tables beforehand: for generated code and for numpy.
"""

from collections.abc import Iterable
from itertools import product
from typing import Final, NamedTuple

from field_schema.logic import (
    BORDERLINE,
    COMPLIANT,
    FALSE,
    NOT_APPLICABLE,
    NOT_MEASURED,
    TRUE,
    UNKNOWN,
    UNSURE,
    VERDICT_OF,
    VIOLATION,
    Truth,
)

CONDITION_FALSE: Final = -1
NO_ROW: Final = -2

REASONS: Final = (
    "complies",
    "breaks",
    "within_tolerance",
    "missing",
    "condition_not_met",
    "condition_within_tolerance",
    "other_state",
    "other_building",
    "other_build_date",
    "build_date_unknown",
)
"""Every reason code, in the order of the numbers that stand for them in bulk."""

Decision = tuple[str, int]
"""A verdict, and the row that decided: negative when none did."""

_CODES: Final = {
    COMPLIANT: "complies",
    VIOLATION: "breaks",
    BORDERLINE: "within_tolerance",
    NOT_MEASURED: "missing",
    NOT_APPLICABLE: "condition_not_met",
}


class Walk(NamedTuple):
    """What is known after some rows of a table.

    `settled`: a row's condition was true, no later row counts. `verdict` and `row`: of the first
    row that is possible. `mixed`: possible rows differ in their verdicts. `unmeasured`: one of
    them is not measured. `doubt`: the worst truth of the conditions that are not decided.
    """

    settled: bool
    verdict: str | None
    row: int
    mixed: bool
    unmeasured: bool
    doubt: Truth


START: Final = Walk(False, None, NO_ROW, False, False, TRUE)


def step(walk: Walk, row: int, when: Truth, must: Truth) -> Walk:
    """The walk after one more row, with the truths of its condition and of its limits."""
    if walk.settled or when == FALSE:
        return walk
    verdict = VERDICT_OF[must]
    return Walk(
        when == TRUE,
        walk.verdict or verdict,
        row if walk.verdict is None else walk.row,
        walk.mixed or (walk.verdict is not None and walk.verdict != verdict),
        walk.unmeasured or verdict == NOT_MEASURED,
        max(walk.doubt, when),
    )


def finish(walk: Walk, when: Truth) -> Decision:
    """The decision at the end of the rows; `when` is the truth of the requirement's condition."""
    if when == FALSE:
        return NOT_APPLICABLE, CONDITION_FALSE
    found = _settle(walk)
    if when == TRUE or found[0] == NOT_APPLICABLE:
        return found
    if when == UNSURE and found[0] == COMPLIANT:
        return found
    unmeasured = when == UNKNOWN or found[0] == NOT_MEASURED
    return (NOT_MEASURED if unmeasured else BORDERLINE), CONDITION_FALSE


def _settle(walk: Walk) -> Decision:
    if walk.verdict is None:
        return NOT_APPLICABLE, NO_ROW
    # Without a row that surely holds, none of them may hold: a verdict of its own.
    if walk.settled and not walk.mixed:
        return walk.verdict, walk.row
    unmeasured = walk.doubt == UNKNOWN or walk.unmeasured
    return (NOT_MEASURED if unmeasured else BORDERLINE), CONDITION_FALSE


def decide(when: Truth, rows: Iterable[tuple[Truth, Truth]]) -> Decision:
    """The decision for a condition and rows of (condition, limits)."""
    walk = START
    for number, (condition, must) in enumerate(rows):
        walk = step(walk, number, condition, must)
    return finish(walk, when)


def all_decisions(conditional: bool, rows: Iterable[bool]) -> tuple[Decision, ...]:
    """Every decision of a requirement, by its truths read as the digits of a number of base four.

    `conditional`: whether it has a condition; `rows`: whether each row has one. The digits: the
    condition's truth if there is one, then of each row its condition's, if any, and its limits'.
    """
    every = range(4)
    kinds = tuple(rows)
    outer = every if conditional else (TRUE,)
    inner = [list(product(every if has else (TRUE,), every)) for has in kinds]
    return tuple(decide(when, found) for when in outer for found in product(*inner))


def reason_code(verdict: str, row: int, excluded: str | None) -> str:
    """The stable code of why; `excluded` when the requirement was not run at all."""
    if excluded is not None:
        return excluded
    if verdict == BORDERLINE and row < 0:
        return "condition_within_tolerance"
    return _CODES[verdict]
