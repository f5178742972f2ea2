"""Conditions and threshold tables: which row decides, and what an open condition leaves open."""

from datetime import date
from typing import Any

import pytest

from field_schema.assessment import Finding, assess
from field_schema.ruleset import Building, Rule
from tests.field_schema.judging import EXISTING, inspection_of, observed, rule_of, ruleset_of


def finding_of(rule: Rule, answers: dict[str, Any]) -> Finding:
    element = rule.requirement.element
    inspection = inspection_of(observed(element, answers))
    return assess(inspection, ruleset_of(rule), EXISTING).findings[0]


# Threshold ±3 mm: 20 mm is met up to 17, broken from 24. The door's place is a word, so exact.
CONDITIONED = rule_of(when=[["threshold_mm", "gt", 20]], must=[["width_mm", "ge", 900]])
COMPLIANT_WIDTH, DOUBTFUL_WIDTH, BROKEN_WIDTH = 950, 900, 850
MET, UNMET, UNSURE = 30, 10, 20


@pytest.mark.parametrize(
    ("threshold", "width", "verdict"),
    [
        (MET, COMPLIANT_WIDTH, "compliant"),
        (MET, DOUBTFUL_WIDTH, "borderline"),
        (MET, None, "not_measured"),
        (MET, BROKEN_WIDTH, "violation"),
        (UNMET, COMPLIANT_WIDTH, "not_applicable"),
        (UNMET, None, "not_applicable"),
        (UNMET, BROKEN_WIDTH, "not_applicable"),
        (None, COMPLIANT_WIDTH, "not_measured"),
        (None, DOUBTFUL_WIDTH, "not_measured"),
        (None, None, "not_measured"),
        (None, BROKEN_WIDTH, "not_measured"),
        (UNSURE, COMPLIANT_WIDTH, "compliant"),
        (UNSURE, DOUBTFUL_WIDTH, "borderline"),
        (UNSURE, None, "not_measured"),
        (UNSURE, BROKEN_WIDTH, "borderline"),
    ],
    ids=[
        f"{condition}-{must}"
        for condition, musts in {
            "true": ("compliant", "doubtful", "missing", "broken"),
            "false": ("compliant", "missing", "broken"),
            "unknown": ("compliant", "doubtful", "missing", "broken"),
            "unsure": ("compliant", "doubtful", "missing", "broken"),
        }.items()
        for must in musts
    ],
)
def test_a_condition_opens_closes_or_leaves_open_what_must_hold(
    threshold: int | None, width: int | None, verdict: str
) -> None:
    given = {"threshold_mm": threshold, "width_mm": width}
    answers = {key: value for key, value in given.items() if value is not None}
    assert CONDITIONED.decide(answers)[0] == verdict


def test_all_conditions_must_be_met_and_one_false_closes_the_rule() -> None:
    rule = rule_of(when=[["threshold_mm", "gt", 20], ["place", "is", "room"]])
    assert rule.decide({"threshold_mm": 30, "place": "room", "width_mm": 800})[0] == "violation"
    assert rule.decide({"place": "entrance", "width_mm": 800})[0] == "not_applicable"
    assert rule.decide({"place": "room", "width_mm": 800})[0] == "not_measured"


TABLE = rule_of(
    first=[
        {"row": "a", "when": [["place", "is", "room"]], "must": [["width_mm", "ge", 800]]},
        {"row": "b", "when": [["place", "is", "toilet"]], "must": [["width_mm", "ge", 850]]},
        {"row": "c", "must": [["width_mm", "ge", 900]]},
    ]
)


@pytest.mark.parametrize(
    ("place", "width", "verdict", "row"),
    [
        ("room", 820, "compliant", "a"),
        ("room", 780, "violation", "a"),
        ("toilet", 820, "violation", "b"),
        ("toilet", 870, "compliant", "b"),
        ("entrance", 870, "violation", "c"),
        ("entrance", 920, "compliant", "c"),
        ("entrance", 900, "borderline", "c"),
        ("room", None, "not_measured", "a"),
        # The place is not known: any row may count.
        (None, 920, "compliant", "a"),
        (None, 780, "violation", "a"),
        (None, 820, "not_measured", None),
        (None, None, "not_measured", "a"),
    ],
    ids=lambda value: str(value),
)
def test_the_first_row_whose_condition_is_met_decides(
    place: str | None, width: int | None, verdict: str, row: str | None
) -> None:
    given = {"place": place, "width_mm": width}
    finding = finding_of(TABLE, {key: value for key, value in given.items() if value is not None})
    assert (finding.verdict, finding.row) == (verdict, row)


def test_a_finding_shows_the_limit_of_the_row_that_decided() -> None:
    finding = finding_of(TABLE, {"place": "toilet", "width_mm": 800})
    assert finding.required == [{"measure": "width_mm", "op": "ge", "value": 850, "unit": "mm"}]


# Which row counts hangs on a reading of ±3 mm: up to 200 mm of rise 1:10, above it 1:12.
SLOPE = rule_of(
    "ramp",
    first=[
        {
            "row": "a",
            "when": [["runs.rise_mm", "le", 200]],
            "must": [["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 10]],
        },
        {"row": "b", "must": [["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 12]]},
    ],
)


@pytest.mark.parametrize(
    ("rise", "run", "verdict", "row"),
    [
        (190, 2050, "compliant", "a"),
        (197, 2100, "compliant", "a"),
        (198, 2100, "borderline", None),
        (203, 2250, "borderline", None),
        (204, 2250, "violation", "b"),
        (200, 3000, "compliant", "a"),
        (200, 1000, "violation", "a"),
        (204, 3000, "compliant", "b"),
    ],
    ids=[
        "surely-row-a",
        "last-surely-row-a",
        "rows-disagree",
        "rows-still-disagree",
        "first-surely-row-b",
        "both-rows-allow-it",
        "neither-row-allows-it",
        "surely-row-b",
    ],
)
def test_rows_that_the_tolerance_leaves_open_decide_only_where_they_agree(
    rise: int, run: int, verdict: str, row: str | None
) -> None:
    finding = finding_of(SLOPE, {"runs": ({"runs.rise_mm": rise, "runs.run_mm": run},)})
    assert (finding.verdict, finding.row) == (verdict, row)


def test_where_only_the_tolerance_leaves_rows_open_the_reason_says_so() -> None:
    finding = finding_of(SLOPE, {"runs": ({"runs.rise_mm": 200, "runs.run_mm": 2200},)})
    assert finding.reason == {"code": "condition_within_tolerance"}


CLOSED_TABLE = rule_of(
    first=[
        {"row": "a", "when": [["place", "is", "room"]], "must": [["width_mm", "ge", 800]]},
        {"row": "b", "when": [["place", "is", "toilet"]], "must": [["width_mm", "ge", 850]]},
    ]
)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"place": "entrance", "width_mm": 500}, "not_applicable"),
        ({"place": "entrance"}, "not_applicable"),
        ({"width_mm": 500}, "not_measured"),
        ({"width_mm": 950}, "not_measured"),
        ({"place": "toilet", "width_mm": 830}, "violation"),
    ],
    ids=["no-row", "no-row-unmeasured", "unknown-broken", "unknown-kept", "row-b"],
)
def test_a_table_without_a_last_resort_may_have_no_row_for_an_element(
    answers: dict[str, Any], verdict: str
) -> None:
    assert CLOSED_TABLE.decide(answers)[0] == verdict


def test_a_table_under_a_condition_is_not_run_where_the_condition_fails() -> None:
    rule = rule_of(
        when=[["evacuation", "is", True]],
        first=[
            {"row": "a", "when": [["place", "is", "room"]], "must": [["width_mm", "ge", 800]]},
            {"row": "b", "must": [["width_mm", "ge", 900]]},
        ],
    )
    answers = {"place": "entrance", "width_mm": 850}
    assert rule.decide({**answers, "evacuation": True}) == ("violation", 1)
    assert rule.decide({**answers, "evacuation": False})[0] == "not_applicable"
    assert rule.decide(answers)[0] == "not_measured"


BEFORE, SINCE = "2000-01-01", "2010-01-01"
ANSWERS = {"width_mm": 950}


@pytest.mark.parametrize(
    ("applies", "building", "verdict", "code"),
    [
        ({}, Building("existing", date(1990, 1, 1)), "compliant", "complies"),
        ({}, Building("existing", None), "compliant", "complies"),
        ({}, Building("new", date(1990, 1, 1)), "not_applicable", "other_building"),
        (
            {"built_before": BEFORE},
            Building("existing", date(1999, 12, 31)),
            "compliant",
            "complies",
        ),
        (
            {"built_before": BEFORE},
            Building("existing", date(2000, 1, 1)),
            "not_applicable",
            "other_build_date",
        ),
        (
            {"built_from": SINCE},
            Building("existing", date(2009, 12, 31)),
            "not_applicable",
            "other_build_date",
        ),
        ({"built_from": SINCE}, Building("existing", date(2010, 1, 1)), "compliant", "complies"),
        (
            {"built_from": SINCE},
            Building("existing", date(1960, 1, 1), date(2015, 6, 1)),
            "compliant",
            "complies",
        ),
        ({"built_from": SINCE}, Building("existing", None), "not_measured", "build_date_unknown"),
        (
            {"built_before": BEFORE},
            Building("existing", None),
            "not_measured",
            "build_date_unknown",
        ),
        # Outside its kind of building a rule does not apply, whenever that was built.
        ({"built_before": BEFORE}, Building("new", None), "not_applicable", "other_building"),
    ],
    ids=[
        "no-date-needed",
        "no-date-needed-unknown",
        "other-status",
        "last-day-before",
        "first-day-not-before",
        "last-day-too-early",
        "first-day-from",
        "the-alteration-decides",
        "unknown-from",
        "unknown-before",
        "other-status-unknown-date",
    ],
)
def test_status_and_deciding_date_choose_whether_a_rule_is_run(
    applies: dict[str, str], building: Building, verdict: str, code: str
) -> None:
    rule = rule_of(applies={"building": ["existing"], **applies})
    finding = assess(inspection_of(observed(answers=ANSWERS)), ruleset_of(rule), building).findings
    assert [(f.verdict, f.reason["code"]) for f in finding] == [(verdict, code)]


def test_a_reconstructed_building_without_its_day_has_no_deciding_date() -> None:
    rule = rule_of(applies={"building": ["reconstructed"], "built_before": BEFORE})
    unknown = Building("reconstructed", date(1960, 1, 1))
    known = Building("reconstructed", date(1960, 1, 1), date(1995, 1, 1))
    inspection = inspection_of(observed(answers=ANSWERS))
    assert assess(inspection, ruleset_of(rule), unknown).findings[0].verdict == "not_measured"
    assert assess(inspection, ruleset_of(rule), known).findings[0].verdict == "compliant"


def test_a_rule_that_was_not_run_looked_at_nothing() -> None:
    inspection = inspection_of(observed(answers=ANSWERS))
    finding = assess(inspection, ruleset_of(rule_of()), Building("new")).findings[0]
    assert (finding.measured, finding.tolerance, finding.instrument) == ({}, {}, {})


def test_an_unknown_building_status_is_an_error_and_not_a_building_without_rules() -> None:
    with pytest.raises(ValueError, match="'ruin' is none of existing, new"):
        Building("ruin")
