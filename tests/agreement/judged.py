"""The records that the tests here share, drawn and judged by Python once."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from field_schema.catalog import load_catalog
from field_schema.ruleset import Ruleset, compile_rule
from field_schema.standard import Comparison, Requirement
from tests.agreement.evaluators import NODE, differences, python_lines
from tests.agreement.made_up import made_up_rules, with_made_up, with_rules
from tests.agreement.records import Generator, Record, widest_ruleset

RECORDS = 50_000
needs_node = pytest.mark.skipif(
    NODE is None, reason="node is not on this machine, so the JavaScript is not compared"
)


@cache
def ruleset() -> Ruleset:
    """All requirements of the widest profile, and the made-up ones."""
    return with_made_up(widest_ruleset())


@cache
def made_up_alone() -> Ruleset:
    """The made-up requirements: however many others there are, these stay the same."""
    return with_rules(ruleset(), made_up_rules())


@cache
def records() -> tuple[Record, ...]:
    return tuple(Generator(ruleset(), seed=3).records(RECORDS))


@cache
def expected() -> tuple[str, ...]:
    return tuple(python_lines(records(), ruleset()))


def assert_equal(
    found: Sequence[str], wanted: Sequence[str] | None = None, count: int = RECORDS
) -> None:
    """One evaluator's lines on the first so many records are another's, or Python's."""
    differing = differences(records()[:count], wanted or expected()[:count], found)
    assert not differing, f"{len(differing)} records differ; the first:\n{differing[0]}"


def with_lt_for_le(rules: Ruleset, element: str | None = None) -> Ruleset:
    """The same with `lt` for `le` in the limits of one requirement, or of all on an element."""
    planted = list(rules.rules)
    for n, rule in enumerate(rules.rules):
        requirement = rule.requirement
        wanted = element in (None, requirement.element)
        if wanted and any(c.op == "le" for row in requirement.rows for c in row.must):
            questions = load_catalog().measures[requirement.element]
            planted[n] = compile_rule(_stricter(requirement), rule.weight, questions)
            if element is None:
                break
    assert planted != list(rules.rules)
    return with_rules(rules, planted)


def _stricter(requirement: Requirement) -> Requirement:
    def less(c: Comparison) -> Comparison:
        return Comparison(c.measure, "lt", c.value) if c.op == "le" else c

    rows = (replace(row, must=tuple(map(less, row.must))) for row in requirement.rows)
    return replace(requirement, rows=tuple(rows))
