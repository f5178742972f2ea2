"""Questions that are passed over: which, and that no verdict depends on them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.form import Form, Section
from field_schema.inspection import ElementObservation, Inspection
from field_schema.ruleset import Building, Ruleset
from field_schema.standard import Comparison, Requirement, Row
from field_schema.xform_expressions import name_of, word_of
from field_schema.xform_needless import asked_where
from field_schema.xforms import released_xforms
from tests.agreement.records import Generator
from tests.openrosa.test_javarosa import asked

RECORDS = 150
FORM = load_catalog().form("station/2")
RAMP = FORM.sections["ramp"]
REQUIREMENTS = {
    r.id: r
    for standard in load_catalog().standards.values()
    for r in standard.requirements.values()
    if r.element == "ramp"
}
ONE = REQUIREMENTS["ramp.handrail-gap"]


def requirement(*must: Comparison, when: tuple[Comparison, ...] = ()) -> Requirement:
    return replace(ONE, when=when, rows=(Row(None, (), must),))


def has(measure: str, op: str, value: Any) -> Comparison:
    return Comparison(measure, op, value)


THICK = has("handrail_diameter_mm", "ge", 30)
WHERE_THERE_ARE_ANY = has("handrail", "one_of", ("both_sides", "one_side"))
THERE_ARE_ANY = "${ramp_handrail} != 'none'"


@pytest.mark.parametrize(
    ("law", "where"),
    [
        ([requirement(THICK, when=(WHERE_THERE_ARE_ANY,))], THERE_ARE_ANY),
        ([], None),
        ([requirement(THICK)], None),
        ([requirement(THICK, when=(WHERE_THERE_ARE_ANY,)), requirement(THICK)], None),
        ([requirement(THICK, when=(has("rise_mm", "gt", 450),))], None),
        (
            [requirement(THICK, when=(has("rise_mm", "gt", 450), WHERE_THERE_ARE_ANY))],
            THERE_ARE_ANY,
        ),
        ([requirement(THICK, when=(has("wall_rough", "is", True),))], None),
        ([requirement(THICK, has("handrail", "is", "both_sides"))], None),
        (
            [
                requirement(THICK, has("handrail", "is", "both_sides")),
                requirement(THICK, when=(WHERE_THERE_ARE_ANY,)),
            ],
            THERE_ARE_ANY,
        ),
        (
            [
                requirement(THICK, when=(has("handrail", "is", "one_side"),)),
                requirement(THICK, when=(has("handrail", "is", "both_sides"),)),
            ],
            THERE_ARE_ANY,
        ),
        (
            [
                requirement(THICK, when=(WHERE_THERE_ARE_ANY,)),
                requirement(THICK, when=(has("handrail", "is", "none"),)),
            ],
            None,
        ),
        (
            [
                requirement(THICK, when=(WHERE_THERE_ARE_ANY,)),
                requirement(THICK, when=(has("place", "is", "indoor"),)),
            ],
            f"({THERE_ARE_ANY}) or (${{ramp_place}} != 'outdoor')",
        ),
    ],
    ids=[
        "its one use has a condition",
        "no requirement uses it",
        "a use without a condition",
        "one use with and one without",
        "a limit rules nothing out",
        "a limit beside an answer",
        "asked later than it",
        "broken by an answer, and nothing says that it is void then",
        "broken by an answer by which another is void",
        "two answers of three",
        "every answer has its use",
        "one of two questions",
    ],
)
def test_a_question_is_asked_where_a_requirement_may_look_at_it(
    law: list[Requirement], where: str | None
) -> None:
    assert asked_where(RAMP, law, ()).get("handrail_diameter_mm") == where


def test_of_what_the_law_does_not_use_other_standards_say_what_it_is_about() -> None:
    other = requirement(THICK, when=(WHERE_THERE_ARE_ANY,))
    assert asked_where(RAMP, [], [other])["handrail_diameter_mm"] == THERE_ARE_ANY
    assert asked_where(RAMP, [requirement(THICK)], [other]) == {}


def test_what_belongs_to_a_row_is_asked_where_the_row_may_be_chosen() -> None:
    thin = Row("a", (has("handrail", "is", "one_side"),), (THICK,))
    table = replace(ONE, when=(), rows=(thin, Row("b", (), (has("rise_mm", "le", 500),))))
    found = asked_where(RAMP, [table], ())
    assert found == {
        "handrail_diameter_mm": "${ramp_handrail} != 'both_sides' and ${ramp_handrail} != 'none'"
    }


def test_what_chooses_a_row_is_asked_though_the_row_is_broken_without_it() -> None:
    thick = Row("a", (THICK,), (has("handrail", "is", "both_sides"),))
    table = replace(ONE, when=(), rows=(thick, Row("b", (), (has("rise_mm", "le", 500),))))
    void = requirement(THICK, when=(WHERE_THERE_ARE_ANY,))
    assert asked_where(RAMP, [table, void], ()) == {}


def holds(expression: str, told: Mapping[str, str]) -> bool:
    """What `asked_where` writes, as an engine reads it; what was not said is ''."""

    def true(comparison: str) -> bool:
        name, word = comparison.strip("()").split(" != ")
        return told.get(name.strip("${}"), "") != word.strip("'")

    return any(all(map(true, each.split(" and "))) for each in expression.split(" or "))


def without(section: Section, whens: Mapping[str, str], answers: Mapping[str, Any]) -> Any:
    """The answers that a form which passes questions over hands in."""
    told: dict[str, str] = {}

    def left(given: Mapping[str, Any]) -> dict[str, Any]:
        kept = {}
        for measure in (m for m in section.measures if m in given):
            told.pop(name_of(section, measure), None)
            if measure not in whens or holds(whens[measure], told):
                kept[measure] = given[measure]
                told[name_of(section, measure)] = said(given[measure])
        return kept

    found: dict[str, Any] = left({k: v for k, v in answers.items() if not isinstance(v, tuple)})
    for key, value in answers.items():
        if isinstance(value, tuple):
            found[key] = tuple(map(left, value))
    return found


def said(value: object) -> str:
    return word_of(value) if isinstance(value, bool | str) else str(value)


def verdicts(
    inspection: Inspection, observed: ElementObservation, rules: Ruleset, building: Building
) -> list[tuple[str, str]]:
    findings = assess(replace(inspection, elements=(observed,)), rules, building).findings
    return [(f.standard + f.requirement, f.verdict) for f in findings]


def passed_over(form: Form, rules: Ruleset, element: str) -> tuple[int, int]:
    """Of how many records how many answers are passed over; the verdicts are the same."""
    section, generator = form.sections[element], Generator(rules, seed=5)
    law = [r.requirement for r in rules.rules if r.requirement.element == element]
    every = [r for s in load_catalog().standards.values() for r in s.requirements.values()]
    whens = asked_where(section, law, [r for r in every if r.element == element])
    fewer = 0
    for _ in range(RECORDS):
        record = generator.record(element)
        fully = asked(form, record.element)
        spared = replace(fully, answers=without(section, whens, fully.answers))
        fewer += len(fully.answers) - len(spared.answers)
        inspection = replace(record.inspection, form=form)
        assert verdicts(inspection, spared, rules, record.building) == verdicts(
            inspection, fully, rules, record.building
        ), record.as_json()
    return len(whens), fewer


@pytest.mark.parametrize("profile", load_catalog().profiles)
@pytest.mark.parametrize("element", FORM.sections)
def test_no_verdict_depends_on_what_is_passed_over(profile: str, element: str) -> None:
    rules = load_catalog().ruleset(profile, released_xforms()[profile, FORM.key][-1].on)
    if element not in Generator(rules, seed=5).elements:
        pytest.skip(f"{profile} has no requirement on {element}")
    questions, answers = passed_over(FORM, rules, element)
    assert (answers > RECORDS // 10) == (questions > 0)
