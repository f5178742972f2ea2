"""The ways in which a rule can end: each made once, and shared by every finding that ends so.

Judging an inspection is choosing outcomes; what a finding says beyond its outcome is told from the
answers, and only when somebody asks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from field_schema.comparing import NO_MISS, Miss, miss_of
from field_schema.deciding import CONDITION_FALSE
from field_schema.logic import (
    BORDERLINE,
    COMPLIANT,
    FALSE,
    NOT_APPLICABLE,
    NOT_MEASURED,
    RANK,
    UNSURE,
    VIOLATION,
)
from field_schema.rule import Rule

LETTER: Final = {
    COMPLIANT: "c",
    VIOLATION: "v",
    BORDERLINE: "b",
    NOT_MEASURED: "m",
    NOT_APPLICABLE: "n",
}
"""The letter under which a verdict is stored."""

EXCLUDED: Final = {
    "other_state": "s",
    "other_building": "o",
    "other_build_date": "d",
    "build_date_unknown": "u",
}
"""The letter under which it is stored why a rule was not run at all."""

_VERDICT: Final = {letter: verdict for verdict, letter in LETTER.items()}
_WHY: Final = {letter: why for why, letter in EXCLUDED.items()}
_CODE: Final = re.compile(r"([cvbmn])(?:(-?\d+)?(?:#(\d+))?|([sodu]))")


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One way in which a rule ends. Two outcomes are the same only when they are one object.

    `row_number` is negative when no row was decided on; `index` is that of the item of a repeat;
    `excluded` says why the rule was not run at all. `code` is the outcome as it is stored, see
    `field_schema.findings`.
    """

    rule: Rule
    verdict: str
    row_number: int
    index: int | None
    excluded: str | None
    rank: int
    code: str

    def at(self, index: int | None) -> "Outcome":
        """The same outcome, of another item of the repeat."""
        return outcome_of(self.rule, self.verdict, self.row_number, index)

    def miss(self, answers: Mapping[str, Any]) -> Miss:
        """How badly the limits are missed: what the worst of several items is chosen by."""
        if self.verdict not in (VIOLATION, BORDERLINE) or self.row_number < 0:
            return NO_MISS
        musts = self.rule.musts[self.row_number]
        return miss_of((c for c, test in musts if test(answers) in (FALSE, UNSURE)), answers)


def outcome_of(
    rule: Rule,
    verdict: str,
    row_number: int,
    index: int | None = None,
    excluded: str | None = None,
) -> Outcome:
    """The outcome of that kind; always the same object."""
    key = (verdict, row_number, index, excluded)
    found = rule.outcomes.get(key)
    if found is None:
        code = _code(verdict, row_number, index, excluded)
        found = Outcome(rule, verdict, row_number, index, excluded, RANK[verdict], code)
        # Two threads may both make it: the first one stays.
        found = rule.outcomes.setdefault(key, found)
    return found  # type: ignore[no-any-return]


def _code(verdict: str, row_number: int, index: int | None, excluded: str | None) -> str:
    if excluded is not None:
        return LETTER[verdict] + EXCLUDED[excluded]
    row = str(row_number) if row_number else ""
    return f"{LETTER[verdict]}{row}" if index is None else f"{LETTER[verdict]}{row}#{index}"


def read_outcome(rule: Rule, code: str) -> Outcome:
    """The outcome of a rule that a code stands for. Raises ValueError for what is no code."""
    found = _CODE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} is no outcome")
    letter, row, index, why = found.groups()
    if why is not None:
        return outcome_of(rule, _VERDICT[letter], CONDITION_FALSE, None, _WHY[why])
    return outcome_of(rule, _VERDICT[letter], int(row or 0), None if index is None else int(index))
