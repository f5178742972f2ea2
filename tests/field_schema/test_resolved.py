"""Forms written out in full, and requirements in words."""

import json

import pytest

from field_schema.catalog import load_catalog
from field_schema.form import Form, parse_form
from field_schema.reasons import recalled_mark
from field_schema.resolved import resolved
from field_schema.standard import CONFIDENCES, RECALLED, Requirement
from field_schema.strict_file import LANGUAGES
from field_schema.wording import conditions_in_words, threshold_in_words
from tests.field_schema.bodies import Json
from tests.field_schema.test_json_schema import judge

CATALOG = load_catalog()
DOCUMENTS: dict[str, Json] = {
    name: json.loads(data) for kind, name, _, data in CATALOG.documents() if kind == "form"
}
REQUIREMENTS = [r for s in CATALOG.standards.values() for r in s.requirements.values()]


def nobody(key: str) -> Form:
    raise AssertionError(f"{key} is taken over, though the form is written out in full")


@pytest.mark.parametrize("key", CATALOG.forms)
def test_a_form_written_out_is_the_same_form(key: str) -> None:
    form = CATALOG.forms[key]
    written = resolved(form, DOCUMENTS[key], CATALOG.forms)
    judge("form").validate(written)
    where = f"forms/{form.id}/v{form.version}.json"
    again = parse_form(json.loads(json.dumps(written)), where, form.digest, nobody)
    assert list(again.sections) == list(form.sections)
    for element, section in form.sections.items():
        assert list(again.sections[element].measures) == list(section.measures)
        for name, question in section.measures.items():
            other = again.sections[element].measures[name]
            # A method may get another name, never another tolerance.
            assert other.tolerance == question.tolerance
            assert (other.key, other.type, other.unit) == (name, question.type, question.unit)
            assert (other.hard, other.soft, other.photo) == (
                question.hard, question.soft, question.photo,
            )  # fmt: skip
            assert (other.choices, other.hint) == (question.choices, question.hint)
    assert again.cannot_measure == form.cannot_measure
    assert again.only_required == form.only_required


def test_a_form_that_takes_nothing_over_stays_as_it_is() -> None:
    form = CATALOG.forms["ramp/1"]
    assert resolved(form, DOCUMENTS["ramp/1"], CATALOG.forms) == DOCUMENTS["ramp/1"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: f"{r.cite.standard}/{r.id}")
def test_every_threshold_and_condition_is_said_in_words(
    requirement: Requirement, language: str
) -> None:
    questions = CATALOG.measures[requirement.element]
    said = threshold_in_words(requirement, questions)[language]
    conditions = conditions_in_words(requirement, questions)
    assert (conditions is None) == (not requirement.when)
    for text in [said, conditions[language]] if conditions else [said]:
        assert text.strip() == text != ""
        assert not any(mark in text for mark in "{}_[]")
        assert "None" not in text
        assert "True" not in text
    for row in requirement.rows:
        for comparison in row.must:
            assert questions[comparison.measure].name[language] in said or (
                comparison.op == "ratio_le"
            )


def test_only_what_is_recalled_is_marked() -> None:
    assert [word for word in CONFIDENCES if recalled_mark(word)] == [RECALLED]
    assert recalled_mark(RECALLED) == {
        "ky": "эстен жазылган, текшерилген эмес",
        "ru": "записано по памяти, не проверено",
        "en": "recalled from memory, not verified",
    }
