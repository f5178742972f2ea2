"""Runs of a ramp, flights of a stair: the worst decides and is named."""

from dataclasses import replace

import pytest

from field_schema.assessment import Finding, assess
from field_schema.errors import CatalogError
from field_schema.ruleset import compile_rule
from field_schema.standard import Comparison, Row
from tests.field_schema.bodies import measurement, ramp_body
from tests.field_schema.judging import (
    DOSKAZ,
    EXISTING,
    KZ,
    inspection_of,
    judge,
    judge_body,
    observed,
    rule_of,
    ruleset_of,
)

Run = dict[str, int]
GOOD: Run = {"runs.rise_mm": 300, "runs.run_mm": 4200}
DOUBTFUL: Run = {"runs.rise_mm": 350, "runs.run_mm": 4200}
HALF: Run = {"runs.rise_mm": 300}
BROKEN: Run = {"runs.rise_mm": 450, "runs.run_mm": 4200}
WORSE: Run = {"runs.rise_mm": 600, "runs.run_mm": 4200}


def slope_of(*runs: Run) -> Finding:
    return judge(KZ, "ramp.running-slope-existing", {"runs": runs})


@pytest.mark.parametrize(
    ("runs", "verdict", "index"),
    [
        ((GOOD,), "compliant", 0),
        ((GOOD, GOOD), "compliant", 0),
        ((GOOD, DOUBTFUL), "borderline", 1),
        ((DOUBTFUL, HALF), "not_measured", 1),
        ((HALF, DOUBTFUL, GOOD), "not_measured", 0),
        ((HALF, BROKEN), "violation", 1),
        ((BROKEN, WORSE, GOOD), "violation", 1),
        ((WORSE, BROKEN), "violation", 0),
        ((GOOD, BROKEN, BROKEN), "violation", 1),
        (({}, GOOD), "not_measured", 0),
    ],
    ids=[
        "one-good",
        "first-of-equals",
        "doubt-beats-good",
        "missing-beats-doubt",
        "missing-first",
        "broken-beats-missing",
        "furthest-beyond",
        "furthest-first",
        "first-of-equally-broken",
        "an-empty-run",
    ],
)
def test_the_worst_run_decides_and_is_named_by_its_index(
    runs: tuple[Run, ...], verdict: str, index: int
) -> None:
    finding = slope_of(*runs)
    assert (finding.verdict, finding.index) == (verdict, index)


def test_of_borderline_runs_the_one_nearest_to_a_breach_is_named() -> None:
    nearer = {"runs.rise_mm": 353, "runs.run_mm": 4200}
    assert slope_of(DOUBTFUL, nearer).index == 1


def test_the_steepest_run_is_named_though_a_longer_one_misses_by_more_millimetres() -> None:
    short, long = (
        {"runs.rise_mm": 60, "runs.run_mm": 600},
        {
            "runs.rise_mm": 900,
            "runs.run_mm": 9900,
        },
    )
    for runs, index in (((short, long), 0), ((long, short), 1)):
        finding = slope_of(*runs)
        assert (finding.verdict, finding.index) == ("violation", index)


def test_a_run_of_no_length_is_the_steepest_of_all() -> None:
    assert slope_of(WORSE, {"runs.rise_mm": 10, "runs.run_mm": 0}).index == 1


def test_of_equally_steep_runs_the_one_furthest_beyond_another_limit_is_named() -> None:
    rule = rule_of(
        "ramp",
        must=[["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 12], ["runs.rise_mm", "le", 200]],
    )
    runs = ({"runs.rise_mm": 300, "runs.run_mm": 3000}, {"runs.rise_mm": 600, "runs.run_mm": 6000})
    inspection = inspection_of(observed("ramp", {"runs": runs}))
    assert assess(inspection, ruleset_of(rule), EXISTING).findings[0].index == 1


def test_a_ramp_without_runs_is_not_measured_and_names_no_run() -> None:
    finding = judge(KZ, "ramp.running-slope-existing", {})
    assert (finding.verdict, finding.index) == ("not_measured", None)


def test_the_reason_for_unmeasured_runs_is_the_inspectors_own() -> None:
    said = {"runs": "covered by snow"}
    finding = judge(KZ, "ramp.running-slope-existing", {}, not_measured=said)
    assert finding.reason["said"] == said


def test_a_run_is_judged_together_with_the_answers_about_the_whole_ramp() -> None:
    rule = rule_of(
        "ramp", when=[["place", "is", "outdoor"]], must=[["runs.rise_mm", "le", 400]], id="ramp.x"
    )
    runs = (GOOD, BROKEN)
    for place, verdict in (("outdoor", "violation"), ("indoor", "not_applicable")):
        inspection = inspection_of(observed("ramp", {"place": place, "runs": runs}))
        assert assess(inspection, ruleset_of(rule), EXISTING).findings[0].verdict == verdict


def test_the_rise_of_the_ramp_is_not_taken_for_the_rise_of_a_run() -> None:
    rule = rule_of("ramp", must=[["runs.rise_mm", "le", 400]])
    inspection = inspection_of(observed("ramp", {"rise_mm": 900, "runs": (GOOD,)}))
    assert assess(inspection, ruleset_of(rule), EXISTING).findings[0].verdict == "compliant"


def test_a_rule_over_two_different_repeats_is_refused() -> None:
    requirement = rule_of("ramp", must=[["runs.rise_mm", "le", 400]]).requirement
    both = Row(
        None, (), (Comparison("runs.rise_mm", "le", 1), Comparison("flights.steps", "le", 1))
    )
    with pytest.raises(CatalogError, match=r"two repeats \(flights, runs\); split it"):
        compile_rule(replace(requirement, rows=(both,)), "binding", {})


def test_flights_of_a_stair_are_repeats_too() -> None:
    flights = ({"flights.steps": 10}, {"flights.steps": 14})
    finding = judge(DOSKAZ, "stairs.flight", {"flights": flights})
    assert (finding.verdict, finding.index, finding.measured) == (
        "violation",
        1,
        {"flights.steps": 14},
    )


def test_the_instrument_of_the_named_run_stands_in_the_finding() -> None:
    runs = [
        {"rise_mm": measurement(300), "run_mm": measurement(4200)},
        {
            "rise_mm": measurement(600, instrument="level-2"),
            "run_mm": {"value": 4200, "unit": "mm"},
        },
    ]
    finding = next(
        f
        for f in judge_body(ramp_body(answers={"runs": runs}))
        if (f.standard, f.requirement) == (KZ, "ramp.running-slope-existing")
    )
    assert (finding.index, finding.instrument) == (1, {"runs.rise_mm": "level-2"})


def test_a_finding_tells_only_of_readings_that_miss_their_limit() -> None:
    answers = {
        "rise_mm": 900,
        "handrail": "one_side",
        "handrail_upper_mm": 902,
        "handrail_lower_mm": 660,
    }
    finding = judge(DOSKAZ, "ramp.handrail-heights", answers)
    assert finding.verdict == "violation"
    assert finding.reason["beyond"] == {"handrail_lower_mm": {"by": 40, "within": 3}}


def test_of_two_limits_on_one_reading_the_one_missed_is_told() -> None:
    rule = rule_of(must=[["width_mm", "ge", 900], ["width_mm", "le", 1000]])
    inspection = inspection_of(observed(answers={"width_mm": 850}))
    finding = assess(inspection, ruleset_of(rule), EXISTING).findings[0]
    assert finding.reason["beyond"] == {"width_mm": {"by": 50, "within": 3}}
