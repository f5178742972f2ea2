"""The records that the tests here share, drawn and judged by Python once."""

from collections.abc import Sequence
from functools import cache

import pytest

from field_schema.ruleset import Ruleset
from tests.agreement.evaluators import NODE, differences, python_lines
from tests.agreement.made_up import with_made_up
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
def records() -> tuple[Record, ...]:
    return tuple(Generator(ruleset(), seed=3).records(RECORDS))


@cache
def expected() -> tuple[str, ...]:
    return tuple(python_lines(records(), ruleset()))


def assert_equal(found: Sequence[str], wanted: Sequence[str] | None = None) -> None:
    differing = differences(records(), wanted or expected(), found)
    assert not differing, f"{len(differing)} records differ; the first:\n{differing[0]}"
