"""Random observations, thick around the limits of every requirement; the same for the same seed."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import cycle
from typing import Any
from uuid import UUID

from field_schema.catalog import Catalog, load_catalog
from field_schema.form import STATES, Form, Question, Section
from field_schema.inspection import DeviceTime, ElementObservation, Inspection
from field_schema.ruleset import Building, Rule, Ruleset
from field_schema.standard import BUILDINGS, Comparison
from tests.agreement.aiming import Aim, aims_of, bend

MISSING = 0.1
MOST_REPEATS = 4
SAME_AGAIN = 0.15
AIMED = 0.4
"""The share of records that are bent towards one row of one requirement."""
SAID = ("covered", "no_access", "the key was not there")


@dataclass(frozen=True, slots=True)
class Record:
    """One element as it was observed, and the building it stands in."""

    inspection: Inspection
    building: Building

    @property
    def element(self) -> ElementObservation:
        return self.inspection.elements[0]

    def as_json(self) -> dict[str, Any]:
        """As the JavaScript takes it."""
        built, altered = self.building.built_on, self.building.altered_on
        return {
            "building": {
                "status": self.building.status,
                "built_on": built and built.isoformat(),
                "altered_on": altered and altered.isoformat(),
            },
            "element": {
                "type": self.element.type,
                "state": self.element.state,
                "answers": self.element.answers,
                "not_measured": self.element.not_measured,
            },
        }


def widest_ruleset(catalog: Catalog | None = None) -> Ruleset:
    """Of all profiles, on the last day that changes them, the one with the most requirements."""
    catalog = catalog or load_catalog()
    found = []
    for profile in catalog.profiles.values():
        day = max(adoption.since for adoption in profile.adoptions)
        found.append(catalog.ruleset(profile.id, day))
    return max(found, key=lambda ruleset: len(ruleset.rules))


@cache
def form_of(element: str) -> Form:
    """The form that asks the most about an element."""
    forms = [form for form in load_catalog().forms.values() if element in form.sections]
    return max(forms, key=lambda form: len(form.sections[element].measures))


def comparisons_of(rule: Rule) -> list[Comparison]:
    requirement = rule.requirement
    rows = [c for row in requirement.rows for c in (*row.when, *row.must)]
    return [*requirement.when, *rows]


class Generator:
    """Records of one ruleset."""

    def __init__(self, ruleset: Ruleset, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - test data, not a secret
        elements = dict.fromkeys(rule.requirement.element for rule in ruleset.rules)
        self.elements = tuple(e for e in elements if form_of(e).sections[e].measures)
        self.days = _deciding_days(ruleset)
        self.aims: dict[str, Iterator[Aim]] = {}
        self.points: dict[str, dict[str, tuple[int, ...]]] = {}
        self.ratios: dict[str, tuple[tuple[str, str, int, int, int], ...]] = {}
        for element in self.elements:
            section = form_of(element).sections[element]
            rules = [rule for rule in ruleset.rules if rule.requirement.element == element]
            self.aims[element] = cycle([aim for rule in rules for aim in aims_of(rule)])
            self.points[element] = _points(section, [c for r in rules for c in comparisons_of(r)])
            self.ratios[element] = _ratios(section, rules)

    def records(self, count: int, element: str | None = None) -> Iterator[Record]:
        for n in range(count):
            yield self.record(element or self.elements[n % len(self.elements)])

    def record(self, element: str) -> Record:
        rng = self.rng
        form = form_of(element)
        section = form.sections[element]
        answers = self._answers(element, section)
        state, building = rng.choice(STATES), self._building()
        if rng.random() < AIMED:
            aim = next(self.aims[element])
            bend(rng, aim, section, answers)
            state = rng.choice(aim.rule.requirement.states)
            building = replace(building, status=rng.choice(aim.rule.requirement.buildings))
        said = {
            name: rng.choice(SAID)
            for name in (*section.measures, *section.groups)
            if name not in answers and rng.random() < 0.2
        }
        observation = ElementObservation(UUID(int=1), element, "", state, answers, said, ())
        time = DeviceTime("", None, None, None, None)
        inspection = Inspection(UUID(int=9), "made-up", form, time, time, None, (observation,), ())
        return Record(inspection, building)

    def _building(self) -> Building:
        rng = self.rng
        altered = rng.choice(self.days) if rng.random() < 0.3 else None
        return Building(rng.choice(BUILDINGS), rng.choice(self.days), altered)

    def _answers(self, element: str, section: Section) -> dict[str, Any]:
        answers = self._some(element, section.questions.values(), {})
        for group in section.groups.values():
            count = self.rng.randrange(min(group.max_items, MOST_REPEATS) + 1)
            items: list[dict[str, Any]] = []
            for _ in range(count):
                alike = items and self.rng.random() < SAME_AGAIN
                items.append(
                    self.rng.choice(items)
                    if alike
                    else self._some(element, group.questions.values(), answers)
                )
            if items:
                answers[group.id] = tuple(items)
        return answers

    def _some(self, element: str, questions: Any, outer: Mapping[str, Any]) -> dict[str, Any]:
        rng = self.rng
        points = self.points[element]
        answers = {
            q.key: self._value(q, points.get(q.key, ()))
            for q in questions
            if q.type != "text" and rng.random() >= MISSING
        }
        for measure, under, num, den, reach in self.ratios[element]:
            below = answers.get(under, outer.get(under))
            if measure not in answers or below is None or rng.random() < 0.4:
                continue
            off = rng.choice((-reach, 0, 0, reach)) + rng.choice((-1, 0, 0, 1, den))
            if under in answers and below > 2 * den and rng.random() < 0.5:
                exact = (n for n in range(den) if ((below - n) * num + off) % den == 0)
                below = answers[under] = below - next(exact, 0)
            low, high = form_of(element).sections[element].measures[measure].hard
            answers[measure] = min(max((below * num + off) // den, low), high)
        return answers

    def _value(self, question: Question, points: tuple[int, ...]) -> Any:
        rng = self.rng
        if question.type == "yes_no":
            return rng.random() < 0.5
        if question.type == "choice":
            return rng.choice(question.choices)
        if points and rng.random() < 0.85:
            return rng.choice(points)
        return rng.randint(*(question.soft or question.hard))


def _deciding_days(ruleset: Ruleset) -> tuple[date | None, ...]:
    days = {d for r in ruleset.rules
            for d in (r.requirement.built_before, r.requirement.built_from) if d}  # fmt: skip
    around = [day + timedelta(days=n) for day in sorted(days) for n in (-1, 0, 1)]
    return (None, date(1985, 1, 1), *around)


def _points(section: Section, used: list[Comparison]) -> dict[str, tuple[int, ...]]:
    """By measure the readings at each limit, at the ends of its tolerance, and one beside each."""
    found: dict[str, set[int]] = {}
    for c in used:
        question = section.measures.get(c.measure)
        if question is not None and question.numeric and c.op != "ratio_le":
            limits = c.value if isinstance(c.value, tuple) else (c.value,)
            t = question.tolerance
            near = {x + o + n for x in limits for o in (-t, 0, t) for n in (-1, 0, 1)}
            low, high = question.hard
            found.setdefault(c.measure, set()).update(v for v in near if low <= v <= high)
    return {measure: tuple(sorted(values)) for measure, values in found.items()}


def _ratios(section: Section, rules: list[Rule]) -> tuple[tuple[str, str, int, int, int], ...]:
    """Every ratio (measure, under, num, den, how far tolerances reach), printed ones exactly."""
    found = {}
    of = section.measures
    for rule in rules:
        printed = rule.requirement.printed
        for c in comparisons_of(rule):
            if c.op == "ratio_le" and set(c.measures) <= set(of):
                under, num, den = c.value
                reach = of[c.measure].tolerance * den + of[under].tolerance * num
                found[c.measure, under, num, den, reach] = None
                if printed is not None:
                    found[c.measure, under, printed.num, printed.den, 0] = None
    return tuple(found)
