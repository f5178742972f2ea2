"""Random observations, thick around the limits of the requirements, from a seed."""

import random
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from field_schema.catalog import load_catalog
from field_schema.form import STATES, Form, Question
from field_schema.inspection import DeviceTime, ElementObservation, Inspection
from field_schema.ruleset import Building, Ruleset
from field_schema.standard import BUILDINGS

_TIME = DeviceTime("", None, None, None, None)
_DAYS = (None, date(1985, 1, 1), date(2019, 2, 17), date(2019, 2, 18), date(2021, 1, 1))


@cache
def limits_by_measure() -> Mapping[tuple[str, str], tuple[int, ...]]:
    """(element, measure) -> the numbers that any requirement compares it with."""
    found: dict[tuple[str, str], set[int]] = {}
    for standard in load_catalog().standards.values():
        for requirement in standard.requirements.values():
            parts = [part for row in requirement.rows for part in (row.when, row.must)]
            for c in (c for part in (requirement.when, *parts) for c in part):
                values = c.value if c.op == "between" else (c.value,)
                if all(type(value) is int for value in values):
                    found.setdefault((requirement.element, c.measure), set()).update(values)
    return {key: tuple(sorted(values)) for key, values in found.items()}


def drawn_answer(rng: random.Random, element: str, question: Question) -> Any:
    """A canonical answer, most often near a limit."""
    if question.type == "yes_no":
        return rng.random() < 0.5
    if question.type == "choice":
        return rng.choice(question.choices)
    limits = limits_by_measure().get((element, question.key))
    if limits and rng.random() < 0.8:
        t = question.tolerance
        return rng.choice(limits) + rng.choice((-t - 1, -t, -1, 0, 1, t, t + 1))
    low, high = question.soft or question.hard
    return rng.randint(low, high)


def drawn_answers(rng: random.Random, form: Form, element: str, missing: float) -> dict[str, Any]:
    """Answers to a section, each left out with that chance; up to three items in each repeat."""
    section = form.sections[element]

    def some(questions: Mapping[str, Question]) -> dict[str, Any]:
        return {
            q.key: drawn_answer(rng, element, q)
            for q in questions.values()
            if q.type != "text" and rng.random() >= missing
        }

    answers = some(section.questions)
    for group in section.groups.values():
        items = tuple(some(group.questions) for _ in range(rng.randint(0, 3)))
        if items:
            answers[group.id] = items
    return answers


def drawn_inspection(
    seed: int, form_key: str = "station/1", *, missing: float = 0.1, most: int = 2
) -> Inspection:
    """One inspection with up to `most` elements of each type, a fifth in election-day state."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    form = load_catalog().form(form_key)
    elements = []
    for element in form.sections:
        for _ in range(rng.randint(0, most)):
            answers = drawn_answers(rng, form, element, missing)
            state = STATES[rng.random() < 0.2]
            number = UUID(int=rng.getrandbits(128))
            elements.append(ElementObservation(number, element, "", state, answers, {}, ()))
    rng.shuffle(elements)
    return Inspection(UUID(int=1), "kg-jk-2021", form, _TIME, _TIME, None, tuple(elements), ())


def drawn_building(seed: int) -> Building:
    """A building of any status, built on a day near one that a requirement names, or unknown."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    return Building(rng.choice(BUILDINGS), rng.choice(_DAYS), rng.choice((None, *_DAYS[:3])))


def rulesets() -> list[Ruleset]:
    """A ruleset of every profile in the catalog, on the last day that changes it."""
    catalog = load_catalog()
    return [
        catalog.ruleset(profile.id, max(a.since for a in profile.adoptions))
        for profile in catalog.profiles.values()
    ]
