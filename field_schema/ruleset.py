"""The requirements in force on a day, compiled once: what `assess` runs for every element."""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from field_schema.deciding import CONDITION_FALSE, NO_ROW
from field_schema.generated import Judge, generate
from field_schema.logic import NOT_APPLICABLE, NOT_MEASURED
from field_schema.outcome import Outcome, outcome_of
from field_schema.profile import BINDING, REFERENCE, Adoption, Profile
from field_schema.rule import Rule, compile_rule, constants_of, group_of, measures_of
from field_schema.scoring_file import Scoring, load_scoring
from field_schema.standard import BUILDINGS, RECALLED, Measures, Requirement, Standard

__all__ = [
    "CONDITION_FALSE",
    "ENGINE",
    "NO_ROW",
    "Building",
    "Plan",
    "Rule",
    "Ruleset",
    "build_ruleset",
    "compile_rule",
    "constants_of",
    "group_of",
    "measures_of",
]

ENGINE: Final = "rules/2"
"""Named in every digest: another way of judging is another ruleset.

rules/1 chose the worst of several runs by millimetres beyond the limit, rules/2 by steepness.
"""

Situation = tuple[str, int | None]
"""All that rules can ask of a building: its status, and between which of their days it lies."""


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
class Plan:
    """For one situation, element type and state: what does not apply, and what to run.

    `judge` gives the outcomes of `rules`, in their order, for canonical answers.
    """

    excluded: tuple[Outcome, ...]
    rules: tuple[Rule, ...]
    judge: Judge


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The compiled requirements of a profile on a day. `digest` names exactly these files.

    `shares`: what each outcome adds to a score; `field_schema.scoring` fills it.
    """

    profile: Profile
    on: date
    digest: str
    rules: tuple[Rule, ...]
    scoring: Scoring = field(default_factory=load_scoring)
    shares: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    _plans: dict[tuple[str, str, Situation], Plan] = field(default_factory=dict, repr=False)
    _judges: dict[tuple[str, ...], Judge] = field(default_factory=dict, repr=False)
    _days: list[date] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        days = {d for r in self.requirements for d in (r.built_before, r.built_from) if d}
        self._days.extend(sorted(days))

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements, in the order of the profile and its files."""
        return tuple(rule.requirement for rule in self.rules)

    def situation(self, building: Building) -> Situation:
        """What the rules can tell apart about a building."""
        on = building.deciding_on
        return building.status, None if on is None else bisect_right(self._days, on)

    def plan(self, element: str, state: str, building: Building) -> Plan:
        """What to do with an element of that type and state in that building."""
        key = (element, state, self.situation(building))
        return self._plans.get(key) or self._make(key, building)

    def _make(self, key: tuple[str, str, Situation], building: Building) -> Plan:
        element, state, _ = key
        excluded, run = [], []
        for rule in self.rules:
            if rule.requirement.element == element:
                reason = exclusion(rule.requirement, state, building)
                if reason is None:
                    run.append(rule)
                else:
                    verdict, why = reason
                    excluded.append(outcome_of(rule, verdict, CONDITION_FALSE, None, why))
        names = tuple(rule.name for rule in run)
        judge = self._judges.get(names)
        if judge is None:
            judge = self._judges[names] = generate(run)
        plan = self._plans[key] = Plan(tuple(excluded), tuple(run), judge)
        return plan


def build_ruleset(
    profile: Profile,
    on: date,
    chosen: Sequence[tuple[Adoption, Standard]],
    measures: Mapping[str, Measures],
    scoring: Scoring | None = None,
) -> Ruleset:
    """Compile the chosen editions. Raises CatalogError for a rule over two different repeats.

    `scoring`: the weights of its scores; the current ones when nothing is said.
    """
    scoring = scoring or load_scoring()
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
    named = "\n".join([ENGINE, *digests, *sorted(readings), scoring.sha256])
    return Ruleset(profile, on, hashlib.sha256(named.encode()).hexdigest(), tuple(rules), scoring)


def exclusion(requirement: Requirement, state: str, building: Building) -> tuple[str, str] | None:
    """The verdict and the code of why a requirement is not run at all; None when it is."""
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
