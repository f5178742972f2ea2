"""The requirements in force on a day, compiled once: what `assess` runs for every element."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from field_schema.comparing import compile_comparison
from field_schema.errors import CatalogError
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
    Answers,
    Test,
    all_of,
)
from field_schema.profile import BINDING, REFERENCE, Adoption, Profile
from field_schema.standard import BUILDINGS, RECALLED, Comparison, Measures, Requirement, Standard

ENGINE: Final = "rules/2"
"""Named in every digest: another way of judging is another ruleset.

rules/1 chose the worst of several runs by millimetres beyond the limit, rules/2 by steepness.
"""

CONDITION_FALSE: Final = -1
NO_ROW: Final = -2
Decide = Callable[[Answers], tuple[str, int]]
_PLANS_KEPT: Final = 512


@dataclass(frozen=True, slots=True)
class Building:
    """What decides which clauses bind: status, and the days it was built and altered on.

    Raises ValueError for a status that no requirement can speak of: nothing would apply, silently.
    """

    status: str
    built_on: date | None = None
    altered_on: date | None = None

    def __post_init__(self) -> None:
        if self.status not in BUILDINGS:
            raise ValueError(f"building status {self.status!r} is none of {', '.join(BUILDINGS)}")

    @property
    def deciding_on(self) -> date | None:
        """The day that build-date rules look at: of the alteration if any, else of the building.

        None when it is not known; a reconstruction without its day is not known either.
        """
        if self.altered_on is not None:
            return self.altered_on
        return None if self.status == "reconstructed" else self.built_on


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement with its weight under a profile, compiled.

    `name` is "standard/edition/requirement". `group` is the repeat it runs over. `musts` are, per
    row, its comparisons each with its test; `constants` holds, per row, the members of a finding
    that no inspection changes.
    """

    requirement: Requirement
    name: str
    weight: str
    group: str | None
    decide: Decide
    measures: tuple[str, ...]
    tolerances: Mapping[str, int]
    musts: tuple[tuple[tuple[Comparison, Test], ...], ...]
    constants: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """For one building, element type and state: what does not apply and why, and what to run."""

    excluded: tuple[tuple[Rule, str, str], ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The compiled requirements of a profile on a day. `digest` names exactly these files."""

    profile: Profile
    on: date
    digest: str
    rules: tuple[Rule, ...]
    _plans: dict[tuple[str, str, Building], Plan] = field(default_factory=dict)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements, in the order of the profile and its files."""
        return tuple(rule.requirement for rule in self.rules)

    def plan(self, element: str, state: str, building: Building) -> Plan:
        """What to do with an element of that type and state in that building."""
        key = (element, state, building)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            plan = self._plans[key] = _plan(self.rules, element, state, building)
        return plan


def build_ruleset(
    profile: Profile,
    on: date,
    chosen: Sequence[tuple[Adoption, Standard]],
    measures: Mapping[str, Measures],
) -> Ruleset:
    """Compile the chosen editions. Raises CatalogError for a rule over two different repeats."""
    rules = []
    digests = [profile.digest]
    for adoption, standard in chosen:
        digests += standard.digests
        for requirement in standard.requirements.values():
            weight = adoption.weight
            # A number from memory never binds anybody, whatever the profile says.
            if requirement.cite.confidence == RECALLED and weight == BINDING:
                weight = REFERENCE
            rules.append(compile_rule(requirement, weight, measures[requirement.element]))
    readings = {f"{r.requirement.element} {m} {t}" for r in rules for m, t in r.tolerances.items()}
    named = "\n".join([ENGINE, *digests, *sorted(readings)])
    return Ruleset(profile, on, hashlib.sha256(named.encode()).hexdigest(), tuple(rules))


def compile_rule(requirement: Requirement, weight: str, questions: Measures) -> Rule:
    """One requirement, ready to run. Raises CatalogError for a rule over two repeats."""
    rows = requirement.rows
    measures = measures_of(requirement)
    cite = requirement.cite
    return Rule(
        requirement,
        f"{cite.standard}/{cite.edition}/{requirement.id}",
        weight,
        group_of(requirement),
        _decide(requirement, questions),
        measures,
        {m: questions[m].tolerance for m in measures if questions[m].tolerance},
        tuple(tuple((c, compile_comparison(c, questions)) for c in row.must) for row in rows),
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


def _plan(rules: tuple[Rule, ...], element: str, state: str, building: Building) -> Plan:
    excluded, run = [], []
    for rule in rules:
        if rule.requirement.element == element:
            reason = _exclusion(rule.requirement, state, building)
            if reason is None:
                run.append(rule)
            else:
                excluded.append((rule, *reason))
    return Plan(tuple(excluded), tuple(run))


def _exclusion(requirement: Requirement, state: str, building: Building) -> tuple[str, str] | None:
    if state not in requirement.states:
        return NOT_APPLICABLE, "other_state"
    if building.status not in requirement.buildings:
        return NOT_APPLICABLE, "other_building"
    before, since = requirement.built_before, requirement.built_from
    if before is None and since is None:
        return None
    on = building.deciding_on
    if on is None:
        return NOT_MEASURED, "build_date_unknown"
    if (before is not None and on >= before) or (since is not None and on < since):
        return NOT_APPLICABLE, "other_build_date"
    return None
