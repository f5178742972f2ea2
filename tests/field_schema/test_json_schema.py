"""The JSON Schemas: every shipped file fits, and what the program refuses in shape they refuse."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import field_schema
from field_schema.json_schema import NAMES, schema
from tests.field_schema.bodies import Json
from tests.field_schema.test_catalog import copy
from tests.field_schema.test_catalog_files import (
    COMPARISONS,
    FORM,
    PROFILE,
    RAMP,
    SPOILT_FORMS,
    SPOILT_ROWS,
    Spoil,
    spoil_form,
    spoilt,
)

__all__ = ["copy"]

ROOT = Path(field_schema.__file__).parent
STANDARD = "standards/RU-SP59-2012/2012/standard.json"
KINDS = {
    "form": "forms/*/*.json",
    "standard": "standards/*/*/standard.json",
    "requirements": "standards/*/*/requirements/*.json",
    "profile": "profiles/*.json",
    "examples": "standards/*/*/examples/*.json",
}
FILES = [
    (kind, path.relative_to(ROOT).as_posix())
    for kind, pattern in KINDS.items()
    for path in sorted(ROOT.glob(pattern))
]


@cache
def judge(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(kind), validate_formats=True)


def read(name: str) -> Json:
    value: Json = json.loads((ROOT / name).read_text())
    return value


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_that_every_validator_takes(name: str) -> None:
    found = schema(name)
    jsonschema_rs.meta.validate(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["$id"] == f"urn:audit-api:schema:{name}"
    assert found["title"]
    assert found["description"]
    with pytest.raises(KeyError):
        schema("nothing")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_needs_no_other_document(name: str) -> None:
    told = json.dumps(schema(name))
    inside = set(re.findall(r'"\$id": "([^"]+)"', told))
    assert set(re.findall(r'"\$ref": "(urn:[^"#]+)', told)) <= inside


@pytest.mark.parametrize(("kind", "name"), FILES, ids=[name for _, name in FILES])
def test_every_shipped_file_fits_its_schema(kind: str, name: str) -> None:
    judge(kind).validate(read(name))


def test_every_edition_fits_as_one_file_too() -> None:
    for path in sorted(ROOT.glob("standards/*/*/standard.json")):
        rows = [
            row
            for file in sorted(path.parent.glob("requirements/*.json"))
            for row in json.loads(file.read_text())["requirements"]
        ]
        judge("edition").validate(json.loads(path.read_text()) | {"requirements": rows})


LATER = "forms/station/v2.json"
TAKEN = next(
    ("elements", element)
    for element, section in read(LATER)["elements"].items()
    if "from" in section
)
TEXTS = {"ky": "x", "ru": "x", "en": "x"}


def at(*path: str | int, to: Any = None, drop: bool = False) -> Spoil:
    """Spoils the member at that path: sets or removes it."""

    def spoil(value: Json) -> None:
        inner: Any = value
        for step in path[:-1]:
            inner = inner[step]
        if drop:
            del inner[path[-1]]
        else:
            inner[path[-1]] = to

    return spoil


# What only other files, or two places of one file, can tell: a schema cannot.
BEYOND = {
    "rows": {"other-standard", "other-element", "name-of-another", "twice"},
    "forms": {
        "question-twice", "unknown-method", "soft-beyond-hard", "reversed-limits",
        "group-named-as-question", "other-version", "taken-over-from-itself",
        "taken-over-from-nowhere",
    },
    "comparisons": {
        "unknown-measure", "measure-of-another-element", "empty-range", "reversed-range",
        "limit-on-a-word", "unknown-choice", "word-for-a-number",
        "ratio-of-words", "ratio-over-a-word", "ratio-of-two-units", "ratio-over-nothing",
    },
}  # fmt: skip
MORE: dict[str, tuple[str, str, Spoil]] = {
    "standard-without-source": (STANDARD, "standard", at("source", drop=True)),
    "standard-of-no-name": (STANDARD, "standard", at("standard", to="СП 59")),
    "standard-with-more": (STANDARD, "standard", at("weight", to="binding")),
    "standard-empty-title": (STANDARD, "standard", at("title", "ky", to="  ")),
    "standard-day": (STANDARD, "standard", at("checked_on", to="23.11.2026")),
    "profile-no-editions": (PROFILE, "profile", at("editions", to=[])),
    "profile-weight": (PROFILE, "profile", at("editions", 0, "weight", to="law")),
    "profile-silent-end": (PROFILE, "profile", at("editions", 0, "in_force", "to", drop=True)),
    "profile-day": (PROFILE, "profile", at("editions", 0, "in_force", "from", to="2021-02-30")),
    "profile-no-decision": (PROFILE, "profile", at("editions", 0, "decision", drop=True)),
    "profile-by-one-word": (PROFILE, "profile", at("editions", 0, "decision", "by", to="we")),
    "profile-no-warning": (PROFILE, "profile", at("warning", drop=True)),
    "profile-with-more": (PROFILE, "profile", at("editions", 0, "note", to="x")),
    "form-no-version": (FORM, "form", at("version", drop=True)),
    "form-version-as-text": (FORM, "form", at("version", to="1")),
    "form-no-hint-text": (
        FORM, "form", spoil_form(lambda v: v["elements"]["ramp"]["questions"][0].update(hint="x"))
    ),
    "form-choice-with-unit": (
        FORM, "form", spoil_form(lambda v: v["elements"]["ramp"]["questions"][1].update(unit="mm"))
    ),
    "form-photo-if-of-a-measure": (
        FORM, "form",
        spoil_form(lambda v: v["elements"]["ramp"]["questions"][0].update(photo_if=["a"])),
    ),
    "form-no-limits": (
        FORM, "form", spoil_form(lambda v: v["elements"]["ramp"]["questions"][0].pop("hard"))
    ),
    "form-section-with-more": (
        FORM, "form", spoil_form(lambda v: v["elements"]["ramp"].update(note="x"))
    ),
    "form-taken-over-from-a-name": (
        FORM, "form", spoil_form(lambda v: v["elements"].update(lift={"from": "station"}))
    ),
    "form-only-required-in-words": (FORM, "form", at("only_required", to="yes")),
    "form-extended-with-more": (LATER, "form", at(*TAKEN, "note", to="x")),
    "form-extended-title": (LATER, "form", at(*TAKEN, "title", to={})),
    "form-extended-hints": (LATER, "form", at(*TAKEN, "hints", to={"width_mm": "wide"})),
    "form-extended-by-no-list": (LATER, "form", at(*TAKEN, "questions", to={})),
    "form-after-in-a-section-of-its-own": (
        FORM, "form",
        spoil_form(lambda v: v["elements"]["ramp"]["questions"][1].update(after="rise_mm")),
    ),
    "form-group-of-no-size": (
        LATER, "form",
        at(*TAKEN, "groups", to=[{"id": "new", "title": TEXTS, "questions": []}]),
    ),
    "form-method-of-no-unit": (FORM, "form", at("methods", "tape", "unit", to="inch")),
    "form-reason-in-one-language": (FORM, "form", at("cannot_measure", "unsafe", to={"en": "x"})),
    "row-remedies-missing": (RAMP, "requirements", at("requirements", 0, "remedies", drop=True)),
    "row-basis-missing": (
        RAMP, "requirements", at("requirements", 0, "severity_basis", drop=True)
    ),
    "rows-no-list": (RAMP, "requirements", at("requirements", to={})),
}  # fmt: skip


def refused(kind: str, name: str, spoil: Spoil) -> bool:
    value = read(name)
    spoil(value)
    return not judge(kind).is_valid(value)


@pytest.mark.parametrize("what", SPOILT_ROWS)
def test_what_is_refused_of_a_requirement_in_shape_the_schema_refuses(what: str) -> None:
    assert refused("requirements", RAMP, SPOILT_ROWS[what][0]) == (what not in BEYOND["rows"])


@pytest.mark.parametrize("what", SPOILT_FORMS)
def test_what_is_refused_of_a_form_in_shape_the_schema_refuses(what: str) -> None:
    assert refused("form", FORM, SPOILT_FORMS[what][0]) == (what not in BEYOND["forms"])


@pytest.mark.parametrize("what", COMPARISONS)
def test_what_is_refused_of_a_comparison_in_shape_the_schema_refuses(what: str) -> None:
    spoil = at("requirements", 0, "must", to=[COMPARISONS[what][0]])
    assert refused("requirements", RAMP, spoil) == (what not in BEYOND["comparisons"])


@pytest.mark.parametrize("what", MORE)
def test_what_the_schema_refuses_the_program_refuses_too(copy: Path, what: str) -> None:
    name, kind, spoil = MORE[what]
    assert refused(kind, name, spoil)
    assert spoilt(copy, name, spoil)
