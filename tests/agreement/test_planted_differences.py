"""A difference planted in one evaluator is caught: the agreement is worth something."""

import json
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from tests.agreement.evaluators import (
    JS,
    javascript_input,
    numpy_lines,
    python_lines,
    run_javascript,
    whole_findings,
)
from tests.agreement.judged import (
    assert_equal,
    made_up_alone,
    needs_node,
    records,
    ruleset,
    with_lt_for_le,
)
from tests.agreement.records import Generator, Record

SOME = {"ramp": 1200, "door": 500, "stairs": 200, "parking": 200}
"""Records by element; the made-up requirements on them have every kind of comparison."""
OPERATOR = re.compile(r" (<=|>=|<|>) ")
FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
# What makes no difference, and why.
HARMLESS = {
    "(b[0] * a[1] > a[0] * b[1] ? b : a)": "of equally steep ones either",
    "!(by <= beyond[measure]?.by)": "of equal misses of one measure either",
}


FEW = 10_000


def test_a_lt_for_a_le_in_python_alone_is_caught() -> None:
    planted = python_lines(records()[:FEW], with_lt_for_le(ruleset()))
    with pytest.raises(AssertionError, match="records differ"):
        assert_equal(numpy_lines(records()[:FEW], ruleset()), planted, FEW)


def test_a_lt_for_a_le_in_numpy_alone_is_caught() -> None:
    with pytest.raises(AssertionError, match="records differ"):
        assert_equal(numpy_lines(records()[:FEW], with_lt_for_le(ruleset())), count=FEW)


def comparisons_in(source: str) -> list[tuple[int, int]]:
    """Where the code, comments left out, compares by size and that matters."""
    code = re.sub(r"/\*.*?\*/", lambda found: " " * len(found[0]), source, flags=re.DOTALL)
    for harmless in HARMLESS:
        code = code.replace(harmless, " " * len(harmless))
    return [found.span(1) for found in OPERATOR.finditer(code)]


@cache
def some() -> tuple[Record, ...]:
    drawn = Generator(made_up_alone(), seed=7)
    return tuple(r for element, count in SOME.items() for r in drawn.records(count, element))


@cache
def some_input() -> str:
    return javascript_input(some(), made_up_alone(), whole=True)


@cache
def wanted_lines() -> list[str]:
    return [
        json.dumps(
            whole_findings(record, made_up_alone()), separators=(",", ":"), ensure_ascii=False
        )
        for record in some()
    ]


MUTANTS = [
    pytest.param(path.name, span, id=f"{path.name}: {source[max(0, span[0] - 24) : span[1] + 12]}")
    for path in sorted(JS.glob("*.js"))
    for source in [path.read_text(encoding="utf-8")]
    for span in comparisons_in(source)
]


@needs_node
def test_every_harmless_flip_is_still_in_the_source() -> None:
    source = "".join(path.read_text() for path in JS.glob("*.js"))
    assert all(harmless in source for harmless in HARMLESS)
    assert len(MUTANTS) > 15


@needs_node
@pytest.mark.parametrize(("name", "span"), MUTANTS)
def test_any_flipped_comparison_in_the_javascript_is_caught(
    name: str, span: tuple[int, int], tmp_path: Path
) -> None:
    spoilt = tmp_path / "js"
    shutil.copytree(JS, spoilt)
    source = (JS / name).read_text()
    (spoilt / name).write_text(
        source[: span[0]] + FLIPPED[source[slice(*span)]] + source[span[1] :]
    )
    try:
        told = run_javascript(some_input(), spoilt)
    except AssertionError:
        return  # it does not even run
    assert any(
        line != wanted and json.loads(line) != json.loads(wanted)
        for line, wanted in zip(told, wanted_lines(), strict=True)
    )
