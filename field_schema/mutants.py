"""Every small mistake that could stand in a requirement: what its worked examples must notice.

A mutant is the requirement with one thing changed: an operator turned, a limit off by one, a
comparison or a row left out, a condition of where it applies widened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from field_schema.comparing import Interval, interval
from field_schema.form import STATES
from field_schema.standard import BUILDINGS, Comparison, Measures, Requirement, Row

Mutant = tuple[str, Requirement]
"""What was changed, in words, and the requirement so changed."""

_TURNED: Final = {
    "le": ("lt", "ge"),
    "lt": ("le", "gt"),
    "ge": ("gt", "le"),
    "gt": ("ge", "lt"),
    "eq": ("le", "ge"),
}


def mutants_of(requirement: Requirement, questions: Measures) -> list[Mutant]:
    """All mutants of a requirement; none of them need be a legal one."""
    return [
        *_of_conditions(requirement, questions),
        *_of_rows(requirement, questions),
        *_of_applies(requirement),
    ]


def _of_conditions(requirement: Requirement, questions: Measures) -> Iterator[Mutant]:
    for name, when in _lists(requirement.when, questions):
        yield f"when {name}", replace(requirement, when=when)


def _of_rows(requirement: Requirement, questions: Measures) -> Iterator[Mutant]:
    rows = requirement.rows
    for n, row in enumerate(rows):
        at = f"row {row.name} " if row.name else ""

        def changed(row: Row, n: int = n) -> Requirement:
            return replace(requirement, rows=(*rows[:n], row, *rows[n + 1 :]))

        for name, when in _lists(row.when, questions):
            yield f"{at}when {name}", changed(replace(row, when=when))
        for name, must in _lists(row.must, questions):
            yield f"{at}must {name}", changed(replace(row, must=must))
        if len(rows) > 1:
            yield f"{at}left out", replace(requirement, rows=(*rows[:n], *rows[n + 1 :]))


def _of_applies(requirement: Requirement) -> Iterator[Mutant]:
    buildings = requirement.buildings
    if set(buildings) != set(BUILDINGS):
        yield "any building", replace(requirement, buildings=BUILDINGS)
    for status in buildings:
        left = tuple(other for other in buildings if other != status)
        yield f"not for {status} buildings", replace(requirement, buildings=left)
    if set(requirement.states) != set(STATES):
        yield "any state", replace(requirement, states=STATES)
    for state in requirement.states:
        left = tuple(other for other in requirement.states if other != state)
        yield f"not in the state {state}", replace(requirement, states=left)
    for by in (-1, 1):
        if requirement.built_before is not None:
            moved = requirement.built_before + timedelta(days=by)
            yield f"built before, {by:+d} day", replace(requirement, built_before=moved)
        if requirement.built_from is not None:
            moved = requirement.built_from + timedelta(days=by)
            yield f"built from, {by:+d} day", replace(requirement, built_from=moved)
    if requirement.built_before is not None:
        yield "built before, left out", replace(requirement, built_before=None)
    if requirement.built_from is not None:
        yield "built from, left out", replace(requirement, built_from=None)


def _lists(
    comparisons: Sequence[Comparison], questions: Measures
) -> Iterator[tuple[str, tuple[Comparison, ...]]]:
    for n, c in enumerate(comparisons):
        before, after = tuple(comparisons[:n]), tuple(comparisons[n + 1 :])
        for mutant in _comparisons(c, questions):
            if _judges_alike(c, mutant, questions):
                continue
            yield f"{_told(c)} -> {_told(mutant)}", (*before, mutant, *after)
        yield f"{_told(c)} left out", (*before, *after)


def _judges_alike(one: Comparison, two: Comparison, questions: Measures) -> bool:
    """Whether no reading within the hard limits tells them apart: = 0 and <= 0 of a count."""
    if not {one.op, two.op} <= {*_TURNED, "between"}:
        return False
    question = questions[one.measure]
    low, high = question.hard

    def within(limits: Interval) -> list[int]:
        lows = [low if end is None else min(max(end, low), high + 1) for end in limits[::2]]
        highs = [high if end is None else max(min(end, high), low - 1) for end in limits[1::2]]
        return lows + highs

    both = (interval(c, question.tolerance) for c in (one, two))
    first, second = (within(limits) for limits in both)
    return first == second


def _told(c: Comparison) -> str:
    value = " ".join(str(v) for v in c.value) if isinstance(c.value, tuple) else str(c.value)
    return f"[{c.measure} {c.op} {value}]"


def _comparisons(c: Comparison, questions: Measures) -> Iterator[Comparison]:
    if c.op in ("is", "one_of"):
        yield from _words(c, questions)
    elif c.op == "ratio_le":
        under, num, den = c.value
        yield Comparison(under, "ratio_le", (c.measure, num, den))
        for more in (-1, 1):
            if num + more > 0:
                yield replace(c, value=(under, num + more, den))
            if den + more > 0:
                yield replace(c, value=(under, num, den + more))
    elif c.op == "between":
        low, high = c.value
        for more in (-1, 1):
            yield replace(c, value=(low + more, high))
            yield replace(c, value=(low, high + more))
        yield Comparison(c.measure, "ge", low)
        yield Comparison(c.measure, "le", high)
    else:
        for op in _TURNED[c.op]:
            yield replace(c, op=op)
        for more in (-1, 1):
            yield replace(c, value=c.value + more)


def _words(c: Comparison, questions: Measures) -> Iterator[Comparison]:
    allowed = (c.value,) if c.op == "is" else c.value
    choices = questions[c.measure].choices or (True, False)
    others = tuple(word for word in choices if word not in allowed)
    if others:
        yield Comparison(c.measure, "one_of", others)
    if len(allowed) > 1:
        for word in allowed:
            left = tuple(other for other in allowed if other != word)
            yield Comparison(c.measure, "one_of", left)
    if len(others) > 1:
        for word in others:
            yield Comparison(c.measure, "one_of", (*allowed, word))
