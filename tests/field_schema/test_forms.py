"""The released forms, and how a form's next version takes over and extends the one before."""

import json
from pathlib import Path

import pytest

from field_schema.catalog import CatalogError, load_catalog
from field_schema.form import Form
from field_schema.inspection import read_inspection
from field_schema.strict_file import LANGUAGES
from tests.field_schema.bodies import Json, ramp_body
from tests.field_schema.test_catalog import copy

__all__ = ["copy"]

FORMS = load_catalog().forms
NEXT = "forms/ramp/v3.json"
STREET_TO_BOX = [
    "station",
    "parking",
    "route",
    "entrance",
    "ramp",
    "platform_lift",
    "door",
    "corridor",
    "stairs",
    "lift",
    "toilet",
    "voting_room",
    "information",
]


def texts(word: str) -> Json:
    return dict.fromkeys(LANGUAGES, word)


def asked(name: str, **members: object) -> Json:
    """A yes-no question."""
    return {"id": name, "type": "yes_no", "name": texts(name), "ask": texts(name)} | members


def extended(root: Path, **extension: object) -> Form:
    """ramp/3 in a copy of the catalog: ramp/1 with the extension."""
    value = json.loads((root / "forms/ramp/v1.json").read_text())
    value |= {"version": 3, "elements": {"ramp": {"from": "ramp/1"} | extension}}
    (root / NEXT).write_text(json.dumps(value))
    return load_catalog(root).form("ramp/3")


def test_the_station_is_inspected_as_the_voter_walks_from_the_street_to_the_box() -> None:
    assert list(FORMS["station/2"].sections) == STREET_TO_BOX


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_question_has_its_texts_and_every_measure_a_method(form: Form) -> None:
    for section in form.sections.values():
        for question in section.measures.values():
            for text in (question.name, question.ask, question.hint or question.name):
                assert all(text[language].strip() for language in LANGUAGES)
            if question.type == "measure":
                assert question.method in form.methods
                assert question.tolerance == form.methods[question.method].tolerance


@pytest.mark.parametrize(("new", "old"), [("ramp/2", "ramp/1"), ("station/2", "station/1")])
def test_the_next_version_asks_all_that_the_version_before_asked(new: str, old: str) -> None:
    for element, section in FORMS[old].sections.items():
        assert set(section.measures) <= set(FORMS[new].sections[element].measures)


def test_a_recheck_may_ask_whatever_a_station_is_asked_and_what_was_placed_for_the_day() -> None:
    recheck, station = FORMS["recheck/1"], FORMS["station/2"]
    assert recheck.only_required
    assert not station.only_required
    remedy = ["remedy", "remedy_what", "remedy_placed", "remedy_responsible"]
    for element, section in station.sections.items():
        found = recheck.sections[element]
        assert list(found.measures) == [
            *section.questions,
            *remedy,
            *(key for key in section.measures if "." in key),
        ]
        assert set(found.questions["remedy"].photo_if) == set(found.questions["remedy"].choices) - {
            "none"
        }


def test_a_recheck_sees_the_permanent_ramp_and_the_one_placed_for_the_day() -> None:
    permanent = ramp_body(form="recheck/1")
    element = permanent["elements"][0]
    placed = element | {"state": "election_day", "photos": []}
    placed["answers"] = element["answers"] | {
        "remedy": "portable_ramp",
        "remedy_what": "aluminium, 2 m",
        "remedy_placed": "2021-11-28 06:30",
        "remedy_responsible": "the chair of the commission",
    }
    inspection = read_inspection(permanent | {"elements": [element, placed]}, load_catalog())
    assert [seen.state for seen in inspection.elements] == ["permanent", "election_day"]
    assert "photo_missing /elements/1/answers/remedy" in inspection.flags


def test_readiness_asks_what_no_requirement_speaks_of() -> None:
    readiness = FORMS["readiness/1"]
    assert list(readiness.sections) == ["light", "communications", "heating", "sanitary"]
    spoken_of = {
        requirement.element
        for standard in load_catalog().standards.values()
        for requirement in standard.requirements.values()
    }
    assert not spoken_of & set(readiness.sections)


def test_what_is_taken_over_is_extended_and_loses_nothing(copy: Path) -> None:
    form = extended(
        copy,
        hints={"width_mm": texts("at the narrowest place")},
        questions=[asked("roofed"), asked("lit", after="width_mm")],
        groups=[
            {"id": "runs", "questions": [asked("curved", after="rise_mm")]},
            {"id": "posts", "title": texts("posts"), "max_items": 9, "questions": [asked("high")]},
        ],
    )
    section, old = form.sections["ramp"], FORMS["ramp/1"].sections["ramp"]
    keys = list(section.questions)
    assert keys[keys.index("width_mm") + 1] == "lit"
    assert keys[-1] == "roofed"
    assert set(keys) == set(old.questions) | {"lit", "roofed"}
    assert list(section.groups["runs"].questions) == ["rise_mm", "curved", "run_mm"]
    assert section.groups["runs"].max_items == old.groups["runs"].max_items
    assert {"runs.curved", "posts.high", "roofed", *old.measures} <= set(section.measures)
    hint = section.questions["width_mm"].hint
    assert hint is not None
    assert hint["en"] == "at the narrowest place"
    assert old.questions["width_mm"].hint is None


EXTENSIONS: dict[str, tuple[Json, str]] = {
    "question-twice": ({"questions": [asked("width_mm")]}, "'width_mm' comes twice"),
    "question-named-as-group": ({"questions": [asked("runs")]}, "a group 'runs' is there already"),
    "behind-nothing": (
        {"questions": [asked("lit", after="colour")]},
        "there is no question 'colour' to stand behind",
    ),
    "hint-at-nothing": ({"hints": {"colour": texts("x")}}, "no such question to hint at"),
    "hint-in-one-language": ({"hints": {"width_mm": {"en": "x"}}}, "hints/width_mm/ky: this"),
    "group-twice": (
        {"groups": [{"id": "runs", "questions": []}, {"id": "runs", "questions": []}]},
        "'runs' is there already; rename one",
    ),
    "longer-group": (
        {"groups": [{"id": "runs", "questions": [], "max_items": 99}]},
        "max_items: this member is not known",
    ),
    "group-without-title": (
        {"groups": [{"id": "posts", "questions": [asked("high")], "max_items": 9}]},
        "title: this member is missing",
    ),
    "other-title": ({"title": texts("slope")}, "title: this member is not known"),
}


@pytest.mark.parametrize(("extension", "said"), EXTENSIONS.values(), ids=EXTENSIONS)
def test_an_extension_cannot_change_what_is_taken_over(
    copy: Path, extension: Json, said: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        extended(copy, **extension)
    assert str(caught.value).startswith(NEXT)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [1, "true", None], ids=["number", "text", "null"])
def test_only_required_is_true_or_false(copy: Path, value: object) -> None:
    form = json.loads((copy / "forms/recheck/v1.json").read_text())
    (copy / "forms/recheck/v1.json").write_text(json.dumps(form | {"only_required": value}))
    with pytest.raises(CatalogError, match="only_required: true or false is due here"):
        load_catalog(copy)
