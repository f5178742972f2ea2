"""Every operator at its threshold: below, on it, above, missing; with and without tolerance."""

from typing import Any

import pytest

from field_schema.catalog import load_catalog
from field_schema.comparing import bounds, compile_comparison
from field_schema.form import Question
from field_schema.logic import FALSE, TRUE, UNKNOWN, UNSURE, Truth
from field_schema.standard import Comparison
from tests.field_schema.judging import CIS, KZ, judge, rule_of

TAPE = load_catalog().measures["door"]["width_mm"]  # ±3 mm
COUNT = load_catalog().measures["parking"]["spaces"]  # exact
LONG_TAPE = load_catalog().measures["parking"]["distance_mm"]  # ±200 mm


def truth_of(question: Question, op: str, limit: Any, value: int | None) -> Truth:
    test = compile_comparison(Comparison("m", op, limit), {"m": question})
    return test({} if value is None else {"m": value})


# op, then the truth at 19, 20, 21 for the limit 20, without a tolerance.
EXACT = [
    ("ge", FALSE, TRUE, TRUE),
    ("gt", FALSE, FALSE, TRUE),
    ("le", TRUE, TRUE, FALSE),
    ("lt", TRUE, FALSE, FALSE),
    ("eq", FALSE, TRUE, FALSE),
]


@pytest.mark.parametrize(("op", "below", "on", "above"), EXACT, ids=[row[0] for row in EXACT])
def test_a_count_turns_exactly_at_its_threshold(
    op: str, below: Truth, on: Truth, above: Truth
) -> None:
    found = [truth_of(COUNT, op, 20, value) for value in (19, 20, 21)]
    assert found == [below, on, above]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(19, FALSE), (20, TRUE), (21, TRUE), (29, TRUE), (30, TRUE), (31, FALSE)],
    ids=str,
)
def test_a_count_between_two_limits_may_equal_either(value: int, expected: Truth) -> None:
    assert truth_of(COUNT, "between", (20, 30), value) == expected


# op, then the last value that is surely FALSE, the UNSURE span, the first that is surely TRUE.
RISING = [("ge", 896, (897, 902), 903), ("gt", 897, (898, 903), 904)]
FALLING = [("le", 904, (898, 903), 897), ("lt", 903, (897, 902), 896)]


@pytest.mark.parametrize(
    ("op", "broken", "doubtful", "kept"), RISING + FALLING, ids=[r[0] for r in RISING + FALLING]
)
def test_a_reading_is_unsure_exactly_while_the_limit_lies_within_its_tolerance(
    op: str, broken: int, doubtful: tuple[int, int], kept: int
) -> None:
    assert truth_of(TAPE, op, 900, broken) == FALSE
    assert {truth_of(TAPE, op, 900, v) for v in range(doubtful[0], doubtful[1] + 1)} == {UNSURE}
    assert truth_of(TAPE, op, 900, kept) == TRUE
    assert abs(broken - doubtful[0]) == 1 or abs(broken - doubtful[1]) == 1
    assert abs(kept - doubtful[0]) == 1 or abs(kept - doubtful[1]) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(696, FALSE), (697, TRUE), (700, TRUE), (703, TRUE), (704, FALSE)],
    ids=str,
)
def test_a_reading_equals_its_limit_within_the_tolerance_and_not_beyond(
    value: int, expected: Truth
) -> None:
    assert truth_of(TAPE, "eq", 700, value) == expected


def test_a_range_narrower_than_the_tolerance_can_be_broken_but_never_proved() -> None:
    found = {truth_of(LONG_TAPE, "between", (1000, 1100), value) for value in range(700, 1400)}
    assert found == {UNSURE, FALSE}


@pytest.mark.parametrize("question", [TAPE, COUNT], ids=["measured", "counted"])
@pytest.mark.parametrize(
    ("op", "limit"),
    [("ge", 9), ("gt", 9), ("le", 9), ("lt", 9), ("eq", 9), ("between", (8, 9))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_missing_reading_is_unknown_for_every_operator(
    question: Question, op: str, limit: Any
) -> None:
    assert truth_of(question, op, limit, None) == UNKNOWN


def test_zero_is_a_reading_and_not_a_missing_one() -> None:
    assert truth_of(COUNT, "le", 0, 0) == TRUE
    assert truth_of(COUNT, "ge", 1, 0) == FALSE


@pytest.mark.parametrize(
    ("op", "limit", "expected"),
    [
        ("ge", 900, (900, None, False)),
        ("gt", 900, (901, None, False)),
        ("le", 900, (None, 900, False)),
        ("lt", 900, (None, 899, False)),
        ("eq", 900, (900, 900, True)),
        ("between", (850, 920), (850, 920, False)),
    ],
    ids=["ge", "gt", "le", "lt", "eq", "between"],
)
def test_the_bounds_of_a_limit_are_the_values_still_allowed(
    op: str, limit: Any, expected: tuple[int | None, int | None, bool]
) -> None:
    assert bounds(Comparison("width_mm", op, limit)) == expected


def slope(rise: int | None, run: int | None, den: int = 12) -> Truth:
    """1:den over one run of a ramp: rise ±3 mm, run ±10 mm."""
    test = compile_comparison(
        Comparison("runs.rise_mm", "ratio_le", ("runs.run_mm", 1, den)),
        load_catalog().measures["ramp"],
    )
    readings = {"runs.rise_mm": rise, "runs.run_mm": run}
    return test({key: value for key, value in readings.items() if value is not None})


def test_a_slope_is_never_divided_so_no_run_of_zero_breaks_it() -> None:
    assert slope(100, 0) == FALSE
    assert slope(0, 0) == UNSURE


def test_a_slope_is_exact_for_numbers_that_a_float_would_confuse() -> None:
    rise = 10**17
    exact = Comparison("spaces", "ratio_le", ("accessible_spaces", 1, 12))
    test = compile_comparison(exact, load_catalog().measures["parking"])
    assert test({"spaces": rise, "accessible_spaces": 12 * rise}) == TRUE
    assert test({"spaces": rise, "accessible_spaces": 12 * rise - 1}) == FALSE


def test_of_a_slope_only_the_sure_reading_turns_true_or_false() -> None:
    truths = [slope(rise, 4200) for rise in range(340, 361)]
    assert truths == sorted(truths, key=[TRUE, UNSURE, FALSE].index)
    assert truths.count(UNSURE) == 7  # 347 to 353: half a millimetre short of ±4 on either side


# rise over 12000 mm of run; the limit is 1:12 = 1000 mm, the printed 8 % is 960 mm.
@pytest.mark.parametrize(
    ("rise", "verdict", "rounding"),
    [
        (959, "compliant", None),
        (960, "compliant", None),
        (961, "compliant", "8 %"),
        (990, "compliant", "8 %"),
        (1000, "borderline", "8 %"),
        (1001, "borderline", None),
        (1005, "violation", None),
    ],
    ids=["below-8-percent", "on-8-percent", "above", "nearly-1-12", "on-1-12", "over", "broken"],
)
def test_between_the_printed_eight_percent_and_one_in_twelve_a_slope_is_within_rounding(
    rise: int, verdict: str, rounding: str | None
) -> None:

    runs = ({"runs.rise_mm": rise, "runs.run_mm": 12000},)
    finding = judge(KZ, "ramp.running-slope-existing", {"runs": runs})
    assert (finding.verdict, finding.reason.get("rounding")) == (verdict, rounding)


def test_eight_percent_is_no_rounding_of_one_in_ten() -> None:

    runs = ({"runs.rise_mm": 150, "runs.run_mm": 1700},)  # 8.8 %, row a allows 10 %
    finding = judge(CIS, "ramp.running-slope", {"runs": runs})
    assert (finding.verdict, finding.row) == ("compliant", "a")
    assert "rounding" not in finding.reason


def test_words_decide_without_any_doubt() -> None:
    rule = rule_of(must=[["place", "one_of", "room", "toilet"]])
    found = [rule.decide({"place": word})[0] for word in ("room", "toilet", "entrance")]
    assert found == ["compliant", "compliant", "violation"]
    assert rule.decide({})[0] == "not_measured"
