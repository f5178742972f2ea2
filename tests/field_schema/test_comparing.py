import pytest

from field_schema.catalog import load_catalog
from field_schema.comparing import compile_comparison, excess
from field_schema.logic import FALSE, TRUE, UNKNOWN, UNSURE, Truth
from field_schema.standard import Comparison

DOOR = load_catalog().measures["door"]  # width_mm by tape: ±3 mm
RAMP = load_catalog().measures["ramp"]  # runs.rise_mm ±3 mm, runs.run_mm ±10 mm
PARKING = load_catalog().measures["parking"]


@pytest.mark.parametrize(
    ("op", "limit", "value", "expected"),
    [
        ("ge", 900, 903, TRUE),
        ("ge", 900, 902, UNSURE),
        ("ge", 900, 900, UNSURE),
        ("ge", 900, 897, UNSURE),
        ("ge", 900, 896, FALSE),
        ("gt", 900, 904, TRUE),
        ("gt", 900, 903, UNSURE),
        ("gt", 900, 897, FALSE),
        ("le", 900, 897, TRUE),
        ("le", 900, 898, UNSURE),
        ("le", 900, 903, UNSURE),
        ("le", 900, 904, FALSE),
        ("lt", 900, 896, TRUE),
        ("lt", 900, 897, UNSURE),
        ("lt", 900, 903, FALSE),
        ("eq", 700, 697, TRUE),
        ("eq", 700, 703, TRUE),
        ("eq", 700, 704, FALSE),
        ("between", (850, 920), 853, TRUE),
        ("between", (850, 920), 917, TRUE),
        ("between", (850, 920), 852, UNSURE),
        ("between", (850, 920), 923, UNSURE),
        ("between", (850, 920), 924, FALSE),
        ("between", (850, 920), 846, FALSE),
    ],
)
def test_a_limit_inside_the_tolerance_of_a_reading_is_unsure(
    op: str, limit: object, value: int, expected: Truth
) -> None:
    test = compile_comparison(Comparison("width_mm", op, limit), DOOR)
    assert test({"width_mm": value}) == expected
    assert test({}) == UNKNOWN


@pytest.mark.parametrize(
    ("rise", "run", "expected"),
    [
        (450, 4200, FALSE),  # 1:9.3
        (350, 4200, UNSURE),  # exactly 1:12
        (346, 4200, TRUE),  # (346 + 3) * 12 = 4188 <= 4190
        (347, 4200, UNSURE),
        (353, 4200, UNSURE),  # (353 - 3) * 12 = 4200 <= 4210
        (354, 4200, FALSE),  # 4212 > 4210
        (0, 100, TRUE),
    ],
)
def test_a_slope_is_cross_multiplied_with_the_tolerances_of_both_readings(
    rise: int, run: int, expected: Truth
) -> None:
    test = compile_comparison(Comparison("runs.rise_mm", "ratio_le", ("runs.run_mm", 1, 12)), RAMP)
    assert test({"runs.rise_mm": rise, "runs.run_mm": run}) == expected


@pytest.mark.parametrize("missing", ["runs.rise_mm", "runs.run_mm"])
def test_a_slope_with_one_reading_missing_is_unknown(missing: str) -> None:
    test = compile_comparison(Comparison("runs.rise_mm", "ratio_le", ("runs.run_mm", 1, 12)), RAMP)
    answers = {"runs.rise_mm": 9000, "runs.run_mm": 10}
    del answers[missing]
    assert test(answers) == UNKNOWN


@pytest.mark.parametrize(("spaces", "expected"), [(49, TRUE), (50, TRUE), (51, FALSE)])
def test_what_is_counted_has_no_tolerance(spaces: int, expected: Truth) -> None:
    one_in_25 = Comparison("spaces", "ratio_le", ("accessible_spaces", 25, 1))
    test = compile_comparison(one_in_25, PARKING)
    assert test({"spaces": spaces, "accessible_spaces": 2}) == expected


@pytest.mark.parametrize(
    ("op", "value", "answer", "expected"),
    [
        ("is", "room", "room", TRUE),
        ("is", "room", "toilet", FALSE),
        ("one_of", ("room", "toilet"), "toilet", TRUE),
        ("one_of", ("room", "toilet"), "entrance", FALSE),
    ],
)
def test_words_are_exact(op: str, value: object, answer: str, expected: Truth) -> None:
    test = compile_comparison(Comparison("place", op, value), DOOR)
    assert test({"place": answer}) == expected


def test_no_is_an_answer_and_not_a_missing_one() -> None:
    test = compile_comparison(Comparison("glazed", "is", True), DOOR)
    assert test({"glazed": False}) == FALSE
    assert test({}) == UNKNOWN


@pytest.mark.parametrize(
    ("comparison", "answers", "by"),
    [
        (Comparison("width_mm", "ge", 900), {"width_mm": 880}, 20),
        (Comparison("width_mm", "ge", 900), {"width_mm": 905}, -5),
        (Comparison("width_mm", "between", (850, 920)), {"width_mm": 930}, 10),
        (Comparison("width_mm", "eq", 700), {"width_mm": 690}, 10),
        (
            Comparison("a", "ratio_le", ("b", 1, 12)),
            {"a": 450, "b": 4200},
            100,
        ),
        (Comparison("width_mm", "ge", 900), {}, None),
    ],
)
def test_the_excess_says_by_how_much(
    comparison: Comparison, answers: dict[str, int], by: int | None
) -> None:
    assert excess(comparison, answers) == by
