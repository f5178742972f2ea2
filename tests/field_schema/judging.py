"""Short ways from answers to a verdict, for the tests here."""

from datetime import date
from typing import Any
from uuid import UUID

from field_schema.assessment import Finding, assess
from field_schema.catalog import load_catalog
from field_schema.inspection import DeviceTime, ElementObservation, Inspection, read_inspection
from field_schema.ruleset import Building, Ruleset
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
