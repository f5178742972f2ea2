"""One requirement made ready to run: the plain evaluation, and what never changes about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from field_schema.comparing import Limit, Miss, compile_comparison, limits_of, miss_of
from field_schema.deciding import CONDITION_FALSE, NO_ROW
from field_schema.errors import CatalogError
from field_schema.logic import (
    BORDERLINE,
    COMPLIANT,
    FALSE,
    NOT_APPLICABLE,
    NOT_MEASURED,
    RANK,
    TRUE,
    UNKNOWN,
    UNSURE,
    VERDICT_OF,
    VIOLATION,
    Answers,
    Test,
    all_of,
)
from field_schema.standard import Comparison, Measures, Requirement

Decide = Callable[[Answers], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement with its weight under a profile, compiled.

    `name` is "standard/edition/requirement". `group` is the repeat it runs over. `decide` is the
    plain evaluation, comparison by comparison: what generated code and numpy are tested against.
    `musts` are, per row, its comparisons each with its test, `limits` those with numbers;
    `constants` holds, per row, the members of a finding that no inspection changes; `outcomes` the
    ways it has ended so far.
    """

    requirement: Requirement
    name: str
    weight: str
    group: str | None
    decide: Decide
    measures: tuple[str, ...]
    tolerances: Mapping[str, int]
    musts: tuple[tuple[tuple[Comparison, Test], ...], ...]
    limits: tuple[tuple[Limit, ...], ...]
    constants: tuple[Mapping[str, Any], ...]
    outcomes: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


def compile_rule(requirement: Requirement, weight: str, questions: Measures) -> Rule:
    """One requirement, ready to run. Raises CatalogError for a rule over two repeats."""
    rows = requirement.rows
    measures, group = measures_of(requirement), group_of(requirement)
    cite = requirement.cite
    tolerances = {m: questions[m].tolerance for m in measures if questions[m].tolerance}
    musts = tuple(tuple((c, compile_comparison(c, questions)) for c in row.must) for row in rows)
    return Rule(
        requirement,
        f"{cite.standard}/{cite.edition}/{requirement.id}",
        weight,
        group,
        _decide(requirement, questions),
        measures,
        tolerances,
        musts,
        tuple(limits_of(each, tolerances) for each in musts),
        tuple(constants_of(requirement, weight, row.must, questions) for row in rows),
    )


def measures_of(requirement: Requirement) -> tuple[str, ...]:
    """The measures that a requirement looks at, in any of its rows or conditions."""
    rows = requirement.rows
    used = [c for row in rows for c in (*row.when, *row.must)] + list(requirement.when)
    return tuple(dict.fromkeys(m for c in used for m in c.measures))


def group_of(requirement: Requirement) -> str | None:
    """The repeat that a requirement runs over. Raises CatalogError for a rule over two."""
    groups = {m.split(".")[0] for m in measures_of(requirement) if "." in m}
    if len(groups) > 1:
        raise CatalogError(
            f"{requirement.cite.standard}: {requirement.id} speaks of two repeats "
            f"({', '.join(sorted(groups))}); split it into two requirements"
        )
    return next(iter(groups), None)


def constants_of(
    requirement: Requirement, weight: str, must: tuple[Comparison, ...], questions: Measures
) -> dict[str, Any]:
    """The members of a finding that no inspection changes, for one row."""
    cite = requirement.cite
    return {
        "requirement": requirement.id,
        "standard": cite.standard,
        "edition": cite.edition,
        "clause": cite.clause,
        "clause_hint": cite.clause_hint,
        "confidence": cite.confidence,
        "weight": weight,
        "severity": requirement.severity,
        "groups": list(requirement.groups),
        "required": [_required(c, questions) for c in must],
    }


def _required(c: Comparison, questions: Measures) -> dict[str, Any]:
    shown: dict[str, Any] = {"measure": c.measure, "op": c.op}
    if c.op == "ratio_le":
        under, num, den = c.value
        return shown | {"of": under, "value": [num, den], "unit": "ratio"}
    value = list(c.value) if isinstance(c.value, tuple) else c.value
    return shown | {"value": value, "unit": questions[c.measure].unit}


def _conjunction(comparisons: tuple[Comparison, ...], questions: Measures) -> Test | None:
    tests = tuple(compile_comparison(c, questions) for c in comparisons)
    return all_of(tests) if tests else None


def _decide(requirement: Requirement, questions: Measures) -> Decide:
    """Answers -> (verdict, row). See `field_schema.assessment` for the rules it follows."""
    when = _conjunction(requirement.when, questions)
    rows = [
        (
            _conjunction(row.when, questions),
            all_of(tuple(compile_comparison(c, questions) for c in row.must)),
        )
        for row in requirement.rows
    ]
    decide = _single_row(rows[0][1]) if len(rows) == 1 and rows[0][0] is None else _table(rows)
    return decide if when is None else _conditional(when, decide)


def _single_row(must: Test) -> Decide:
    outcomes = tuple((verdict, 0) for verdict in VERDICT_OF)

    def decide(answers: Answers) -> tuple[str, int]:
        return outcomes[must(answers)]

    return decide


def _conditional(when: Test, inner: Decide) -> Decide:
    not_this, unknown, unsure = (
        (NOT_APPLICABLE, CONDITION_FALSE),
        (NOT_MEASURED, CONDITION_FALSE),
        (BORDERLINE, CONDITION_FALSE),
    )

    def decide(answers: Answers) -> tuple[str, int]:
        truth = when(answers)
        if truth == TRUE:
            return inner(answers)
        if truth == FALSE:
            return not_this
        found = inner(answers)
        if found[0] == NOT_APPLICABLE or (truth == UNSURE and found[0] == COMPLIANT):
            return found
        return unknown if truth == UNKNOWN or found[0] == NOT_MEASURED else unsure

    return decide


def _table(rows: list[tuple[Test | None, Test]]) -> Decide:
    def decide(answers: Answers) -> tuple[str, int]:
        possible: list[tuple[str, int]] = []
        worst = TRUE
        for n, (when, must) in enumerate(rows):
            truth = TRUE if when is None else when(answers)
            if truth == FALSE:
                continue
            possible.append((VERDICT_OF[must(answers)], n))
            if truth == TRUE:
                break
            worst = max(worst, truth)
        else:
            possible.append((NOT_APPLICABLE, NO_ROW))
        first = possible[0]
        if all(verdict == first[0] for verdict, _ in possible):
            return first
        unmeasured = worst == UNKNOWN or any(v == NOT_MEASURED for v, _ in possible)
        return (NOT_MEASURED if unmeasured else BORDERLINE), CONDITION_FALSE

    return decide


def decide_plainly(rule: Rule, answers: Answers) -> tuple[str, int, int | None]:
    """Verdict, row and index by the plain evaluation, item by item where the rule has a repeat.

    The reference for generated code and numpy, and what worked examples are made with.
    """
    items = answers.get(rule.group, ()) if rule.group is not None else ()
    if not items:
        return *rule.decide(answers), None
    worst: tuple[int, Miss] | None = None
    found = (CONDITION_FALSE, "", 0)
    for n, item in enumerate(items):
        seen = {**answers, **item}
        verdict, row = rule.decide(seen)
        missed: tuple[Comparison, ...] = ()
        if verdict in (VIOLATION, BORDERLINE) and row >= 0:
            missed = tuple(c for c, test in rule.musts[row] if test(seen) in (FALSE, UNSURE))
        here = RANK[verdict], miss_of(missed, seen)
        if (
            worst is None
            or here[0] > worst[0]
            or (here[0] == worst[0] and here[1].worse_than(worst[1]))
        ):
            worst, found = here, (row, verdict, n)
    return found[1], found[0], found[2]
