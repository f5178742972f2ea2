"""Findings rolled up for people who plan. A score never hides a violation and never feeds back.

A number recalled from memory (never verified) counts in none of the four.

Category per user group (permanent state, worst link on the path from the street to the ballot box)
    a violation *blocks*, *hinders* or does nothing, by its weight and severity (scoring.json).
    It is *relieved* by the same requirement found compliant at the same element in its
    election-day state, with a photo of that state.
    not accessible             something blocks and is not relieved
    conditionally accessible   something hinders, or blocks but is relieved
    not assessed               neither, but something that could block or hinder is not measured
                               or borderline, or nothing at all was measured compliant
    accessible                 none of these, and at least one requirement was measured compliant

Index (for planning only)
    100 * sum of points of compliant / sum of points of all applicable requirements, rounded down;
    points = severity points * weight points (scoring.json). `not_measured` and `borderline` count
    as not compliant. Capped while something blocks and is not relieved. None when nothing was
    measured.

Coverage
    1000 * measured / applicable, rounded down; measured = compliant, violation or borderline.

Station (binding requirements alone, the three states of the polling-place checklist)
    not_remediable_in_time: a critical violation for which no temporary remedy is known, and which
    is not relieved; usable_with_temporary_measures: only other violations; not_assessed: no
    violation, but something critical or major is not decided, or nothing was found compliant;
    compliant: the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from field_schema.assessment import Assessment, Finding
from field_schema.logic import BORDERLINE, COMPLIANT, NOT_APPLICABLE, NOT_MEASURED, VIOLATION
from field_schema.profile import BINDING
from field_schema.standard import GROUPS, RECALLED
from field_schema.strict_file import read_file

ACCESSIBLE: Final = "accessible"
CONDITIONAL: Final = "conditionally accessible"
NOT_ACCESSIBLE: Final = "not accessible"
NOT_ASSESSED: Final = "not assessed"

STATION_STATES: Final = (
    "compliant",
    "usable_with_temporary_measures",
    "not_remediable_in_time",
    "not_assessed",
)


@dataclass(frozen=True, slots=True)
class Score:
    """What a site's findings add up to. `index` is 0-100, coverage in per mille; None: nothing."""

    categories: dict[str, str]
    index: int | None
    coverage_permille: int | None
    station_state: str
    violations: int
    capped: bool

    def as_json(self) -> dict[str, Any]:
        """The score as it is stored."""
        return {
            "categories": dict(self.categories),
            "index": self.index,
            "coverage_permille": self.coverage_permille,
            "station_state": self.station_state,
            "violations": self.violations,
            "capped": self.capped,
        }


@dataclass(frozen=True, slots=True)
class _Weights:
    effect: Mapping[tuple[str, str], str]
    points: Mapping[tuple[str, str], int]
    cap: int


@cache
def _weights() -> _Weights:
    root = Path(__file__).parent
    data = read_file(root / "scoring.json", root)[0]
    pairs = [(w, s) for w in data["weight_points"] for s in data["severity_points"]]
    return _Weights(
        {(w, s): data["effect"][w][s] for w, s in pairs},
        {(w, s): data["weight_points"][w] * data["severity_points"][s] for w, s in pairs},
        data["cap_while_blocked"],
    )


def score(assessment: Assessment) -> Score:
    """Roll up the findings of one assessment by the formulas at the top of this file."""
    weights = _weights()
    relieved = {
        (f.element_id, f.standard, f.requirement)
        for f in assessment.findings
        if f.state == "election_day" and f.verdict == COMPLIANT and f.observation.photos
    }
    permanent = [
        f
        for f in assessment.findings
        if f.verdict != NOT_APPLICABLE
        and f.observation.state == "permanent"
        and f.rule.requirement.cite.confidence != RECALLED
    ]
    good = total = measured = violations = 0
    effects: list[tuple[Finding, str]] = []
    blocked = False
    for finding in permanent:
        requirement = finding.rule.requirement
        kind = (finding.rule.weight, requirement.severity)
        points = weights.points[kind]
        total += points
        if finding.verdict != NOT_MEASURED:
            measured += 1
        if finding.verdict == COMPLIANT:
            good += points
            effects.append((finding, "good"))
            continue
        effect = weights.effect[kind]
        if finding.verdict == VIOLATION:
            violations += finding.rule.weight == BINDING
            if effect == "blocks" and _key(finding) in relieved:
                effect = "hinders"
            blocked = blocked or effect == "blocks"
        elif effect != "nothing":
            effect = "open"
        effects.append((finding, effect))
    index = None
    if measured:
        index = 100 * good // total
        if blocked:
            index = min(index, weights.cap)
    return Score(
        _categories(effects),
        index,
        1000 * measured // len(permanent) if permanent else None,
        _station_state(permanent, relieved),
        violations,
        blocked,
    )


def _key(finding: Finding) -> tuple[UUID, str, str]:
    return finding.element_id, finding.standard, finding.requirement


def _categories(effects: Iterable[tuple[Finding, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = {group: set() for group in GROUPS}
    for finding, effect in effects:
        for group in finding.rule.requirement.groups:
            found[group].add(effect)
    return {group: _category(seen) for group, seen in found.items()}


def _category(seen: set[str]) -> str:
    if "blocks" in seen:
        return NOT_ACCESSIBLE
    if "hinders" in seen:
        return CONDITIONAL
    if "open" in seen or "good" not in seen:
        return NOT_ASSESSED
    return ACCESSIBLE


def _station_state(permanent: list[Finding], relieved: set[tuple[UUID, str, str]]) -> str:
    state = "compliant"
    undecided = not permanent
    for finding in permanent:
        if finding.rule.weight != BINDING:
            continue
        if finding.verdict == VIOLATION:
            requirement = finding.rule.requirement
            hopeless = requirement.severity == "critical" and not requirement.has_temporary_remedy
            if hopeless and _key(finding) not in relieved:
                return "not_remediable_in_time"
            state = "usable_with_temporary_measures"
        elif finding.verdict in (NOT_MEASURED, BORDERLINE) and finding.severity != "minor":
            undecided = True
    if state == "compliant" and (undecided or not any(_counts(f) for f in permanent)):
        return "not_assessed"
    return state


def _counts(finding: Finding) -> bool:
    return finding.rule.weight == BINDING and finding.verdict == COMPLIANT
