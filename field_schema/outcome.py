"""The ways in which a rule can end: each made once, and shared by every finding that ends so.

Judging an inspection is choosing outcomes; what a finding says beyond its outcome is told from the
answers, and only when somebody asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from field_schema.comparing import NO_MISS, Miss, miss_of
from field_schema.deciding import reason_code
from field_schema.logic import BORDERLINE, COMPLIANT, FALSE, RANK, UNSURE, VIOLATION
from field_schema.rule import Rule


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One way in which a rule ends. Two outcomes are the same only when they are one object.

    `row_number` is negative when no row was decided on; `index` is that of the item of a repeat;
    `excluded` says why the rule was not run at all. `brief` is the finding as it is stored, and is
    never changed; None when the answers have to be told with it.
    """

    rule: Rule
    verdict: str
    row_number: int
    index: int | None
    excluded: str | None
    rank: int
    brief: list[Any] | None

    def at(self, index: int | None) -> "Outcome":
        """The same outcome, of another item of the repeat."""
        return outcome_of(self.rule, self.verdict, self.row_number, index)

    def told(self) -> dict[str, Any]:
        """What a stored finding tells besides rule, weight and verdict, without its reason."""
        if self.excluded is not None:
            return {"excluded": self.excluded}
        told: dict[str, Any] = {}
        if self.row_number >= 0:
            row = self.rule.requirement.rows[self.row_number].name
            if row is not None:
                told["row"] = row
        if self.index is not None:
            told["index"] = self.index
        return told

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
        found = Outcome(rule, verdict, row_number, index, excluded, RANK[verdict], None)
        brief = _brief(found)
        if brief is not None:
            found = Outcome(rule, verdict, row_number, index, excluded, RANK[verdict], brief)
        # Two threads may both make it: the first one stays.
        found = rule.outcomes.setdefault(key, found)
    return found  # type: ignore[no-any-return]


def _brief(outcome: Outcome) -> list[Any] | None:
    rule, verdict = outcome.rule, outcome.verdict
    told = outcome.told()
    if outcome.excluded is None:
        if verdict == COMPLIANT and rule.requirement.printed is not None:
            return None
        if verdict in (VIOLATION, BORDERLINE):
            if outcome.row_number >= 0 and rule.limits[outcome.row_number]:
                return None
            told["reason"] = {"code": reason_code(verdict, outcome.row_number, None)}
    brief = [rule.name, rule.weight, verdict]
    return [*brief, told] if told else brief
