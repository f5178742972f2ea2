"""Worked examples: all evaluators agree with them, and no small mistake goes unnoticed."""

import json
from dataclasses import replace
from functools import cache

import pytest

from field_schema.assessment import Assessment, assess
from field_schema.catalog import load_catalog
from field_schema.examples import (
    Example,
    example_files,
    examples_of,
    expected_of,
    plain_rule,
    read_examples,
    same_everywhere,
    unnoticed,
    written,
)
from field_schema.mutants import mutants_of
from field_schema.ruleset import Building, Ruleset
from field_schema.standard import Requirement
from tests.field_schema.judging import inspection_of, observed, requirement_of, ruleset_of

CATALOG = load_catalog()
FILES = {f"{folder}/{stem}": found for folder, stem, found in example_files(CATALOG)}


@cache
def released() -> dict[str, list[Example]]:
    """The examples of every released file, by its path without the ending."""
    found = {}
    for kind, name, _, data in CATALOG.documents():
        if kind == "examples":
            standard, edition, stem = name.split("/", 2)
            path = f"standards/{standard}/{edition}/examples/{stem}"
            found[path] = read_examples(data, path)
    return found


def examples_for(path: str, requirement: Requirement) -> list[Example]:
    return [e for e in released()[path] if e.requirement == requirement.id]


def test_every_file_of_requirements_has_its_file_of_examples() -> None:
    assert sorted(released()) == sorted(FILES), "run: python -m field_schema.examples"


@pytest.mark.parametrize("path", FILES)
def test_every_requirement_has_examples_and_no_example_is_of_another(path: str) -> None:
    wanted = [requirement.id for requirement in FILES[path]]
    assert list(dict.fromkeys(e.requirement for e in released()[path])) == wanted


@pytest.mark.parametrize("path", FILES)
def test_the_plain_evaluation_gives_what_the_examples_expect(path: str) -> None:
    for requirement in FILES[path]:
        rule = plain_rule(requirement, CATALOG.measures[requirement.element])
        for example in examples_for(path, requirement):
            assert expected_of(requirement, rule, example.case) == example.expected, example


@pytest.mark.parametrize("path", FILES)
def test_generated_code_gives_what_the_examples_expect(path: str) -> None:
    for requirement in FILES[path]:
        rule = plain_rule(requirement, CATALOG.measures[requirement.element])
        ruleset = ruleset_of(rule)
        for example in examples_for(path, requirement):
            finding = assessed(example, ruleset).findings[0]
            found = finding.verdict, finding.row, finding.index, finding.reason["code"]
            assert found == example.expected, example


def assessed(example: Example, ruleset: Ruleset) -> Assessment:
    case = example.case
    element = example.requirement.split(".")[0]
    inspection = inspection_of(observed(element, dict(case.answers), state=case.state))
    return assess(inspection, ruleset, Building(case.building, case.built_on))


def test_every_mutant_of_every_requirement_is_noticed_by_an_example() -> None:
    total, left = 0, []
    for path, requirements in FILES.items():
        for requirement in requirements:
            questions = CATALOG.measures[requirement.element]
            total += len(mutants_of(requirement, questions))
            for name in unnoticed(requirement, questions, examples_for(path, requirement)):
                left.append(f"{path} {requirement.id}: {name}")
    assert left == [], f"{len(left)} of {total} mutants unnoticed"
    assert total > 1000


def test_hardly_any_mutant_decides_alike_in_every_case() -> None:
    # Such a one is no mistake that could be noticed: a row that an earlier one always precedes.
    same = [
        f"{path} {requirement.id}: {name}"
        for path, requirements in FILES.items()
        for requirement in requirements
        for name, mutant in mutants_of(requirement, CATALOG.measures[requirement.element])
        if unnoticed_by_any(path, requirement, mutant)
    ]
    assert len(same) <= 5, same


def unnoticed_by_any(path: str, requirement: Requirement, mutant: Requirement) -> bool:
    rule = plain_rule(mutant, CATALOG.measures[requirement.element])
    examples = examples_for(path, requirement)
    return all(expected_of(mutant, rule, e.case) == e.expected for e in examples)


def test_a_row_that_an_earlier_one_always_precedes_may_say_what_it_likes() -> None:
    rows = [
        {"row": "a", "when": [["place", "is", "room"]], "must": [["width_mm", "ge", 900]]},
        {"row": "b", "when": [["place", "is", "toilet"]], "must": [["width_mm", "ge", 850]]},
        {"row": "c", "must": [["width_mm", "ge", 800]]},
    ]
    table = requirement_of(first=rows)
    room, toilet, last = table.rows
    wider = replace(toilet.when[0], op="one_of", value=("room", "toilet"))
    precedes = replace(table, rows=(room, replace(toilet, when=(wider,)), last))
    assert same_everywhere(table, precedes, QUESTIONS)
    follows = replace(table, rows=(replace(room, when=(wider,)), toilet, last))
    assert not same_everywhere(table, follows, QUESTIONS)


def test_a_moved_limit_or_another_building_is_never_proven_the_same() -> None:
    (row,) = DOOR.rows
    moved = replace(row, must=(replace(row.must[0], value=901),))
    assert not same_everywhere(DOOR, replace(DOOR, rows=(moved,)), QUESTIONS)
    assert not same_everywhere(DOOR, replace(DOOR, buildings=("new",)), QUESTIONS)
    assert same_everywhere(DOOR, DOOR, QUESTIONS)


@pytest.mark.parametrize("path", FILES)
def test_the_examples_show_each_verdict_that_the_requirement_can_give(path: str) -> None:
    for requirement in FILES[path]:
        verdicts = {e.expected[0] for e in examples_for(path, requirement)}
        assert {"compliant", "violation", "not_measured"} <= verdicts, requirement.id


DOOR = requirement_of(when=[["place", "is", "room"]])
QUESTIONS = CATALOG.measures["door"]


def test_an_example_is_made_at_every_edge_of_limit_and_tolerance() -> None:
    widths = {e.case.answers.get("width_mm") for e in examples_of(DOOR, QUESTIONS)}
    assert {896, 897, 898, 899, 900, 901, 902, 903, 904, None} <= widths


def test_without_the_examples_at_the_edge_a_moved_limit_goes_unnoticed() -> None:
    examples = examples_of(DOOR, QUESTIONS)
    assert unnoticed(DOOR, QUESTIONS, examples) == []
    clear = [e for e in examples if e.case.answers.get("width_mm") not in range(890, 910)]
    assert "must [width_mm ge 900] -> [width_mm ge 901]" in unnoticed(DOOR, QUESTIONS, clear)


def test_a_planted_mistake_is_told_by_the_examples() -> None:
    examples = examples_of(DOOR, QUESTIONS)
    row = DOOR.rows[0]
    planted = replace(DOOR, rows=(replace(row, must=(replace(row.must[0], op="gt"),)),))
    rule = plain_rule(planted, QUESTIONS)
    assert any(expected_of(planted, rule, e.case) != e.expected for e in examples)


def test_examples_are_the_same_every_time_and_come_back_from_their_file() -> None:
    ramp = next(found for path, found in FILES.items() if path.endswith("/ramp"))
    text = written(ramp, CATALOG.measures)
    assert text == written(ramp, CATALOG.measures)
    made = [e for r in ramp for e in examples_of(r, CATALOG.measures["ramp"])]
    assert read_examples(text.encode(), "made-up") == made
    assert json.loads(text)["element"] == "ramp"
