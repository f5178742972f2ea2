"""Measurements and other answers as they arrive, and what is refused with which pointer."""

from typing import Any

import pytest

from field_schema.answers import read_answers, readers_of
from field_schema.catalog import load_catalog
from field_schema.form import parse_form
from field_schema.inspection import ElementObservation, InvalidInspection, read_inspection
from field_schema.problems import ProblemList
from tests.field_schema.bodies import Json, measurement, ramp_body, station_body

AT = "/elements/0/answers"


def problems_of(body: Json) -> list[tuple[str, str]]:
    """Pointer and code of every problem; none when the body is accepted."""
    try:
        read_inspection(body, load_catalog())
    except InvalidInspection as invalid:
        return [(problem.pointer, problem.code) for problem in invalid.problems]
    return []


def answered(**answers: Any) -> list[tuple[str, str]]:
    return problems_of(ramp_body(answers=answers))


def read_ramp(**answers: Any) -> ElementObservation:
    return read_inspection(ramp_body(answers=answers), load_catalog()).elements[0]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("950", "not_integer"),
        ("1,5", "not_integer"),
        ("1.5", "not_integer"),
        (1.5, "not_integer"),
        (950.0, "not_integer"),
        ("٩٥٠", "not_integer"),
        ("1_000", "not_integer"),
        ("", "not_integer"),
        (True, "not_integer"),
        (False, "not_integer"),
        (None, "not_integer"),
        ([950], "not_integer"),
        ({"value": 950}, "not_integer"),
        (float("nan"), "not_integer"),
        (float("inf"), "not_integer"),
        (-1, "out_of_range"),
        (99, "out_of_range"),
        (10_001, "out_of_range"),
        (2**53, "out_of_range"),
        (10**5000, "out_of_range"),
    ],
    ids=[
        "text",
        "decimal-comma",
        "decimal-point-text",
        "a-half",
        "a-float-without-fraction",
        "arabic-indic-digits",
        "underscore",
        "empty-text",
        "true",
        "false",
        "null",
        "list",
        "object",
        "nan",
        "infinity",
        "negative",
        "below-the-hard-limit",
        "above-the-hard-limit",
        "beyond-2-to-53",
        "five-thousand-digits",
    ],
)
def test_a_value_that_is_no_integer_in_range_is_refused_at_its_place(value: Any, code: str) -> None:
    assert answered(width_mm=measurement(value)) == [(f"{AT}/width_mm/value", code)]


@pytest.mark.parametrize("value", [100, 10_000], ids=["lowest", "highest"])
def test_both_ends_of_the_hard_limits_are_accepted(value: int) -> None:
    assert read_ramp(width_mm=measurement(value)).answers["width_mm"] == value


@pytest.mark.parametrize(
    "unit",
    ["N", "Nmm", "permille", "inch", "MM", "", None, 1, ["mm"], {"mm": 1}, True, 10**5000],
    ids=lambda unit: type(unit).__name__ if not isinstance(unit, str) else unit or "empty",
)
def test_a_unit_that_does_not_measure_this_is_refused(unit: Any) -> None:
    assert answered(width_mm=measurement(950) | {"unit": unit}) == [
        (f"{AT}/width_mm/unit", "wrong_unit")
    ]


@pytest.mark.parametrize(
    ("value", "unit"), [(950, "mm"), (95, "cm"), (1, "m")], ids=["mm", "cm", "m"]
)
def test_a_unit_that_converts_exactly_is_converted_once(value: int, unit: str) -> None:
    expected = {"mm": 950, "cm": 950, "m": 1000}[unit]
    assert read_ramp(width_mm=measurement(value, unit)).answers["width_mm"] == expected


def test_a_percentage_becomes_per_mille() -> None:
    body = station_body(1)
    route = next(e for e in body["elements"] if e["type"] == "route")
    route["answers"]["slope_permille"] = measurement(5, "percent")
    route["not_measured"].pop("slope_permille", None)
    read = read_inspection(body, load_catalog())
    assert next(e for e in read.elements if e.type == "route").answers["slope_permille"] == 50


def test_the_hard_limits_hold_after_the_conversion() -> None:
    assert answered(width_mm=measurement(11, "m")) == [(f"{AT}/width_mm/value", "out_of_range")]


@pytest.mark.parametrize("raw", [950, "950", None, [], True], ids=str)
def test_a_bare_value_is_no_measurement_for_its_unit_is_not_said(raw: Any) -> None:
    body = ramp_body()
    body["elements"][0]["answers"]["width_mm"] = raw
    assert problems_of(body) == [(f"{AT}/width_mm", "not_measurement")]


def test_a_refused_measurement_says_what_was_got_in_three_languages() -> None:
    with pytest.raises(InvalidInspection) as caught:
        read_inspection(ramp_body(answers={"width_mm": measurement("1,5")}), load_catalog())  # type: ignore[arg-type]
    assert caught.value.problems[0].texts == {
        "ky": "Бүтүн сан керек, '1,5' эмес",
        "ru": "Нужно целое число, а не '1,5'",
        "en": "An integer is due, not '1,5'",
    }


@pytest.mark.parametrize(
    "instrument", ["", "x" * 65, 7, ["tape"], True], ids=["empty", "long", "int", "list", "bool"]
)
def test_an_instrument_is_a_short_text(instrument: Any) -> None:
    assert answered(width_mm=measurement(950, instrument=instrument)) == [
        (f"{AT}/width_mm/instrument", "not_text")
    ]


def test_a_measurement_without_an_instrument_is_accepted() -> None:
    for raw in ({"value": 950, "unit": "mm"}, {"value": 950, "unit": "mm", "instrument": None}):
        assert "width_mm" not in read_ramp(width_mm=raw).instruments


@pytest.mark.parametrize("count", [1.0, "2", True, None, {"value": 2}, -1, 101], ids=str)
def test_a_count_is_a_bare_integer_in_its_limits(count: Any) -> None:
    body = station_body(1)
    body["elements"][0]["answers"]["public_entrances"] = count
    code = "out_of_range" if type(count) is int else "not_integer"
    assert problems_of(body) == [(f"{AT}/public_entrances", code)]


@pytest.mark.parametrize("answer", [0, 1, "true", "yes", None, [], {}], ids=str)
def test_a_yes_or_no_is_true_or_false_and_nothing_like_it(answer: Any) -> None:
    body = ramp_body()
    body["elements"][0]["answers"]["evacuation"] = answer
    assert problems_of(body) == [(f"{AT}/evacuation", "not_boolean")]


@pytest.mark.parametrize(
    "answer", ["Outdoor", "", "elsewhere", None, 1, ["outdoor"], {"outdoor": 1}], ids=str
)
def test_a_choice_is_one_of_the_forms_words(answer: Any) -> None:
    body = ramp_body()
    body["elements"][0]["answers"]["place"] = answer
    assert problems_of(body) == [(f"{AT}/place", "not_a_choice")]


@pytest.mark.parametrize("note", [7, ["x"], "x" * 1001], ids=["number", "list", "too-long"])
def test_a_note_is_a_text_of_bounded_length(note: Any) -> None:
    assert answered(note=note) == [(f"{AT}/note", "not_text")]


def test_a_soft_limit_is_flagged_and_not_refused() -> None:
    body = ramp_body(answers={"width_mm": measurement(450)})
    read = read_inspection(body, load_catalog())
    assert read.elements[0].answers["width_mm"] == 450
    assert f"unusual_value {AT}/width_mm" in read.flags


def test_a_soft_limit_of_a_repeat_is_flagged_with_its_index() -> None:
    runs = [
        {"rise_mm": measurement(300), "run_mm": measurement(4200)},
        {"rise_mm": measurement(5), "run_mm": measurement(4200)},
    ]
    read = read_inspection(ramp_body(answers={"runs": runs}), load_catalog())
    assert read.flags == (f"unusual_value {AT}/runs/1/rise_mm",)


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        ([], ("/runs", "not_list")),
        ({}, ("/runs", "not_list")),
        ("1:12", ("/runs", "not_list")),
        ([{"rise_mm": measurement(300)}] * 31, ("/runs", "too_many")),
        ([[]], ("/runs/0", "not_object")),
        ([{}, {"rise_mm": measurement(-1)}], ("/runs/1/rise_mm/value", "out_of_range")),
        ([{}, {"rise_mm": measurement(1, "s")}], ("/runs/1/rise_mm/unit", "wrong_unit")),
        ([{}, {"slope": 8}], ("/runs/1/slope", "unknown_question")),
    ],
    ids=[
        "empty",
        "object",
        "text",
        "too-many",
        "no-object",
        "negative",
        "wrong-unit",
        "unknown-question",
    ],
)
def test_a_repeat_is_refused_at_the_index_that_is_wrong(
    runs: Any, problem: tuple[str, str]
) -> None:
    assert answered(runs=runs) == [(AT + problem[0], problem[1])]


def test_repeats_are_read_with_dotted_keys() -> None:
    ramp = read_ramp()
    assert ramp.answers["runs"] == ({"runs.rise_mm": 450, "runs.run_mm": 4200},)
    assert ramp.instruments["runs/0/rise_mm"] == "tape-07"


@pytest.mark.parametrize(
    ("not_measured", "problem"),
    [
        ([], ("", "not_object")),
        ({"nothing": "snow"}, ("/nothing", "unknown_question")),
        ({"a/b~c": "snow"}, ("/a~1b~0c", "unknown_question")),
        ({"edge_mm": ""}, ("/edge_mm", "not_text")),
        ({"edge_mm": None}, ("/edge_mm", "not_text")),
        ({"edge_mm": "x" * 501}, ("/edge_mm", "not_text")),
        ({"width_mm": "snow"}, ("/width_mm", "answered_too")),
        ({"runs": "snow"}, ("/runs", "answered_too")),
        ({"runs.rise_mm": "snow"}, ("/runs.rise_mm", "answered_too")),
    ],
    ids=[
        "list",
        "unknown",
        "escaped-pointer",
        "no-reason",
        "null-reason",
        "long-reason",
        "answered",
        "repeat-answered",
        "every-repeat-answered",
    ],
)
def test_what_could_not_be_measured_needs_a_reason_and_no_answer(
    not_measured: Any, problem: tuple[str, str]
) -> None:
    body = ramp_body(element={"not_measured": not_measured})
    assert problems_of(body) == [(f"/elements/0/not_measured{problem[0]}", problem[1])]


def test_a_repeated_question_may_lack_its_answer_in_one_repeat_alone() -> None:
    runs = [{"rise_mm": measurement(300), "run_mm": measurement(4200)}, {}]
    said = {"runs.rise_mm": "covered"}
    body = ramp_body(answers={"runs": runs}, element={"not_measured": said})
    assert read_inspection(body, load_catalog()).elements[0].not_measured == said


def test_fifty_problems_are_told_and_the_body_is_refused_all_the_same() -> None:
    assert len(answered(**{f"question_{n}": n for n in range(80)})) == 50


WORDS = {"ky": "сөз", "ru": "слово", "en": "word"}
LONG_FORM: Json = {
    "form": "long",
    "version": 1,
    "title": WORDS,
    "ky_status": "made up",
    "about": "one element with a repeat that can hold more answers than anybody gives",
    "methods": {},
    "cannot_measure": {},
    "elements": {
        "fence": {
            "title": WORDS,
            "questions": [],
            "groups": [
                {
                    "id": "posts",
                    "title": WORDS,
                    "max_items": 600,
                    "questions": [
                        {
                            "id": "number",
                            "type": "count",
                            "hard": [0, 9],
                            "name": WORDS,
                            "ask": WORDS,
                        }
                    ],
                }
            ],
        }
    },
}


@pytest.mark.parametrize(("posts", "refused"), [(500, False), (501, True)], ids=["500", "501"])
def test_more_than_five_hundred_answers_about_one_element_are_refused(
    posts: int, refused: bool
) -> None:
    form = parse_form(LONG_FORM, "forms/long/v1.json", "0" * 64, load_catalog().form)
    problems = ProblemList()
    answers = {"posts": [{"number": 1}] * posts}
    read_answers(readers_of(form)["fence"], answers, {}, "", problems)
    assert [p.code for p in problems.found] == (["too_many"] if refused else [])
