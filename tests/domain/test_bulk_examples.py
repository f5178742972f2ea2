"""The worked examples of every requirement, judged in bulk."""

import pytest

from field_schema.catalog import load_catalog
from field_schema.examples import example_files, plain_rule, read_examples
from field_schema.ruleset import Building
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


@pytest.mark.parametrize("name", EXAMPLES)
def test_numpy_gives_what_the_examples_expect(name: str) -> None:
    for requirement in REQUIREMENTS[name]:
        examples = [e for e in EXAMPLES[name] if e.requirement == requirement.id]
        inspections = [
            inspection_of(observed(requirement.element, dict(e.case.answers), state=e.case.state))
            for e in examples
        ]
        buildings = [Building(e.case.building, e.case.built_on) for e in examples]
        rule = plain_rule(requirement, CATALOG.measures[requirement.element])
        found = in_bulk(inspections, buildings, ruleset_of(rule))
        rows = requirement.rows
        for n, example in enumerate(examples):
            verdict, row, index, reason = found[n, 0, rule.name]
            shown = None if row < 0 else rows[row].name
            assert (verdict, shown, index, reason) == example.expected, example
