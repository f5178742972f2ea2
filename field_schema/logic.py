"""Kleene's logic with a fourth word for what the instrument cannot tell.

The codes are ordered so that a conjunction is the greatest of its parts: one FALSE decides even if
others are unknown; an UNKNOWN is never overlooked; UNSURE (the limit lies inside the tolerance)
never passes for TRUE.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Truth = int
Answers = Mapping[str, Any]
Test = Callable[[Answers], Truth]

TRUE: Final[Truth] = 0
UNSURE: Final[Truth] = 1
UNKNOWN: Final[Truth] = 2
FALSE: Final[Truth] = 3

COMPLIANT: Final = "compliant"
VIOLATION: Final = "violation"
BORDERLINE: Final = "borderline"
NOT_MEASURED: Final = "not_measured"
NOT_APPLICABLE: Final = "not_applicable"
VERDICTS: Final = (COMPLIANT, VIOLATION, BORDERLINE, NOT_MEASURED, NOT_APPLICABLE)

VERDICT_OF: Final = (COMPLIANT, BORDERLINE, NOT_MEASURED, VIOLATION)
"""The verdict that a truth of `must` gives."""

RANK: Final = {NOT_APPLICABLE: 0, COMPLIANT: 1, BORDERLINE: 2, NOT_MEASURED: 3, VIOLATION: 4}
"""Which verdict of several runs, doors or flights is the worst: the order of a conjunction."""


def both(left: Truth, right: Truth) -> Truth:
    """The conjunction of two truths."""
    return left if left > right else right


def all_of(tests: tuple[Test, ...]) -> Test:
    """One test that is the conjunction of several. No tests at all are TRUE."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests

        def pair(answers: Answers) -> Truth:
            left = first(answers)
            if left == FALSE:
                return FALSE
            right = second(answers)
            return left if left > right else right

        return pair

    def every(answers: Answers) -> Truth:
        worst = TRUE
        for test in tests:
            truth = test(answers)
            if truth > worst:
                if truth == FALSE:
                    return FALSE
                worst = truth
        return worst

    return every
