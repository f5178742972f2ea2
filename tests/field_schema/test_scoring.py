"""Findings rolled up: categories by the worst link, the index, coverage, station states."""

from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from field_schema.assessment import Assessment, Judged, assess
from field_schema.catalog import load_catalog
from field_schema.inspection import PhotoRef, read_inspection
from field_schema.ruleset import Building, Rule
from field_schema.scoring import STATION_STATES, Score, score
from tests.field_schema.bodies import station_body
from tests.field_schema.judging import (
    EXISTING,
    demo_ruleset,
    inspection_of,
    observed,
    requirement_json,
    rule_of,
    ruleset_of,
)

WIDTH = {"compliant": 950, "borderline": 900, "violation": 800}
TEMPORARY = [{"kind": "temporary", "text": requirement_json()["title"]}]
PERMANENT = [{"kind": "permanent", "text": requirement_json()["title"]}]
PHOTO = PhotoRef(UUID(int=5), "0" * 64, 1000, "image/jpeg", None, None)

Case = tuple[str, str, str]
"""Weight, severity, verdict of one rule on the door's width."""


def rules_of(cases: Sequence[Case], **members: Any) -> list[Rule]:
    numbered = count()
    return [
        rule_of(weight=weight, severity=severity, id=f"door.rule-{next(numbered)}", **members)
        for weight, severity, _ in cases
    ]


def answers_of(verdict: str) -> dict[str, Any]:
    return {"width_mm": WIDTH[verdict]} if verdict in WIDTH else {}


def score_of(*cases: Case, day: str | None = None, photo: bool = True, **members: Any) -> Score:
    """One door per case, each under its own rule; `day` is the verdict of election day."""
    rules = rules_of(cases, **members)
    photos = (PHOTO,) if photo else ()
    judged: list[Judged] = []
    for number, (rule, (_, _, verdict)) in enumerate(zip(rules, cases, strict=True)):
        elements = [observed(answers=answers_of(verdict), number=number)]
        if day is not None:
            answers = answers_of(day)
            on_the_day = observed(
                answers=answers, number=number, state="election_day", photos=photos
            )
            elements.append(on_the_day)
        judged += assess(inspection_of(*elements), ruleset_of(rule), EXISTING).judged
    observations = (observation for observation, _ in judged)
    return score(Assessment(inspection_of(*observations), demo_ruleset(), EXISTING, tuple(judged)))


@pytest.mark.parametrize(
    ("cases", "category"),
    [
        ([("binding", "critical", "compliant")], "accessible"),
        ([("binding", "critical", "violation")], "not accessible"),
        ([("binding", "critical", "borderline")], "not assessed"),
        ([("binding", "critical", "not_measured")], "not assessed"),
        ([("binding", "major", "violation")], "conditionally accessible"),
        ([("binding", "major", "not_measured")], "not assessed"),
        ([("binding", "minor", "violation")], "not assessed"),
        ([("binding", "minor", "not_measured")], "not assessed"),
        (
            [("binding", "minor", "violation"), ("binding", "major", "compliant")],
            "accessible",
        ),
        (
            [("binding", "minor", "not_measured"), ("binding", "major", "compliant")],
            "accessible",
        ),
        ([("reference", "critical", "violation")], "conditionally accessible"),
        ([("reference", "critical", "not_measured")], "not assessed"),
        (
            [("reference", "major", "violation"), ("binding", "major", "compliant")],
            "accessible",
        ),
        (
            [("binding", "critical", "violation"), ("binding", "critical", "compliant")],
            "not accessible",
        ),
        (
            [("binding", "major", "violation"), ("binding", "critical", "not_measured")],
            "conditionally accessible",
        ),
        (
            [("binding", "critical", "compliant"), ("binding", "critical", "not_measured")],
            "not assessed",
        ),
        ([], "not assessed"),
    ],
    ids=lambda part: (
        "+".join("-".join(case) for case in part) or "nothing" if isinstance(part, list) else ""
    ),
)
def test_the_worst_link_decides_the_category(cases: list[Case], category: str) -> None:
    categories = score_of(*cases).categories
    assert categories["wheelchair"] == category
    assert categories["hearing"] == "not assessed"


def test_a_finding_counts_for_every_group_that_it_serves_and_for_no_other() -> None:
    found = score_of(("binding", "critical", "violation"), groups=["vision", "mobility"])
    blocked = {g for g, category in found.categories.items() if category == "not accessible"}
    assert blocked == {"vision", "mobility"}


BLOCKED: Case = ("binding", "critical", "violation")


@pytest.mark.parametrize(
    ("day", "photo", "category"),
    [
        (None, True, "not accessible"),
        ("violation", True, "not accessible"),
        ("borderline", True, "not accessible"),
        ("not_measured", True, "not accessible"),
        ("compliant", False, "not accessible"),
        ("compliant", True, "conditionally accessible"),
    ],
    ids=["none", "broken", "borderline", "unmeasured", "no-photo", "measured-and-photographed"],
)
def test_only_a_measured_and_photographed_temporary_remedy_relieves(
    day: str | None, photo: bool, category: str
) -> None:
    assert score_of(BLOCKED, day=day, photo=photo).categories["wheelchair"] == category


def test_a_temporary_remedy_at_another_door_relieves_nothing() -> None:
    rule = rule_of()
    elements = (
        observed(answers=answers_of("violation"), number=1),
        observed(answers=answers_of("compliant"), number=2, state="election_day", photos=(PHOTO,)),
    )
    found = score(assess(inspection_of(*elements), ruleset_of(rule), EXISTING))
    assert found.categories["wheelchair"] == "not accessible"


def test_a_temporary_remedy_never_erases_the_permanent_violation() -> None:
    found = score_of(BLOCKED, day="compliant")
    assert (found.violations, found.capped, found.index) == (1, False, 0)


# Points: severity (critical 6, major 3, minor 1) times weight (binding 2, reference 1).
@pytest.mark.parametrize(
    ("cases", "index", "capped"),
    [
        ([("binding", "critical", "compliant")], 100, False),
        ([("binding", "major", "compliant"), ("binding", "major", "not_measured")], 50, False),
        ([("binding", "major", "compliant"), ("binding", "major", "borderline")], 50, False),
        ([("binding", "major", "compliant"), ("reference", "critical", "violation")], 50, False),
        ([("binding", "minor", "compliant"), ("reference", "minor", "violation")], 66, False),
        ([("binding", "critical", "compliant"), BLOCKED], 40, True),
        ([("binding", "minor", "compliant"), BLOCKED], 14, True),
        ([BLOCKED], 0, True),
        ([("binding", "critical", "not_measured")], None, False),
        ([], None, False),
    ],
    ids=[
        "all",
        "unmeasured-counts-against",
        "borderline-counts-against",
        "equal-points",
        "rounded-down",
        "capped-at-40",
        "below-the-cap",
        "nothing-good",
        "nothing-measured",
        "nothing",
    ],
)
def test_the_index_is_the_share_of_points_and_capped_while_something_blocks(
    cases: list[Case], index: int | None, capped: bool
) -> None:
    found = score_of(*cases)
    assert (found.index, found.capped) == (index, capped)


def test_a_relieved_block_no_longer_caps_the_index() -> None:
    cases: tuple[Case, ...] = (("binding", "critical", "compliant"), BLOCKED)
    assert score_of(*cases, day="compliant").index == 50


@pytest.mark.parametrize(
    ("verdicts", "coverage"),
    [
        ([], None),
        (["not_measured"], 0),
        (["compliant", "violation", "borderline"], 1000),
        (["compliant", "compliant", "not_measured"], 666),
    ],
    ids=["nothing", "none", "all", "rounded-down"],
)
def test_coverage_is_the_share_of_applicable_requirements_that_were_measured(
    verdicts: list[str], coverage: int | None
) -> None:
    found = score_of(*(("binding", "major", verdict) for verdict in verdicts))
    assert found.coverage_permille == coverage


def test_what_does_not_apply_counts_nowhere() -> None:
    rule = rule_of()
    new = Building("new")
    found = score(assess(inspection_of(observed()), ruleset_of(rule), new))
    assert (found.index, found.coverage_permille, found.station_state) == (
        None,
        None,
        "not_assessed",
    )


@pytest.mark.parametrize(
    ("cases", "remedies", "day", "state"),
    [
        ([("binding", "critical", "compliant")], PERMANENT, None, "compliant"),
        ([("reference", "critical", "compliant")], PERMANENT, None, "not_assessed"),
        (
            [("binding", "major", "compliant"), ("reference", "critical", "violation")],
            PERMANENT,
            None,
            "compliant",
        ),
        ([("binding", "critical", "not_measured")], PERMANENT, None, "not_assessed"),
        (
            [("binding", "major", "compliant"), ("binding", "major", "borderline")],
            PERMANENT,
            None,
            "not_assessed",
        ),
        (
            [("binding", "major", "compliant"), ("binding", "minor", "not_measured")],
            PERMANENT,
            None,
            "compliant",
        ),
        ([BLOCKED], PERMANENT, None, "not_remediable_in_time"),
        ([BLOCKED], PERMANENT, "compliant", "usable_with_temporary_measures"),
        ([BLOCKED], TEMPORARY, None, "usable_with_temporary_measures"),
        (
            [("binding", "major", "violation")],
            PERMANENT,
            None,
            "usable_with_temporary_measures",
        ),
        (
            [("binding", "major", "violation"), ("binding", "critical", "not_measured")],
            PERMANENT,
            None,
            "usable_with_temporary_measures",
        ),
        ([("binding", "major", "violation"), BLOCKED], PERMANENT, None, "not_remediable_in_time"),
        ([], PERMANENT, None, "not_assessed"),
    ],
    ids=[
        "compliant",
        "only-reference-measured",
        "reference-broken",
        "critical-unmeasured",
        "major-borderline",
        "minor-unmeasured",
        "critical-hopeless",
        "critical-relieved",
        "critical-with-a-remedy",
        "major-broken",
        "broken-and-unmeasured",
        "hopeless-beats-usable",
        "nothing",
    ],
)
def test_the_station_is_in_one_of_the_states_of_the_checklist(
    cases: list[Case], remedies: list[Any], day: str | None, state: str
) -> None:
    assert score_of(*cases, day=day, remedies=remedies).station_state == state


def test_a_score_never_changes_a_verdict_and_only_binding_breaches_are_counted() -> None:
    body = station_body(3, breaches=0.5)
    assessment = assess(read_inspection(body, load_catalog()), demo_ruleset(), EXISTING)
    findings = assessment.findings
    before = [finding.verdict for finding in findings]
    found = score(assessment)
    assert [finding.verdict for finding in findings] == before
    broken = [f for f in findings if f.verdict == "violation" and f.weight == "binding"]
    assert found.violations == len(broken) > 0
    assert found.violations < sum(f.verdict == "violation" for f in findings)


@pytest.mark.parametrize("seed", range(20))
def test_a_stored_score_has_only_known_words_and_numbers_in_range(seed: int) -> None:
    inspection = read_inspection(station_body(seed, breaches=seed / 20), load_catalog())
    stored = score(assess(inspection, demo_ruleset(), EXISTING)).as_json()
    assert stored["station_state"] in STATION_STATES
    assert set(stored["categories"].values()) <= {
        "accessible",
        "conditionally accessible",
        "not accessible",
        "not assessed",
    }
    assert 0 <= stored["index"] <= (40 if stored["capped"] else 100)
    assert 0 <= stored["coverage_permille"] <= 1000
