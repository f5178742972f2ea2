"""The verdicts that an XForm calculates in ODK's own engine are Python's."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.errors import CatalogError
from field_schema.form import STATES
from field_schema.ruleset import Ruleset
from field_schema.standard import BUILDINGS
from field_schema.xform import LANGUAGES, ElementForm, workbook_of, xform_texts
from field_schema.xform_expressions import ITEMS, name_of
from tests.agreement import odk
from tests.agreement.evaluators import line_of
from tests.agreement.judged import made_up_alone, ruleset, with_lt_for_le
from tests.agreement.records import Generator, Record, comparisons_of
from tests.agreement.records import form_of as form_of_element

RECORDS = 40
"""Of each element."""
WITHOUT = odk.why_not()
needs_java = pytest.mark.skipif(WITHOUT is not None, reason=str(WITHOUT))
ELEMENTS = Generator(ruleset(), 0).elements
SPOILT = "-spoilt"
PLANTED = [f"{element}{SPOILT}" for element in ("door", "stairs")]


@cache
def drawn(form: str) -> tuple[Record, ...]:
    element = form.removesuffix(SPOILT)
    rules = ruleset() if element == form else made_up_alone()
    return tuple(Generator(rules, seed=5).records(RECORDS, element))


@cache
def form_of(form: str) -> ElementForm:
    element = form.removesuffix(SPOILT)
    rules = ruleset() if element == form else with_lt_for_le(ruleset(), element)
    return odk.form_about(element, rules)


def python_line(record: Record, rules: Ruleset) -> str:
    """In the order of the rules."""
    findings = assess(record.inspection, rules, record.building).findings
    order = {rule.name: n for n, rule in enumerate(rules.rules)}
    return ";".join(line_of(f) for f in sorted(findings, key=lambda f: order[f.rule.name]))


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An XForm for every element, and two with planted differences."""
    folder = tmp_path_factory.mktemp("forms")
    paths = {}
    for name in (*ELEMENTS, *PLANTED):
        path = paths[name] = folder / f"{name}.xml"
        path.write_text(odk.xform(form_of(name)), encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def filled(
    forms: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """By form what it says of every record that is drawn of its element, in one run of Java."""
    classes = tmp_path_factory.mktemp("fill")
    odk.compile_driver(classes)
    records = [(n, record) for n, name in enumerate(forms) for record in drawn(name)]
    found = odk.fill(list(forms.values()), classes, records)
    lines: dict[str, list[str]] = {name: [] for name in forms}
    told = {name: list(form_of(name).told.values()) for name in forms}
    names = list(forms)
    for (n, _), values in zip(records, found, strict=True):
        lines[names[n]].append(odk.told_line(told[names[n]], values))
    return lines


def test_at_least_five_hundred_records_are_filled_in() -> None:
    assert sum(len(drawn(element)) for element in ELEMENTS) >= 500


@needs_java
@pytest.mark.parametrize("element", ELEMENTS)
def test_javarosa_gives_every_verdict_row_index_and_reason_code(
    element: str, filled: dict[str, list[str]]
) -> None:
    for record, line in zip(drawn(element), filled[element], strict=True):
        assert line == python_line(record, ruleset()), record.as_json()


@needs_java
@pytest.mark.parametrize("planted", PLANTED)
def test_a_lt_for_a_le_in_the_xform_alone_is_caught(
    planted: str, filled: dict[str, list[str]]
) -> None:
    assert filled[planted] != [python_line(record, ruleset()) for record in drawn(planted)]


@needs_java
def test_odk_validate_accepts_the_forms(forms: dict[str, Path]) -> None:
    assert odk.validate(list(forms.values())).count("Xform is valid") == len(forms)


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_question_and_choice_has_its_label_in_three_languages(element: str) -> None:
    workbook = form_of(element).workbook
    asked = {line["name"] for line in workbook["survey"] if line["type"] != "calculate"}
    section = form_of_element(element).sections[element]
    assert {name_of(section, key) for key in section.measures} <= asked
    shown = [line for line in workbook["survey"] if not line["type"].startswith(("calc", "end"))]
    for line in [*shown, *workbook["choices"]]:
        assert all(line[f"label::{language}"] for language in LANGUAGES.values()), line


def test_the_words_of_the_building_are_those_of_the_standards() -> None:
    assert {*BUILDINGS, *STATES} <= set(xform_texts())


def test_a_repeat_longer_than_the_calculates_can_tell_apart_is_refused() -> None:
    form = form_of_element("ramp")
    section = form.sections["ramp"]
    runs = replace(section.groups["runs"], max_items=ITEMS)
    long = replace(form, sections={"ramp": replace(section, groups={"runs": runs})})
    with pytest.raises(CatalogError, match=f"tells {ITEMS - 1} items .* shorten the repeat 'runs'"):
        workbook_of(long, "ramp", ruleset().rules)


def test_slopes_of_a_repeat_differ_by_more_than_javarosa_takes_for_equal() -> None:
    for rule in ruleset().rules:
        questions = load_catalog().measures[rule.requirement.element]
        for c in comparisons_of(rule) if rule.group else ():
            if c.op == "ratio_le":
                # Different quotients with denominators up to n differ by at least 1 over n².
                assert 10**12 / questions[c.value[0]].hard[1] ** 2 > 10
