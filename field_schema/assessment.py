"""Answers against requirements: findings, each with its verdict, its clause and its reason.

How a verdict comes about
- A requirement outside the building's status or build date is `not_applicable`; when the deciding
  date is not known it is `not_measured`.
- `when`, then the first row whose own `when` is true, then all of that row's `must`. Missing
  measures are unknown (`field_schema.logic`), limits inside the tolerance are unsure.
- A condition that is unknown or unsure leaves several rows possible. If every one of them gives
  the same verdict, that is the verdict. Otherwise it is `not_measured` when something is missing
  and `borderline` when only the tolerance is to blame.
- One broken `must` is a violation even when others are not measured. Unmeasured never passes.
- In a repeat (runs, flights) the worst item decides and is named by its index; among items of
  equal verdict the steepest, else the one furthest beyond its limit (`comparing.Miss`), else the
  first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from field_schema.comparing import NO_MISS, Miss, excess, miss_of
from field_schema.inspection import ElementObservation, Inspection
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
from field_schema.ruleset import CONDITION_FALSE, Building, Rule, Ruleset
from field_schema.standard import Comparison

_NO_ANSWERS: Final[Mapping[str, Any]] = {}
_CODES: Final = {
    COMPLIANT: "complies",
    VIOLATION: "breaks",
    BORDERLINE: "within_tolerance",
    NOT_MEASURED: "missing",
    NOT_APPLICABLE: "condition_not_met",
}


def plain_reason(
    verdict: str,
    measures: tuple[str, ...],
    answers: Mapping[str, Any],
    not_measured: Mapping[str, str],
) -> dict[str, Any]:
    """The reason of a verdict about which the answers tell everything.

    `not_measured`: the inspector's words, by measure or by the repeat's name.
    """
    reason: dict[str, Any] = {"code": _CODES[verdict]}
    if verdict == NOT_MEASURED:
        missing = [m for m in measures if m not in answers]
        reason["measures"] = missing
        if not_measured:
            asked = [*missing, *dict.fromkeys(m.split(".")[0] for m in measures if "." in m)]
            said = {name: not_measured[name] for name in asked if name in not_measured}
            if said:
                reason["said"] = said
    return reason


def answers_of(observation: Mapping[str, Any], group: str | None, index: int | None) -> Any:
    """The answers that a rule saw: with those of one repeat, where it runs over a repeat."""
    if group is None or index is None:
        return observation
    return {**observation, **observation[group][index]}


def instruments_of(
    known: Mapping[str, str], measures: tuple[str, ...], index: int | None
) -> dict[str, str]:
    """The instruments of these measures, of the repeat with that index where they are repeated."""
    found = {}
    for measure in measures if known else ():
        key = measure.replace(".", f"/{index}/") if "." in measure else measure
        if key in known:
            found[measure] = known[key]
    return found


@dataclass(slots=True)
class Finding:
    """One requirement applied to one observation. Never changed after it is made.

    `row_number` is negative when no row was decided on; `excluded` says why a requirement was not
    run at all. Everything else is told from the rule and the observation when asked.
    """

    rule: Rule
    observation: ElementObservation
    verdict: str
    row_number: int
    index: int | None
    answers: Mapping[str, Any]
    excluded: str | None

    @property
    def requirement(self) -> str:
        """The requirement's id."""
        return self.rule.requirement.id

    @property
    def title(self) -> Mapping[str, str]:
        """The requirement's title in three languages."""
        return self.rule.requirement.title

    @property
    def element_id(self) -> UUID:
        """The element it is about."""
        return self.observation.id

    @property
    def element_type(self) -> str:
        """The element's type."""
        return self.observation.type

    @property
    def state(self) -> str:
        """permanent or election_day."""
        return self.observation.state

    @property
    def weight(self) -> str:
        """binding or reference, as it holds in effect."""
        return self.rule.weight

    @property
    def severity(self) -> str:
        """critical, major or minor."""
        return self.rule.requirement.severity

    @property
    def groups(self) -> tuple[str, ...]:
        """The user groups that the requirement serves."""
        return self.rule.requirement.groups

    @property
    def standard(self) -> str:
        """The standard's id."""
        return self.rule.requirement.cite.standard

    @property
    def edition(self) -> str:
        """The standard's edition."""
        return self.rule.requirement.cite.edition

    @property
    def clause(self) -> str | None:
        """The clause, where it is known."""
        return self.rule.requirement.cite.clause

    @property
    def clause_hint(self) -> str | None:
        """The likely clause, not confirmed."""
        return self.rule.requirement.cite.clause_hint

    @property
    def confidence(self) -> str:
        """How sure the source is, in the words of the facts table."""
        return self.rule.requirement.cite.confidence

    @property
    def row(self) -> str | None:
        """The name of the row that decided; None for a requirement without rows."""
        return None if self.row_number < 0 else self.rule.requirement.rows[self.row_number].name

    @property
    def questions(self) -> tuple[str, ...]:
        """The measures it looks at, so that photos of these questions can be attached."""
        return self.rule.measures

    @property
    def measured(self) -> dict[str, Any]:
        """The answers it looked at, canonical. None when it was not run at all."""
        if self.excluded is not None:
            return {}
        answers = self.answers
        return {m: answers[m] for m in self.rule.measures if m in answers}

    @property
    def required(self) -> list[dict[str, Any]]:
        """What had to hold: of the row that decided, else of the first."""
        required: list[dict[str, Any]] = self.rule.constants[max(self.row_number, 0)]["required"]
        return required

    @property
    def tolerance(self) -> dict[str, int]:
        """The tolerance of every reading that it looked at and that has one."""
        if self.excluded is not None:
            return {}
        answers = self.answers
        return {m: t for m, t in self.rule.tolerances.items() if m in answers}

    @property
    def instrument(self) -> dict[str, str]:
        """The instrument of every reading that names one."""
        if self.excluded is not None:
            return {}
        return instruments_of(self.observation.instruments, self.rule.measures, self.index)

    @property
    def reason(self) -> dict[str, Any]:
        """A stable code with its parameters; `field_schema.reasons.render` makes words of it."""
        if self.excluded is not None:
            return {"code": self.excluded}
        if self.verdict in (NOT_MEASURED, NOT_APPLICABLE):
            not_measured = self.observation.not_measured
            return plain_reason(self.verdict, self.rule.measures, self.answers, not_measured)
        if self.row_number < 0:
            return {"code": "condition_within_tolerance"}
        reason: dict[str, Any] = {"code": _CODES[self.verdict]}
        if self.verdict != COMPLIANT:
            beyond = self.beyond()
            if beyond:
                reason["beyond"] = beyond
        if self.rule.requirement.printed is not None and self._within_rounding():
            reason["rounding"] = self.rule.requirement.printed.text
        return reason

    def _decisive(self) -> tuple[Comparison, ...]:
        return self.rule.requirement.rows[self.row_number].must

    def beyond(self) -> dict[str, dict[str, int]]:
        """By how much each reading misses its limit, and within how much it could be wrong.

        Only readings that miss it or may miss it; both numbers in the measure's unit.
        """
        found: dict[str, dict[str, int]] = {}
        for comparison, test in self.rule.musts[self.row_number]:
            if test(self.answers) in (FALSE, UNSURE):
                by = excess(comparison, self.answers)
                known = found.get(comparison.measure)
                if by is not None and (known is None or by > known["by"]):
                    found[comparison.measure] = {"by": by, "within": self._reach(comparison)}
        return found

    def miss(self) -> Miss:
        """How badly it misses its limits: what the worst of several items is chosen by."""
        if self.verdict not in (VIOLATION, BORDERLINE) or self.row_number < 0:
            return NO_MISS
        musts = self.rule.musts[self.row_number]
        answers = self.answers
        return miss_of((c for c, test in musts if test(answers) in (FALSE, UNSURE)), answers)

    def _reach(self, comparison: Comparison) -> int:
        tolerances = self.rule.tolerances
        within = tolerances.get(comparison.measure, 0)
        if comparison.op == "ratio_le":
            under, num, den = comparison.value
            within += -(-tolerances.get(under, 0) * num // den)
        return within

    def _within_rounding(self) -> bool:
        """Whether a slope lies between the printed percentage and the ratio that it rounds."""
        printed = self.rule.requirement.printed
        for comparison in self._decisive():
            if printed is not None and comparison.op == "ratio_le":
                under, num, den = comparison.value
                if not printed.rounds(num, den):
                    continue
                rise, run = self.answers.get(comparison.measure), self.answers.get(under)
                if rise is not None and run is not None:
                    steeper = rise * printed.den > run * printed.num
                    return bool(steeper and rise * den <= run * num)
        return False

    def as_json(self) -> dict[str, Any]:
        """The finding with everything that it copies from its requirement."""
        return {
            **self.rule.constants[max(self.row_number, 0)],
            "element_id": str(self.observation.id),
            "element_type": self.observation.type,
            "state": self.observation.state,
            "verdict": self.verdict,
            "row": self.row,
            "index": self.index,
            "measured": self.measured,
            "tolerance": self.tolerance,
            "instrument": self.instrument,
            "reason": self.reason,
        }

    def as_brief_json(self) -> list[Any]:
        """The finding without what `field_schema.findings.expand` can tell without it.

        `[rule, weight, verdict]`, and an object with what these do not tell, if any.
        """
        rule = self.rule
        told: dict[str, Any] = {}
        if self.excluded is not None:
            told["excluded"] = self.excluded
        else:
            if self.row_number >= 0 and (row := self.row) is not None:
                told["row"] = row
            if self.index is not None:
                told["index"] = self.index
            if self.verdict in (VIOLATION, BORDERLINE) or (
                self.verdict == COMPLIANT and rule.requirement.printed is not None
            ):
                told["reason"] = self.reason
        brief = [rule.name, rule.weight, self.verdict]
        return [*brief, told] if told else brief


@dataclass(frozen=True, slots=True)
class Assessment:
    """All findings of one inspection under one ruleset; immutable."""

    inspection: Inspection
    ruleset: Ruleset
    building: Building
    findings: tuple[Finding, ...]

    def findings_json(self) -> dict[str, Any]:
        """The findings as one JSON-able document, as it is stored.

        By element its canonical answers, as they were judged, and its findings in brief;
        `field_schema.findings.expand_all` makes them whole again from the released files.
        """
        elements: list[dict[str, Any]] = []
        told: list[list[Any]] = []
        seen = None
        for finding in self.findings:
            if finding.observation is not seen:
                seen, told = finding.observation, []
                elements.append(
                    {
                        "id": str(seen.id),
                        "state": seen.state,
                        "answers": seen.answers,
                        "instruments": seen.instruments,
                        "not_measured": seen.not_measured,
                        "findings": told,
                    }
                )
            told.append(finding.as_brief_json())
        return {"elements": elements}


def assess(inspection: Inspection, ruleset: Ruleset, building: Building) -> Assessment:
    """Apply every requirement of the ruleset to every element that it speaks of."""
    findings: list[Finding] = []
    add = findings.append
    for observation in inspection.elements:
        answers = observation.answers
        plan = ruleset.plan(observation.type, observation.state, building)
        for rule, verdict, why in plan.excluded:
            add(Finding(rule, observation, verdict, CONDITION_FALSE, None, answers, why))
        items: dict[str, list[Mapping[str, Any]]] = {}
        for rule in plan.rules:
            if rule.group is None:
                verdict, row = rule.decide(answers)
                add(Finding(rule, observation, verdict, row, None, answers, None))
            else:
                if rule.group not in items:
                    repeats = answers.get(rule.group) or (_NO_ANSWERS,)
                    items[rule.group] = [{**answers, **repeat} for repeat in repeats]
                add(_worst(rule, observation, items[rule.group]))
    return Assessment(inspection, ruleset, building, tuple(findings))


def _worst(rule: Rule, observation: ElementObservation, items: list[Mapping[str, Any]]) -> Finding:
    found = [
        Finding(rule, observation, *rule.decide(answers), n, answers, None)
        for n, answers in enumerate(items)
    ]
    if len(found) == 1:
        if rule.group not in observation.answers:
            found[0].index = None
        return found[0]
    worst = found[0]
    for finding in found[1:]:
        rank, worst_rank = RANK[finding.verdict], RANK[worst.verdict]
        if rank > worst_rank or (rank == worst_rank and finding.miss().worse_than(worst.miss())):
            worst = finding
    return worst
