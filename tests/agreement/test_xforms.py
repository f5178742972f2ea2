"""The verdicts that an XForm calculates in ODK's own engine are Python's."""

from functools import cache
from pathlib import Path

import pytest

from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.form import STATES
from field_schema.ruleset import Ruleset
from field_schema.standard import BUILDINGS
from field_schema.xform import LANGUAGES, xform_texts
from field_schema.xform_expressions import ITEMS, ROWS, name_of
from tests.agreement import odk
from tests.agreement.evaluators import line_of
from tests.agreement.judged import ruleset, with_lt_for_le
from tests.agreement.records import Generator, Record, comparisons_of

RECORDS = 70
"""Of each element; twice as many of those with repeats."""
WITHOUT = odk.why_not()
needs_java = pytest.mark.skipif(WITHOUT is not None, reason=str(WITHOUT))
ELEMENTS = Generator(ruleset(), 0).elements


@cache
def drawn(element: str) -> tuple[Record, ...]:
    repeats = odk.form_of(element).sections[element].groups
    return tuple(Generator(ruleset(), seed=5).records(RECORDS * (2 if repeats else 1), element))


def python_line(record: Record, rules: Ruleset) -> str:
    """In the order of the rules."""
    findings = assess(record.inspection, rules, record.building).findings
    order = {rule.name: n for n, rule in enumerate(rules.rules)}
    return ";".join(line_of(f) for f in sorted(findings, key=lambda f: order[f.rule.name]))


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled driver."""
    folder = tmp_path_factory.mktemp("fill")
    odk.compile_driver(folder)
    return folder


def filled(element: str, rules: Ruleset, path: Path, classes: Path) -> list[str]:
    """What the XForm says of every record drawn of that element."""
    form = odk.form_about(element, rules)
    path.write_text(odk.xform(form), encoding="utf-8")
    told = list(form.told.values())
    return [odk.told_line(told, values) for values in odk.fill(path, classes, drawn(element))]


def test_at_least_five_hundred_records_are_filled_in() -> None:
    assert sum(len(drawn(element)) for element in ELEMENTS) >= 500


@needs_java
@pytest.mark.parametrize("element", ELEMENTS)
def test_javarosa_gives_every_verdict_row_index_and_reason_code(
    element: str, tmp_path: Path, classes: Path
) -> None:
    found = filled(element, ruleset(), tmp_path / "form.xml", classes)
    for record, line in zip(drawn(element), found, strict=True):
        assert line == python_line(record, ruleset()), record.as_json()


@needs_java
@pytest.mark.parametrize("element", ["door", "stairs"])
def test_a_lt_for_a_le_in_the_xform_alone_is_caught(
    element: str, tmp_path: Path, classes: Path
) -> None:
    planted = filled(element, with_lt_for_le(ruleset(), element), tmp_path / "form.xml", classes)
    assert planted != [python_line(record, ruleset()) for record in drawn(element)]


@needs_java
@pytest.mark.parametrize("element", ELEMENTS)
def test_odk_validate_accepts_the_form(element: str, tmp_path: Path) -> None:
    path = tmp_path / "form.xml"
    path.write_text(odk.xform(odk.form_about(element, ruleset())), encoding="utf-8")
    assert "Xform is valid" in odk.validate(path)


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_question_and_choice_has_its_label_in_three_languages(element: str) -> None:
    workbook = odk.form_about(element, ruleset()).workbook
    asked = {line["name"] for line in workbook["survey"] if line["type"] != "calculate"}
    section = odk.form_of(element).sections[element]
    assert {name_of(section, key) for key in section.measures} <= asked
    shown = [line for line in workbook["survey"] if not line["type"].startswith(("calc", "end"))]
    for line in [*shown, *workbook["choices"]]:
        assert all(line[f"label::{language}"] for language in LANGUAGES.values()), line


def test_the_words_of_the_building_are_those_of_the_standards() -> None:
    assert {*BUILDINGS, *STATES} <= set(xform_texts())


def test_no_repeat_or_table_is_longer_than_the_calculates_can_count() -> None:
    for element in ELEMENTS:
        groups = odk.form_of(element).sections[element].groups.values()
        assert all(group.max_items < ITEMS for group in groups)
    assert all(len(rule.requirement.rows) < ROWS for rule in ruleset().rules)


def test_slopes_of_a_repeat_differ_by_more_than_javarosa_takes_for_equal() -> None:
    for rule in ruleset().rules:
        questions = load_catalog().measures[rule.requirement.element]
        for c in comparisons_of(rule) if rule.group else ():
            if c.op == "ratio_le":
                # Different quotients with denominators up to n differ by at least 1 over n².
                assert 10**12 / questions[c.value[0]].hard[1] ** 2 > 10
