"""JavaScript agrees with every released worked example."""

import json

from field_schema.catalog import load_catalog
from field_schema.examples import Example, read_examples
from field_schema.ruleset import Building
from tests.agreement.evaluators import javascript_lines
from tests.agreement.judged import needs_node, ruleset
from tests.agreement.records import Record
from tests.field_schema.judging import inspection_of, observed


def released() -> list[tuple[str, Example]]:
    """Every released example with the rule it is about, of the editions that are inspected by."""
    inspected = {rule.name for rule in ruleset().rules}
    found = []
    for kind, name, _, data in load_catalog().documents():
        if kind == "examples":
            standard, edition, stem = name.split("/", 2)
            path = f"standards/{standard}/{edition}/examples/{stem}"
            for example in read_examples(data, path):
                rule = f"{standard}/{edition}/{example.requirement}"
                found += [(rule, example)] if rule in inspected else []
    return found


def record_of(example: Example) -> Record:
    case = example.case
    element = example.requirement.split(".")[0]
    observation = observed(element, dict(case.answers), state=case.state)
    return Record(inspection_of(observation), Building(case.building, case.built_on))


@needs_node
def test_javascript_gives_what_every_worked_example_expects() -> None:
    examples = released()
    assert len(examples) > 2000
    records = [record_of(example) for _, example in examples]
    told = javascript_lines(records, ruleset(), whole=True)
    for (rule, example), line in zip(examples, told, strict=True):
        by_rule = {
            f"{f['standard']}/{f['edition']}/{f['requirement']}": f for f in json.loads(line)
        }
        found = by_rule[rule]
        got = found["verdict"], found["row"], found["index"], found["reason"]["code"]
        assert got == example.expected, (rule, example)
