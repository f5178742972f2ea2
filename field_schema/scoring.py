"""Findings rolled up for people who plan. A score never hides a violation and never feeds back.

The numbers, words and zones stand in a released file (`field_schema.scoring_file`). A number
recalled from memory (never verified) counts in none of these.

Effect of a finding about the permanent state, by its weight and severity
    a violation *blocks*, *hinders* or does nothing; what blocks is *relieved* by the same
    requirement found compliant at the same element in its election-day state, with a photo of that
    state. Something that could block or hinder and is not measured or borderline is *open*.

Category per user group (worst link on the path from the street to the ballot box)
    not accessible             something blocks
    conditionally accessible   something hinders or is relieved
    not assessed               neither, but something is open, or nothing was found compliant
    accessible                 none of these

Passport: a word per zone and user group, then per group over all zones, then for the site
    none         something blocks                 conditional  something is relieved
    partial      something hinders                unknown      something is open, or nothing good
    full         none of these
    A zone in which nothing applies to a group says nothing about it. The word of the site is that
    of the best group, with `_all` when every group has it or a better one, `_some` when not.

Index (for planning only)
    100 * sum of points of compliant / sum of points of all applicable requirements, rounded down;
    points = severity points * weight points. `not_measured` and `borderline` count as not
    compliant. Capped while something blocks. None when nothing was measured.

Coverage
    1000 * measured / applicable, rounded down; measured = compliant, violation or borderline.

Station (binding requirements alone, the three states of the polling-place checklist)
    not_remediable_in_time: a critical violation for which no temporary remedy is known, and which
    is not relieved; usable_with_temporary_measures: only other violations; not_assessed: no
    violation, but something critical or major is not decided, or nothing was found compliant;
    compliant: the rest.

Ramp: two facts apart
    whether there is one (by what was observed, else by what was answered at an entrance), and
    whether it conforms to what binds.

Overturned
    A violation that technical supervision overturned says nothing: it neither blocks nor hinders,
    and counts in neither sum. The server alone knows of one.

The day after
    A temporary remedy lapses after election day: from then on nothing is relieved.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from field_schema.assessment import Assessment
from field_schema.form import STATES
from field_schema.logic import COMPLIANT, NOT_APPLICABLE, NOT_MEASURED, VIOLATION
from field_schema.outcome import Outcome
from field_schema.profile import BINDING
from field_schema.scoring_file import WORDS, Scoring
from field_schema.standard import GROUPS, RECALLED

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


RAMP_PRESENCE: Final = ("present", "missing", "not_needed", "not_observed")
RAMP_CONFORMITY: Final = ("conforms", "breaks", "not_assessed", "no_ramp")

_PERMANENT, _ELECTION_DAY = STATES
_FULL, _PARTIAL, _CONDITIONAL, _NONE, _UNKNOWN = WORDS

# What findings add up to is kept in one integer of flags and one of sums: a flag for each effect on
# each group, then the flags of the station; four counters of 24 bits each, then the violations.
_EFFECTS: Final = ("good", "open", "hinders", "relieved", "blocks")
_FLAG: Final = {
    (effect, group): 1 << (n * len(GROUPS) + k)
    for n, effect in enumerate(_EFFECTS)
    for k, group in enumerate(GROUPS)
}
_OF_EFFECT: Final = {e: sum(_FLAG[e, group] for group in GROUPS) for e in _EFFECTS}
_HOPELESS, _BROKEN, _UNDECIDED, _BINDING_GOOD = (1 << (len(_FLAG) + n) for n in range(4))
_WIDTH: Final = 24
_ONE: Final = (1 << _WIDTH) - 1
_APPLICABLE, _MEASURED, _POINTS, _GOOD, _VIOLATIONS = (1 << (_WIDTH * n) for n in range(5))
_WORD_OF: Final = (
    ("blocks", _NONE),
    ("relieved", _CONDITIONAL),
    ("hinders", _PARTIAL),
    ("open", _UNKNOWN),
    ("good", _FULL),
)

Share = tuple[int, int]
"""What a finding adds: sums, and flags."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a site's findings add up to. `index` is 0-100, coverage in per mille; None: nothing.

    `zones`: zone -> user group -> word; `passport`: user group -> word; `site`: the site's word.
    `ramp_presence`, `ramp_conformity`: words of the two lists above. `scoring`: the file of
    weights.
    """

    categories: dict[str, str]
    index: int | None
    coverage_permille: int | None
    station_state: str
    violations: int
    capped: bool
    zones: dict[str, dict[str, str]]
    passport: dict[str, str]
    site: str
    ramp_presence: str
    ramp_conformity: str
    scoring: str

    def as_json(self) -> dict[str, Any]:
        """The score as it is stored."""
        return {
            "categories": dict(self.categories),
            "index": self.index,
            "coverage_permille": self.coverage_permille,
            "station_state": self.station_state,
            "violations": self.violations,
            "capped": self.capped,
            "passport": {"zones": dict(self.zones), "groups": self.passport, "site": self.site},
            "ramp": {"presence": self.ramp_presence, "conformity": self.ramp_conformity},
            "scoring": self.scoring,
        }


FindingKey = tuple[UUID, str, str]
"""Element, standard, requirement."""


def score(
    assessment: Assessment,
    *,
    on: date | None = None,
    election_day: date | None = None,
    overturned: Collection[FindingKey] = (),
) -> Score:
    """Roll up the findings of one assessment by the formulas at the top of this file.

    With `on` and `election_day`, as it stands on that day: temporary remedies count up to election
    day and have lapsed the day after. Without them they count. `overturned`: violations that
    supervision found to be none. Raises TypeError for one of the two alone.
    """
    if (on is None) != (election_day is None):
        raise TypeError("to score for a day, give both that day and the election day")
    lapsed = on is not None and election_day is not None and on > election_day
    relieved = set() if lapsed else _relieved(assessment)
    scoring = assessment.ruleset.scoring
    shares = _shares(assessment.ruleset.shares, scoring, relief=False)
    relief = _shares(assessment.ruleset.shares, scoring, relief=True) if relieved else shares
    total = 0
    by_zone: dict[str, int] = {}
    ramps = 0
    for observation, outcomes in assessment.judged:
        if observation.state != _PERMANENT:
            continue
        flags = 0
        for outcome in outcomes:
            if (
                overturned
                and outcome.verdict == VIOLATION
                and _key(observation.id, outcome) in overturned
            ):
                continue
            sums, flag = shares[outcome]
            if relieved and _key(observation.id, outcome) in relieved:
                sums, flag = relief[outcome]
            total += sums
            flags |= flag
        zone = scoring.zone(observation.type, observation.answers)
        by_zone[zone] = by_zone.get(zone, 0) | flags
        if observation.type == "ramp":
            ramps |= flags
    flags = 0
    for each in by_zone.values():
        flags |= each
    return _scored(assessment, total, flags, by_zone, ramps)


def _scored(
    assessment: Assessment, total: int, flags: int, by_zone: dict[str, int], ramps: int
) -> Score:
    scoring = assessment.ruleset.scoring
    applicable, measured, points, good, violations = (
        total // unit & _ONE for unit in (_APPLICABLE, _MEASURED, _POINTS, _GOOD, _VIOLATIONS)
    )
    blocked = bool(flags & _OF_EFFECT["blocks"])
    index = None
    if measured:
        index = 100 * good // points
        if blocked:
            index = min(index, scoring.cap)
    zones = {}
    for zone in scoring.zones:
        words = _words(by_zone.get(zone, 0))
        if words:
            zones[zone] = words
    passport = {group: _worst(zones.values(), group) for group in GROUPS}
    return Score(
        {group: _category(flags, group) for group in GROUPS},
        index,
        1000 * measured // applicable if applicable else None,
        _station_state(flags, applicable),
        violations,
        blocked,
        zones,
        passport,
        _site(passport),
        *_ramp(assessment, ramps),
        scoring.file,
    )


def _relieved(assessment: Assessment) -> set[FindingKey]:
    """What a measured and photographed temporary remedy meets: element, standard, requirement."""
    return {
        _key(observation.id, outcome)
        for observation, outcomes in assessment.judged
        if observation.state == _ELECTION_DAY and observation.photos
        for outcome in outcomes
        if outcome.verdict == COMPLIANT
    }


def _key(element: UUID, outcome: Outcome) -> FindingKey:
    requirement = outcome.rule.requirement
    return element, requirement.cite.standard, requirement.id


class _Shares(dict[Outcome, Share]):
    """What each outcome adds, worked out when it is first met."""

    def __init__(self, scoring: Scoring, *, relief: bool) -> None:
        super().__init__()
        self._scoring = scoring
        self._relief = relief

    def __missing__(self, outcome: Outcome) -> Share:
        share = self[outcome] = _share(outcome, self._scoring, relief=self._relief)
        return share


def _shares(kept: dict[bool, _Shares], scoring: Scoring, *, relief: bool) -> _Shares:
    """The shares that a ruleset keeps, of what is relieved or of what is not."""
    found = kept.get(relief)
    return kept.setdefault(relief, _Shares(scoring, relief=relief)) if found is None else found


def _share(outcome: Outcome, scoring: Scoring, *, relief: bool) -> Share:
    requirement, weight, verdict = outcome.rule.requirement, outcome.rule.weight, outcome.verdict
    if verdict == NOT_APPLICABLE or requirement.cite.confidence == RECALLED:
        return 0, 0
    kind = (weight, requirement.severity)
    points, effect = scoring.points[kind], scoring.effect[kind]
    binding = weight == BINDING
    sums = _APPLICABLE + _POINTS * points + (verdict != NOT_MEASURED) * _MEASURED
    flags = 0
    if verdict == COMPLIANT:
        effect = "good"
        sums += _GOOD * points
        flags = _BINDING_GOOD if binding else 0
    elif verdict == VIOLATION:
        critical = requirement.severity == "critical"
        if effect == "blocks" and relief:
            effect = "relieved"
        if binding:
            sums += _VIOLATIONS
            hopeless = critical and not requirement.has_temporary_remedy and not relief
            flags = _HOPELESS if hopeless else _BROKEN
    else:
        effect = effect if effect == "nothing" else "open"
        flags = _UNDECIDED if binding and requirement.severity != "minor" else 0
    if effect != "nothing":
        for group in requirement.groups:
            flags |= _FLAG[effect, group]
    return sums, flags


def _category(flags: int, group: str) -> str:
    if flags & _FLAG["blocks", group]:
        return NOT_ACCESSIBLE
    if flags & (_FLAG["hinders", group] | _FLAG["relieved", group]):
        return CONDITIONAL
    if flags & _FLAG["open", group] or not flags & _FLAG["good", group]:
        return NOT_ASSESSED
    return ACCESSIBLE


@lru_cache(maxsize=4096)
def _words(flags: int) -> dict[str, str]:
    """The passport's words of one zone, of the groups that anything there is about."""
    found = {}
    for group in GROUPS:
        for effect, word in _WORD_OF:
            if flags & _FLAG[effect, group]:
                found[group] = word
                break
    return found


def _worst(zones: Iterable[Mapping[str, str]], group: str) -> str:
    """The worst link. What is not known hides nothing that is, and never passes for good."""
    found = {zone[group] for zone in zones if group in zone}
    for word in (_NONE, _CONDITIONAL, _PARTIAL, _UNKNOWN, _FULL):
        if word in found:
            return word
    return _UNKNOWN


def _site(passport: Mapping[str, str]) -> str:
    words = passport.values()
    for place, word in enumerate((_FULL, _PARTIAL)):
        if word in words:
            every = all(each in WORDS[: place + 1] for each in words)
            return f"{word}_all" if every else f"{word}_some"
    return next((word for word in (_CONDITIONAL, _NONE) if word in words), _UNKNOWN)


def _station_state(flags: int, applicable: int) -> str:
    if flags & _HOPELESS:
        return "not_remediable_in_time"
    if flags & _BROKEN:
        return "usable_with_temporary_measures"
    undecided = not applicable or flags & _UNDECIDED or not flags & _BINDING_GOOD
    return "not_assessed" if undecided else "compliant"


def _ramp(assessment: Assessment, flags: int) -> tuple[str, str]:
    """Whether there is a ramp, and whether it conforms: by observation before by answer."""
    elements = [e for e in assessment.inspection.elements if e.state == _PERMANENT]
    if not any(element.type == "ramp" for element in elements):
        said = {e.answers.get("ramp") for e in elements if e.type == "entrance"}
        known = (word for word in RAMP_PRESENCE if word in said)
        presence = next(known, "not_observed")
        absent = presence in ("missing", "not_needed")
        return presence, "no_ramp" if absent else "not_assessed"
    if flags & (_HOPELESS | _BROKEN):
        return "present", "breaks"
    undecided = flags & _UNDECIDED or not flags & _BINDING_GOOD
    return "present", "not_assessed" if undecided else "conforms"
