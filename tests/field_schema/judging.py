"""Short ways from answers to a verdict, for the tests here."""

from datetime import date
from typing import Any
from uuid import UUID

from field_schema.assessment import Finding, assess
from field_schema.catalog import load_catalog
from field_schema.inspection import (
    DeviceTime,
    ElementObservation,
    Inspection,
    PhotoRef,
    read_inspection,
)
from field_schema.ruleset import Building, Rule, Ruleset, compile_rule
from field_schema.standard import Requirement, parse_requirements
from tests.field_schema.bodies import Json

DAY = date(2021, 11, 28)
EXISTING = Building("existing", date(1985, 1, 1))
KZ, RU12, RU20 = "KZ-SPRK-3.06-101-2012", "RU-SP59-2012", "RU-SP59-2020"
DOSKAZ, CIS, DOJ = "KZ-DOSKAZ", "CIS-SNIP-35-01-OLD", "US-DOJ-POLL-2016"


def demo_ruleset() -> Ruleset:
    return load_catalog().ruleset("kg-demo-2021", DAY)


def judge_body(body: Json, building: Building = EXISTING) -> tuple[Finding, ...]:
    return assess(read_inspection(body, load_catalog()), demo_ruleset(), building).findings


def judge(
    standard: str,
    requirement: str,
    answers: dict[str, Any],
    building: Building = EXISTING,
    state: str = "permanent",
    not_measured: dict[str, str] | None = None,
) -> Finding:
    """The one finding of a requirement for canonical answers."""
    observation = ElementObservation(
        UUID(int=1), requirement.split(".")[0], "", state, answers, not_measured or {}, ()
    )
    findings = assess(inspection_of(observation), demo_ruleset(), building).findings
    return next(f for f in findings if (f.standard, f.requirement) == (standard, requirement))


def inspection_of(*observations: ElementObservation) -> Inspection:
    time = DeviceTime("", None, None, None, None)
    form = load_catalog().form("station/1")
    return Inspection(UUID(int=9), "kg-jk-2021", form, time, time, None, observations, ())


def requirement_json(element: str = "door", **members: Any) -> Json:
    """One row of a requirements file, legal as it stands; `members` replace, None removes."""
    words = {"ky": "сөз", "ru": "слово", "en": "word"}
    row: Json = {
        "id": f"{element}.made-up",
        "element": element,
        "title": words,
        "cite": {
            "standard": "X",
            "clause": None,
            "clause_hint": None,
            "url": "https://example.org/x",
            "confidence": "read in source text",
            "checked_on": "2026-11-23",
            "facts": ["X-001"],
        },
        "groups": ["wheelchair"],
        "severity": "critical",
        "severity_basis": "made up",
        "applies": {"building": ["existing"]},
        "must": [["width_mm", "ge", 900]],
        "remedies": [{"kind": "permanent", "text": words}],
    }
    if "first" in members:
        del row["must"]
    row |= members
    return {key: value for key, value in row.items() if value is not None}


def requirement_of(element: str = "door", **members: Any) -> Requirement:
    """The row read from its file, with the measures of the released forms."""
    value = {
        "element": element,
        "ky_status": "made up",
        "requirements": [requirement_json(element, **members)],
    }
    where = f"standards/X/1/requirements/{element}.json"
    return parse_requirements(value, where, "X", "1", load_catalog().measures)[0]


def rule_of(element: str = "door", weight: str = "binding", **members: Any) -> Rule:
    """The row compiled: `rule_of(must=[...]).decide(answers)` gives (verdict, row)."""
    requirement = requirement_of(element, **members)
    return compile_rule(requirement, weight, load_catalog().measures[element])


def ruleset_of(*rules: Rule) -> Ruleset:
    """These rules alone, under the demonstration profile."""
    return Ruleset(load_catalog().profile("kg-demo-2021"), DAY, "0" * 64, rules)


def observed(
    element: str = "door",
    answers: dict[str, Any] | None = None,
    *,
    number: int = 1,
    state: str = "permanent",
    photos: tuple[PhotoRef, ...] = (),
) -> ElementObservation:
    """One element with canonical answers."""
    return ElementObservation(UUID(int=number), element, "", state, answers or {}, {}, photos)
