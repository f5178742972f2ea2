"""Hand-checked verdicts, repeats, applicability."""

from datetime import date
from typing import Any

import pytest

from field_schema.ruleset import Building
from tests.field_schema.bodies import measurement, ramp_body
from tests.field_schema.judging import (
    CIS,
    DOJ,
    DOSKAZ,
    EXISTING,
    KZ,
    RU12,
    RU20,
    judge,
    judge_body,
)

NEW = Building("new", date(2020, 5, 1))
Run = dict[str, int]


def run(rise: int, length: int) -> Run:
    return {"runs.rise_mm": rise, "runs.run_mm": length}


# standard, requirement, answers, building, expected verdict: worked out by hand from the clauses.
EXAMPLES: list[tuple[str, str, dict[str, Any], Building, str]] = [
    (KZ, "ramp.running-slope-existing", {"runs": (run(450, 4200),)}, EXISTING, "violation"),
    (KZ, "ramp.running-slope-existing", {"runs": (run(300, 4200),)}, EXISTING, "compliant"),
    (KZ, "ramp.running-slope-existing", {"runs": (run(350, 4200),)}, EXISTING, "borderline"),
    (KZ, "ramp.running-slope-existing", {}, EXISTING, "not_measured"),
    (KZ, "ramp.running-slope-existing", {"runs": (run(450, 4200),)}, NEW, "not_applicable"),
    (KZ, "ramp.running-slope", {"constrained": False, "runs": (run(300, 4200),)}, NEW, "violation"),
    (KZ, "ramp.running-slope", {"constrained": True, "runs": (run(300, 4200),)}, NEW, "compliant"),
    (KZ, "ramp.running-slope", {"constrained": True, "runs": (run(900, 12000),)}, NEW, "violation"),
    (KZ, "ramp.running-slope", {"runs": (run(300, 4200),)}, NEW, "not_measured"),
    (KZ, "ramp.running-slope", {"runs": (run(100, 4200),)}, NEW, "compliant"),
    (KZ, "ramp.running-slope", {"runs": (run(900, 4200),)}, NEW, "violation"),
    (KZ, "door.room-width", {"place": "room", "width_mm": 850}, EXISTING, "violation"),
    (KZ, "door.room-width", {"place": "room", "width_mm": 899}, EXISTING, "borderline"),
    (KZ, "door.room-width", {"place": "room", "width_mm": 950}, EXISTING, "compliant"),
    (KZ, "door.room-width", {"place": "entrance", "width_mm": 700}, EXISTING, "not_applicable"),
    (KZ, "door.room-width", {"width_mm": 700}, EXISTING, "not_measured"),
    (KZ, "door.push-space", {"push_depth_mm": 900}, EXISTING, "violation"),
    (KZ, "door.push-space", {"push_depth_mm": 1300}, EXISTING, "not_measured"),
    (KZ, "corridor.dead-end", {"dead_end": True, "dead_end_mm": 15100}, NEW, "borderline"),
    (KZ, "corridor.dead-end", {"dead_end": True, "dead_end_mm": 15300}, NEW, "violation"),
    (KZ, "corridor.dead-end", {"dead_end": False}, NEW, "not_applicable"),
    (RU12, "ramp.handrails", {"handrail": "one_side"}, EXISTING, "violation"),
    (RU12, "ramp.handrails", {"handrail": "both_sides"}, EXISTING, "compliant"),
    (RU12, "ramp.handrail-lower", {"handrail": "none"}, EXISTING, "not_applicable"),
    (
        RU12,
        "ramp.handrail-lower",
        {"handrail": "one_side", "handrail_lower_mm": 703},
        EXISTING,
        "compliant",
    ),
    (RU12, "door.threshold", {"place": "entrance", "threshold_mm": 14}, EXISTING, "borderline"),
    (RU12, "door.threshold", {"place": "entrance", "threshold_mm": 13}, EXISTING, "compliant"),
    (RU12, "door.threshold", {"place": "entrance", "threshold_mm": 16}, EXISTING, "violation"),
    (
        RU12,
        "entrance.platform",
        {"ramp": "missing", "platform_short_mm": 1450, "platform_long_mm": 1900},
        EXISTING,
        "violation",
    ),
    (
        RU12,
        "entrance.platform",
        {"ramp": "missing", "platform_short_mm": 1600, "platform_long_mm": 1900},
        EXISTING,
        "compliant",
    ),
    (RU20, "ramp.running-slope-existing", {"runs": (run(150, 1600),)}, EXISTING, "compliant"),
    (RU20, "ramp.running-slope-existing", {"runs": (run(230, 2500),)}, EXISTING, "violation"),
    # The rise lies at the edge of row a, but neither row allows 1:5.
    (RU20, "ramp.running-slope-existing", {"runs": (run(201, 1000),)}, EXISTING, "violation"),
    # At the edge of row a and between 1:10 and 1:12: which row counts cannot be told.
    (RU20, "ramp.running-slope-existing", {"runs": (run(200, 2200),)}, EXISTING, "borderline"),
    (DOSKAZ, "parking.share", {"spaces": 26, "accessible_spaces": 1}, EXISTING, "violation"),
    (DOSKAZ, "parking.share", {"spaces": 25, "accessible_spaces": 1}, EXISTING, "compliant"),
    (DOSKAZ, "parking.share", {"spaces": 0}, EXISTING, "not_applicable"),
    (DOSKAZ, "voting_room.slot", {"approach": "front", "slot_mm": 1300}, EXISTING, "violation"),
    (DOSKAZ, "voting_room.slot", {"approach": "side", "slot_mm": 1300}, EXISTING, "compliant"),
    (DOSKAZ, "voting_room.slot", {"slot_mm": 1300}, EXISTING, "not_measured"),
    (DOSKAZ, "voting_room.slot", {"slot_mm": 900}, EXISTING, "compliant"),
    (
        DOSKAZ,
        "station.accessible-entrances",
        {"public_entrances": 6, "accessible_entrances": 2},
        EXISTING,
        "violation",
    ),
    # Whether a guard is due cannot be told at 451 mm; but there is one, so nothing is broken.
    (CIS, "ramp.guard", {"rise_mm": 451, "handrail": "both_sides"}, EXISTING, "compliant"),
    (CIS, "ramp.guard", {"rise_mm": 451, "handrail": "none"}, EXISTING, "borderline"),
    (CIS, "ramp.guard", {"handrail": "both_sides"}, EXISTING, "not_measured"),
]


@pytest.mark.parametrize(
    ("standard", "requirement", "answers", "building", "verdict"),
    EXAMPLES,
    ids=[f"{n}-{row[1]}-{row[4]}" for n, row in enumerate(EXAMPLES)],
)
def test_a_worked_example_gives_the_verdict_of_the_table(
    standard: str, requirement: str, answers: dict[str, Any], building: Building, verdict: str
) -> None:
    assert judge(standard, requirement, answers, building).verdict == verdict


def test_one_broken_comparison_decides_even_if_another_is_not_measured() -> None:
    finding = judge(RU12, "ramp.end-landings", {"landing_top_mm": 1000})
    assert finding.verdict == "violation"
    assert finding.reason["beyond"] == {"landing_top_mm": {"by": 500, "within": 3}}


def test_the_worst_run_decides_and_is_named_by_its_index() -> None:
    runs = (run(300, 4200), run(450, 4200), run(600, 4200), run(320, 4200))
    finding = judge(KZ, "ramp.running-slope-existing", {"runs": runs})
    assert (finding.verdict, finding.index) == ("violation", 2)
    assert finding.measured == {"runs.rise_mm": 600, "runs.run_mm": 4200}


def test_of_equally_bad_runs_the_first_is_named() -> None:
    finding = judge(KZ, "ramp.running-slope-existing", {"runs": (run(450, 4200), run(450, 4200))})
    assert finding.index == 0


def test_an_unmeasured_run_is_worse_than_a_compliant_one_and_better_than_a_broken_one() -> None:
    unmeasured: Run = {"runs.rise_mm": 300}
    with_good = judge(KZ, "ramp.running-slope-existing", {"runs": (run(300, 4200), unmeasured)})
    with_bad = judge(KZ, "ramp.running-slope-existing", {"runs": (unmeasured, run(900, 4200))})
    assert (with_good.verdict, with_good.index) == ("not_measured", 1)
    assert (with_bad.verdict, with_bad.index) == ("violation", 1)


@pytest.mark.parametrize(
    ("building", "before", "since"),
    [
        (Building("existing", date(2019, 2, 17)), "violation", "not_applicable"),
        (Building("existing", date(2019, 2, 18)), "not_applicable", "compliant"),
        (Building("existing", date(1970, 1, 1), date(2020, 1, 1)), "not_applicable", "compliant"),
        (Building("existing", None), "not_measured", "not_measured"),
        (Building("existing", None, date(2020, 1, 1)), "not_applicable", "compliant"),
        (Building("reconstructed", date(1970, 1, 1)), "not_applicable", "not_measured"),
        (Building("temporary", date(2021, 1, 1)), "not_applicable", "not_applicable"),
    ],
)
def test_the_deciding_date_and_status_choose_the_clause(
    building: Building, before: str, since: str
) -> None:
    answers = {"runs": (run(300, 4200),)}  # 1:14: less than 1:12, more than 1:20
    old = judge(DOSKAZ, "ramp.running-slope-before-2019", answers, building)
    new = judge(DOSKAZ, "ramp.running-slope-from-2019", answers, building)
    assert (old.verdict, new.verdict) == (before, since)


def test_an_unknown_build_date_says_so() -> None:
    finding = judge(DOSKAZ, "ramp.running-slope-from-2019", {}, Building("existing", None))
    assert finding.reason == {"code": "build_date_unknown"}


def test_a_rule_for_election_day_says_nothing_about_the_permanent_state() -> None:
    answers = {"handrail": "none", "rise_mm": 400}
    assert judge(DOJ, "ramp.portable", answers).verdict == "not_applicable"
    assert judge(DOJ, "ramp.portable", answers, state="election_day").verdict == "violation"


def test_a_slope_between_the_printed_percent_and_the_ratio_is_within_rounding() -> None:
    # 1000 : 12100 is 8.26 %: less than 1:12, more than the printed 8 %.
    finding = judge(CIS, "ramp.running-slope", {"runs": (run(1000, 12100),)})
    gentler = judge(CIS, "ramp.running-slope", {"runs": (run(1000, 13000),)})
    assert (finding.verdict, finding.reason["rounding"]) == ("compliant", "8 %")
    assert "rounding" not in gentler.reason


def test_a_finding_names_the_missing_measures_and_the_inspectors_words() -> None:
    finding = judge(
        RU12, "ramp.end-landings", {}, not_measured={"landing_top_mm": "covered by snow"}
    )
    assert finding.reason == {
        "code": "missing",
        "measures": ["landing_top_mm", "landing_bottom_mm"],
        "said": {"landing_top_mm": "covered by snow"},
    }


def test_a_finding_copies_what_an_act_cites() -> None:
    finding = next(
        f for f in judge_body(ramp_body()) if f.requirement == "ramp.running-slope-existing"
    )
    assert finding.as_json() == {
        "requirement": "ramp.running-slope-existing",
        "standard": KZ,
        "edition": "2019-11-27",
        "clause": "4.3.2.30",
        "clause_hint": None,
        "confidence": "secondary source",
        "weight": "binding",
        "severity": "critical",
        "groups": ["wheelchair", "mobility"],
        "required": [
            {
                "measure": "runs.rise_mm",
                "op": "ratio_le",
                "of": "runs.run_mm",
                "value": [1, 12],
                "unit": "ratio",
            }
        ],
        "element_id": str(finding.element_id),
        "element_type": "ramp",
        "state": "permanent",
        "verdict": "violation",
        "row": None,
        "index": 0,
        "measured": {"runs.rise_mm": 450, "runs.run_mm": 4200},
        "tolerance": {"runs.rise_mm": 3, "runs.run_mm": 10},
        "instrument": {"runs.rise_mm": "tape-07", "runs.run_mm": "tape-07"},
        "reason": {"code": "breaks", "beyond": {"runs.rise_mm": {"by": 100, "within": 4}}},
    }


def test_permanent_and_election_day_state_are_judged_apart() -> None:
    body = ramp_body()
    day = body["elements"][0] | {
        "state": "election_day",
        "answers": {"runs": [{"rise_mm": measurement(140), "run_mm": measurement(2000)}]},
        "photos": [],
    }
    body["elements"].append(day)
    found = {
        f.state: f.verdict
        for f in judge_body(body)
        if f.requirement == "ramp.running-slope-existing" and f.standard == KZ
    }
    assert found == {"permanent": "violation", "election_day": "compliant"}
