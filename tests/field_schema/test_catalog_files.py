"""Files that must not be loaded: each spoilt in one place, each with an error that names it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from field_schema.catalog import CatalogError, load_catalog
from field_schema.strict_file import Fields, read_object
from tests.field_schema.bodies import Json
from tests.field_schema.judging import requirement_of
from tests.field_schema.test_catalog import copy

__all__ = ["copy"]

RAMP = "standards/RU-SP59-2012/2012/requirements/ramp.json"
PROFILE = "profiles/kg-demo-2021.json"
FORM = "forms/ramp/v1.json"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "x.json: the key 'a' comes twice"),
        ('{"a": {"b": 1, "b": 2}}', "the key 'b' comes twice"),
        ('{"a": 1.5}', "the number 1.5 is not an integer; write lengths in mm"),
        ('{"a": 1.0}', "the number 1.0 is not an integer"),
        ('{"a": 1e3}', "the number 1e3 is not an integer"),
        ('{"a": NaN}', "the number NaN is not an integer"),
        ('{"a": -Infinity}', "the number -Infinity is not an integer"),
        ('{"a": 1', "this is no JSON"),
        ("[1]", "a JSON object is due here, not list"),
        ("[" * 100_000, "this is no JSON"),
    ],
    ids=[
        "twin",
        "inner-twin",
        "float",
        "whole-float",
        "exponent",
        "nan",
        "infinity",
        "cut",
        "list",
        "deep",
    ],
)
def test_a_file_is_read_strictly(text: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        read_object(text.encode(), "x.json")
    assert said in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(CatalogError, match=r"x\.json: this is no JSON"):
        read_object(b'{"a": "\xff"}', "x.json")


@pytest.mark.parametrize(
    "day", ["20210101", "2021-W01-1", "2021-02-30", "2021-1-1", "2021-01-01T00:00:00", "soon"]
)
def test_a_day_is_written_in_one_way_alone(day: str) -> None:
    with pytest.raises(CatalogError, match=r"f/on: .* is no day; write YYYY-MM-DD"):
        Fields({"on": day}, "f").day("on")


@pytest.mark.parametrize(
    "values",
    [[], ["a", "a"], ["c"], [["a"]], [1], "a", None],
    ids=["empty", "twins", "unknown", "nested", "number", "text", "null"],
)
def test_a_list_of_words_has_different_known_words(values: Any) -> None:
    with pytest.raises(CatalogError, match="f/w: "):
        Fields({"w": values}, "f").words("w", ("a", "b"))


Spoil = Callable[[Json], None]


def first(value: Json) -> Json:
    row: Json = value["requirements"][0]
    return row


def without(member: str, inner: str | None = None) -> Spoil:
    def spoil(value: Json) -> None:
        del (first(value)[inner] if inner else first(value))[member]

    return spoil


def setting(member: str, to: Any, inner: str | None = None) -> Spoil:
    def spoil(value: Json) -> None:
        (first(value)[inner] if inner else first(value))[member] = to

    return spoil


def twice(value: Json) -> None:
    value["requirements"].append(first(value))


SPOILT_ROWS: dict[str, tuple[Spoil, str]] = {
    "no-source": (without("cite"), "/cite: this member is missing; add it"),
    "no-url": (without("url", "cite"), "/cite/url: this member is missing"),
    "empty-url": (setting("url", " ", "cite"), "/cite/url: a text that is not empty"),
    "no-confidence": (without("confidence", "cite"), "/cite/confidence: this member is missing"),
    "other-confidence": (setting("confidence", "sure", "cite"), "'sure' is none of read in"),
    "no-day": (without("checked_on", "cite"), "/cite/checked_on: this member is missing"),
    "silent-clause": (without("clause", "cite"), "/cite/clause: this member is missing"),
    "no-facts": (setting("facts", [], "cite"), "/cite/facts: name the rows of the facts table"),
    "other-standard": (setting("standard", "KG", "cite"), "'KG' is none of RU-SP59-2012"),
    "no-kyrgyz": (without("ky", "title"), "/title/ky: this member is missing"),
    "fourth-language": (setting("de", "x", "title"), "/title/de: this member is not known"),
    "unknown-member": (setting("weight", 3), "/weight: this member is not known; remove it"),
    "other-element": (setting("element", "door"), "'door' is none of ramp"),
    "name-of-another": (setting("id", "door.width"), "is named ramp.something"),
    "unknown-group": (setting("groups", ["tall"]), "a list of different words out of wheelchair"),
    "unknown-severity": (setting("severity", "fatal"), "'fatal' is none of critical, major"),
    "twice": (twice, "comes twice; rename one of them"),
}


def spoilt(root: Path, name: str, spoil: Spoil) -> str:
    """Spoil one file of the copy, load it, give the error's text."""
    value = json.loads((root / name).read_text())
    spoil(value)
    (root / name).write_text(json.dumps(value, ensure_ascii=False))
    with pytest.raises(CatalogError) as caught:
        load_catalog(root)
    return str(caught.value)


@pytest.mark.parametrize(("spoil", "said"), SPOILT_ROWS.values(), ids=SPOILT_ROWS)
def test_a_requirement_without_source_text_or_known_words_is_refused(
    copy: Path, spoil: Spoil, said: str
) -> None:
    error = spoilt(copy, RAMP, spoil)
    assert error.startswith(RAMP)
    assert said in error


COMPARISONS: dict[str, tuple[list[Any], str]] = {
    "unknown-measure": (["colour", "is", True], "no form asks for the measure 'colour'"),
    "measure-of-another-element": (["slot_mm", "ge", 1], "no form asks for the measure 'slot_mm'"),
    "unknown-operator": (["width_mm", "ne", 900], "'ne' with [900] does not fit"),
    "no-limit": (["width_mm", "ge"], 'is written ["width_mm", "ge", 900]'),
    "limit-is-text": (["width_mm", "ge", "900"], "does not fit the question 'width_mm'"),
    "limit-is-true": (["width_mm", "ge", True], "does not fit"),
    "two-limits": (["width_mm", "ge", 1, 2], "does not fit"),
    "empty-range": (["width_mm", "between", 9, 9], "does not fit"),
    "reversed-range": (["width_mm", "between", 9, 1], "does not fit"),
    "limit-on-a-word": (["place", "ge", 1], "does not fit the question 'place' of type choice"),
    "unknown-choice": (["place", "is", "cellar"], "does not fit"),
    "nested-choice": (["place", "one_of", ["room"]], "does not fit"),
    "number-for-a-yes": (["evacuation", "is", 1], "does not fit"),
    "word-for-a-number": (["width_mm", "is", "wide"], "does not fit"),
    "ratio-of-words": (["place", "ratio_le", "place", 1, 2], "does not fit"),
    "ratio-over-a-word": (["width_mm", "ratio_le", "place", 1, 2], "does not fit"),
    "ratio-of-two-units": (["width_mm", "ratio_le", "closer_s", 1, 2], "does not fit"),
    "ratio-over-zero": (["width_mm", "ratio_le", "threshold_mm", 1, 0], "does not fit"),
    "ratio-over-nothing": (["width_mm", "ratio_le", "run_mm", 1, 12], "does not fit"),
    "no-list": ("width_mm >= 900", "is written"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("comparison", "said"), COMPARISONS.values(), ids=COMPARISONS)
@pytest.mark.parametrize("member", ["must", "when"])
def test_a_comparison_that_no_answer_could_satisfy_is_refused(
    member: str, comparison: list[Any], said: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        requirement_of(**{member: [comparison]})
    assert said in str(caught.value)
    assert f"(door.made-up)/{member}/0: " in str(caught.value)


ONE: Json = {"row": "a", "when": [["place", "is", "room"]], "must": [["width_mm", "ge", 1]]}
LAST: Json = {"row": "b", "must": [["width_mm", "ge", 2]]}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"must": []}, "at least one comparison is due"),
        ({"must": None}, "/must: this member is missing"),
        ({"when": []}, "at least one comparison is due"),
        ({"first": [ONE]}, "two rows or more"),
        ({"first": [ONE, ONE]}, "of different names"),
        ({"first": [LAST, ONE]}, "only the last row may lack a condition"),
        ({"first": [ONE, LAST], "must": [["width_mm", "ge", 1]]}, "/must: this member is not"),
        ({"applies": {"building": []}}, "a list of different words out of existing"),
        ({"applies": {"building": ["ruin"]}}, "a list of different words out of existing"),
        (
            {
                "applies": {
                    "building": ["new"],
                    "built_before": "2010-01-01",
                    "built_from": "2010-01-01",
                }
            },
            "no day is from 2010-01-01 and before 2010-01-01",
        ),
        ({"printed": {"text": "8 %", "num": 8, "den": 0}}, "two positive integers"),
        ({"remedies": [{"kind": "magic", "text": {}}]}, "'magic' is none of temporary"),
    ],
    ids=[
        "empty-must",
        "no-must",
        "empty-when",
        "one-row",
        "twin-rows",
        "hidden-row",
        "rows-and-must",
        "no-building",
        "unknown-building",
        "never",
        "percent-of-nothing",
        "unknown-remedy",
    ],
)
def test_a_requirement_that_contradicts_itself_is_refused(members: Json, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        requirement_of(**members)
    assert said in str(caught.value)


def question(value: Json, number: int = 0) -> Json:
    found: Json = value["elements"]["ramp"]["questions"][number]
    return found


def spoil_form(change: Callable[[Json], object]) -> Spoil:
    return lambda value: (change(value), None)[1]


SPOILT_FORMS: dict[str, tuple[Spoil, str]] = {
    "question-twice": (
        spoil_form(lambda v: v["elements"]["ramp"]["questions"].append(question(v))),
        "comes twice",
    ),
    "dotted-name": (spoil_form(lambda v: question(v).update(id="a.b")), "has a dot"),
    "unknown-method": (spoil_form(lambda v: question(v).update(method="eye")), "is no method"),
    "soft-beyond-hard": (
        spoil_form(lambda v: question(v).update(soft=[0, 20001])),
        "reaches beyond the hard limits",
    ),
    "reversed-limits": (spoil_form(lambda v: question(v).update(hard=[9, 1])), "lower first"),
    "no-choices": (spoil_form(lambda v: question(v, 1).update(choices=[])), "at least one choice"),
    "choice-twice": (
        spoil_form(lambda v: question(v, 1)["choices"].append(question(v, 1)["choices"][0])),
        "comes twice",
    ),
    "no-repeats": (
        spoil_form(lambda v: v["elements"]["ramp"]["groups"][0].update(max_items=0)),
        "a number of 1 or more",
    ),
    "group-named-as-question": (
        spoil_form(lambda v: v["elements"]["ramp"]["groups"][0].update(id="width_mm")),
        "is there already; rename one",
    ),
    "negative-tolerance": (
        spoil_form(lambda v: v["methods"]["tape"].update(tolerance=-1)),
        "a tolerance is not negative",
    ),
    "other-version": (spoil_form(lambda v: v.update(version=2)), "does not match the file's name"),
    "taken-over-from-itself": (
        spoil_form(lambda v: v["elements"].update(lift={"from": "ramp/1"})),
        "takes itself over",
    ),
    "taken-over-from-nowhere": (
        spoil_form(lambda v: v["elements"].update(lift={"from": "lift/1"})),
        "'lift/1' is taken over but is not there",
    ),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT_FORMS.values(), ids=SPOILT_FORMS)
def test_a_form_that_contradicts_itself_is_refused(copy: Path, spoil: Spoil, said: str) -> None:
    assert said in spoilt(copy, FORM, spoil)


def test_a_form_cannot_take_over_an_element_that_the_other_lacks(copy: Path) -> None:
    station = "forms/station/v1.json"
    spoil = spoil_form(lambda v: v["elements"].update(lift={"from": "ramp/1"}))
    assert "the form 'ramp/1' has no element 'lift'" in spoilt(copy, station, spoil)


def test_one_measure_cannot_mean_two_things_in_two_forms(copy: Path) -> None:
    value = json.loads((copy / FORM).read_text())
    value["version"] = 2
    value["methods"]["tape"]["tolerance"] = 5
    (copy / "forms/ramp/v2.json").write_text(json.dumps(value))
    with pytest.raises(CatalogError, match="a measure has one meaning, so give it another name"):
        load_catalog(copy)
