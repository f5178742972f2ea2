"""The worked examples of every requirement, judged in bulk."""

from dataclasses import replace

import pytest

from field_schema.catalog import load_catalog
from field_schema.examples import example_files, plain_rule, read_examples
from field_schema.form import Form
from field_schema.rule import measures_of
from field_schema.ruleset import Building
from field_schema.standard import Requirement
from tests.domain.test_bulk_assessment import in_bulk
from tests.field_schema.judging import inspection_of, observed, ruleset_of

CATALOG = load_catalog()
EXAMPLES = {
    name: read_examples(data, name)
    for kind, name, _, data in CATALOG.documents()
    if kind == "examples"
}
REQUIREMENTS = {
    f"{folder.removeprefix('standards/').removesuffix('/examples')}/{stem}": found
    for folder, stem, found in example_files(CATALOG)
}


def form_for(requirement: Requirement) -> Form:
    """A form that asks for all that the requirement looks at."""
    wanted = set(measures_of(requirement))
    return next(
        form
        for form in CATALOG.forms.values()
        if requirement.element in form.sections
        and wanted <= set(form.sections[requirement.element].measures)
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_numpy_gives_what_the_examples_expect(name: str) -> None:
    for requirement in REQUIREMENTS[name]:
        examples = [e for e in EXAMPLES[name] if e.requirement == requirement.id]
        form = form_for(requirement)
        inspections = []
        for example in examples:
            answers, state = dict(example.case.answers), example.case.state
            inspection = inspection_of(observed(requirement.element, answers, state=state))
            inspections.append(replace(inspection, form=form))
        buildings = [Building(e.case.building, e.case.built_on) for e in examples]
        rule = plain_rule(requirement, CATALOG.measures[requirement.element])
        found = in_bulk(inspections, buildings, ruleset_of(rule))
        rows = requirement.rows
        for n, example in enumerate(examples):
            verdict, row, index, reason = found[n, 0, rule.name]
            shown = None if row < 0 else rows[row].name
            assert (verdict, shown, index, reason) == example.expected, example
