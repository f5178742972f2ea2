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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from field_schema.comparing import Limit, beyond
from field_schema.deciding import reason_code
from field_schema.inspection import ElementObservation, Inspection
from field_schema.logic import COMPLIANT, NOT_APPLICABLE, NOT_MEASURED
from field_schema.outcome import Outcome
from field_schema.ruleset import Building, Rule, Ruleset
from field_schema.standard import Printed


def plain_reason(
    verdict: str,
    measures: tuple[str, ...],
    answers: Mapping[str, Any],
    not_measured: Mapping[str, str],
) -> dict[str, Any]:
    """The reason of a verdict about which the answers tell everything.

    `not_measured`: the inspector's words, by measure or by the repeat's name.
    """
    reason: dict[str, Any] = {"code": reason_code(verdict, 0, None)}
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


def _within_rounding(
    printed: Printed, limits: tuple[Limit, ...], answers: Mapping[str, Any]
) -> bool:
    """Whether a slope lies between the printed percentage and the ratio that it rounds."""
    for comparison in (limit.comparison for limit in limits):
        if comparison.op == "ratio_le":
            under, num, den = comparison.value
            rise, run = answers.get(comparison.measure), answers.get(under)
            if printed.rounds(num, den) and rise is not None and run is not None:
                return bool(rise * printed.den > run * printed.num and rise * den <= run * num)
    return False


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement applied to one observation: its outcome, told with the answers when asked.

    `row_number` is negative when no row was decided on; `excluded` says why a requirement was not
    run at all.
    """

    outcome: Outcome
    observation: ElementObservation

    @property
    def rule(self) -> Rule:
        """The rule that was applied."""
        return self.outcome.rule

    @property
    def verdict(self) -> str:
        """One of `field_schema.logic.VERDICTS`."""
        return self.outcome.verdict

    @property
    def row_number(self) -> int:
        """The row that decided, from 0."""
        return self.outcome.row_number

    @property
    def index(self) -> int | None:
        """Which item of a repeat decided, from 0."""
        return self.outcome.index

    @property
    def excluded(self) -> str | None:
        """Why it was not run at all."""
        return self.outcome.excluded

    @property
    def answers(self) -> Mapping[str, Any]:
        """The answers that it looked at."""
        answers: Mapping[str, Any] = answers_of(
            self.observation.answers, self.rule.group, self.index
        )
        return answers

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
        outcome = self.outcome
        verdict, row = outcome.verdict, outcome.row_number
        if outcome.excluded is None and verdict in (NOT_MEASURED, NOT_APPLICABLE):
            not_measured = self.observation.not_measured
            return plain_reason(verdict, self.rule.measures, self.answers, not_measured)
        reason: dict[str, Any] = {"code": reason_code(verdict, row, outcome.excluded)}
        if row < 0:
            return reason
        rule, answers = outcome.rule, self.answers
        if verdict != COMPLIANT:
            missed = beyond(rule.limits[row], answers)
            if missed:
                reason["beyond"] = missed
        printed = rule.requirement.printed
        if printed is not None and _within_rounding(printed, rule.limits[row], answers):
            reason["rounding"] = printed.text
        return reason

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


Judged = tuple[ElementObservation, tuple[Outcome, ...]]
"""An observation with the outcome of every rule on its element type."""


@dataclass(frozen=True)
class Assessment:
    """All findings of one inspection under one ruleset; immutable.

    `judged` has an outcome for each finding, which is all that storing and scoring need.
    """

    inspection: Inspection
    ruleset: Ruleset
    building: Building
    judged: tuple[Judged, ...]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, element by element."""
        return tuple(
            Finding(outcome, observation)
            for observation, outcomes in self.judged
            for outcome in outcomes
        )

    def findings_with(self, verdicts: frozenset[str], state: str) -> Iterator[Finding]:
        """The findings with one of these verdicts, about elements in that state."""
        for observation, outcomes in self.judged:
            if observation.state == state:
                for outcome in outcomes:
                    if outcome.verdict in verdicts:
                        yield Finding(outcome, observation)


def assess(inspection: Inspection, ruleset: Ruleset, building: Building) -> Assessment:
    """Apply every requirement of the ruleset to every element that it speaks of."""
    judged = []
    for observation in inspection.elements:
        plan = ruleset.plan(observation.type, observation.state, building)
        judged.append((observation, plan.excluded + plan.judge(observation.answers)))
    return Assessment(inspection, ruleset, building, tuple(judged))
