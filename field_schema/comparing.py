"""Comparisons compiled to closures, with the instrument's tolerance as interval arithmetic.

A reading v with tolerance t stands for every true value in [v - t, v + t]. A comparison is TRUE
when all of them satisfy it, FALSE when none does, UNSURE when the limit lies among them.
Two exceptions: an `eq` on a reading is TRUE within the tolerance (no reading can prove equality,
it can only fail to disprove it) and FALSE outside; words and booleans are exact.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from field_schema.logic import FALSE, TRUE, UNKNOWN, UNSURE, Answers, Test, Truth
from field_schema.standard import Comparison, Measures


def compile_comparison(c: Comparison, questions: Measures) -> Test:
    """The comparison as a function of an element's answers."""
    t = questions[c.measure].tolerance
    if c.op == "ratio_le":
        under, num, den = c.value
        return _ratio(c.measure, t, under, questions[under].tolerance, num, den)
    if c.op in ("is", "one_of"):
        return _membership(c.measure, (c.value,) if c.op == "is" else c.value)
    return _limit(c.measure, t, *bounds(c))


def bounds(c: Comparison) -> tuple[int | None, int | None, bool]:
    """The lowest and highest value allowed, and whether the reading must equal the limit."""
    if c.op == "between":
        return c.value[0], c.value[1], False
    if c.op == "eq":
        return c.value, c.value, True
    if c.op in ("ge", "gt"):
        return c.value + (c.op == "gt"), None, False
    return None, c.value - (c.op == "lt"), False


def _limit(measure: str, t: int, low: int | None, high: int | None, equal: bool) -> Test:
    if equal and low is not None:
        return _between_exact(measure, low - t, low + t)
    if high is None and low is not None:
        return _at_least(measure, low + t, low - t)
    if low is None and high is not None:
        return _at_most(measure, high - t, high + t)
    if low is None or high is None:
        raise ValueError("a limit has a lower or an upper end")
    return _inside(measure, t, low, high)


def _at_least(measure: str, sure: int, possible: int) -> Test:
    def test(answers: Answers) -> Truth:
        value = answers.get(measure)
        if value is None:
            return UNKNOWN
        if value >= sure:
            return TRUE
        return FALSE if value < possible else UNSURE

    return test


def _at_most(measure: str, sure: int, possible: int) -> Test:
    def test(answers: Answers) -> Truth:
        value = answers.get(measure)
        if value is None:
            return UNKNOWN
        if value <= sure:
            return TRUE
        return FALSE if value > possible else UNSURE

    return test


def _inside(measure: str, t: int, low: int, high: int) -> Test:
    def test(answers: Answers) -> Truth:
        value = answers.get(measure)
        if value is None:
            return UNKNOWN
        if low + t <= value <= high - t:
            return TRUE
        return FALSE if value < low - t or value > high + t else UNSURE

    return test


def _between_exact(measure: str, low: int, high: int) -> Test:
    def test(answers: Answers) -> Truth:
        value = answers.get(measure)
        if value is None:
            return UNKNOWN
        return TRUE if low <= value <= high else FALSE

    return test


def _membership(measure: str, allowed: tuple[bool | str, ...]) -> Test:
    def test(answers: Answers) -> Truth:
        value = answers.get(measure)
        if value is None:
            return UNKNOWN
        return TRUE if value in allowed else FALSE

    return test


def _ratio(measure: str, ta: int, under: str, tb: int, num: int, den: int) -> Test:
    sure, possible = ta * den + tb * num, -(ta * den + tb * num)

    def test(answers: Answers) -> Truth:
        a, b = answers.get(measure), answers.get(under)
        if a is None or b is None:
            return UNKNOWN
        excess = a * den - b * num
        if excess + sure <= 0:
            return TRUE
        return FALSE if excess + possible > 0 else UNSURE

    return test


def excess(c: Comparison, answers: Answers) -> int | None:
    """How far a reading lies beyond the limit (negative: how far inside), in the measure's unit.

    None for words and for what is missing. For a ratio: what would have to come off the measure,
    rounded half up.
    """
    value = answers.get(c.measure)
    if value is None or c.op in ("is", "one_of"):
        return None
    if c.op == "ratio_le":
        under, num, den = c.value
        below = answers.get(under)
        if below is None:
            return None
        return int((2 * (value * den - below * num) + den) // (2 * den))
    low, high, equal = bounds(c)
    if equal and low is not None:
        return int(abs(value - low))
    beyond = [low - value] if low is not None else []
    if high is not None:
        beyond.append(value - high)
    return int(max(beyond))


class Limit(NamedTuple):
    """A comparison with a number, ready to tell by how much a reading misses it.

    `within`: how far off the difference may be, by the tolerances, in the measure's unit.
    """

    comparison: Comparison
    measure: str
    test: Test
    within: int


def limits_of(
    musts: Iterable[tuple[Comparison, Test]], tolerances: Mapping[str, int]
) -> tuple[Limit, ...]:
    """Those of the comparisons that have numbers."""
    found = []
    for c, test in musts:
        if c.op not in ("is", "one_of"):
            within = tolerances.get(c.measure, 0)
            if c.op == "ratio_le":
                under, num, den = c.value
                within += -(-tolerances.get(under, 0) * num // den)
            found.append(Limit(c, c.measure, test, within))
    return tuple(found)


def beyond(limits: Iterable[Limit], answers: Answers) -> dict[str, dict[str, int]]:
    """By how much each reading misses its limit, and within how much that could be wrong.

    Only readings that miss it or may miss it; both numbers in the measure's unit.
    """
    found: dict[str, dict[str, int]] = {}
    for c, measure, test, within in limits:
        if test(answers) in (FALSE, UNSURE):
            by = excess(c, answers)
            known = found.get(measure)
            if by is not None and (known is None or by > known["by"]):
                found[measure] = {"by": by, "within": within}
    return found


class Interval(NamedTuple):
    """Which readings satisfy a limit surely, and which possibly; None where there is no end."""

    sure_low: int | None
    sure_high: int | None
    possible_low: int | None
    possible_high: int | None


def interval(c: Comparison, tolerance: int) -> Interval:
    """A limit with the tolerance worked in, in integers: what generated code compares with.

    A reading outside `possible` is FALSE, one inside `sure` TRUE, one between them UNSURE.
    """
    low, high, equal = bounds(c)
    wider = (
        None if low is None else low - tolerance,
        None if high is None else high + tolerance,
    )
    if equal:
        return Interval(*wider, *wider)
    return Interval(
        None if low is None else low + tolerance, None if high is None else high - tolerance, *wider
    )


def slack(c: Comparison, tolerances: Mapping[str, int]) -> int:
    """How far measure * den - other * num may be off, for a ratio, by the tolerances of both."""
    under, num, den = c.value
    off: int = tolerances.get(c.measure, 0) * den + tolerances.get(under, 0) * num
    return off


class Miss(NamedTuple):
    """How badly an item of a repeat misses its limits.

    `rise` over `run`: the steepest of its ratios that are not surely kept, a run of no length
    written 1 over 0, none at all 0 over 1. `by`: the furthest beyond any other limit, in its unit.
    """

    rise: int
    run: int
    by: int

    def worse_than(self, other: "Miss") -> bool:
        """Whether it is steeper or, where equally steep, further beyond. No division."""
        mine, others = self.rise * other.run, other.rise * self.run
        return mine > others if mine != others else self.by > other.by


NO_MISS: Final = Miss(0, 1, 0)


def miss_of(missed: Iterable[Comparison], answers: Answers) -> Miss:
    """How badly these comparisons, none of them surely kept, are missed.

    A ratio is weighed by its steepness, never by millimetres: 60 mm over 600 mm (1:10) is worse
    than 600 mm over 6,900 mm (1:11.5), though only 10 mm beyond 1:12 and the other 25.
    """
    steepest = NO_MISS
    by: int | None = None
    for c in missed:
        if c.op == "ratio_le":
            rise, run = answers[c.measure], answers[c.value[0]]
            found = Miss(rise, run, 0) if run else Miss(1, 0, 0)
            steepest = found if found.worse_than(steepest) else steepest
        else:
            beyond = excess(c, answers)
            by = beyond if by is None or (beyond is not None and beyond > by) else by
    return Miss(steepest.rise, steepest.run, by or 0)
