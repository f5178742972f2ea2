"""Python, JavaScript and numpy give the same verdict, row, index and reason code, always."""

import json
import re
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.deciding import REASONS
from field_schema.logic import BORDERLINE, COMPLIANT, NOT_MEASURED, VIOLATION
from field_schema.ruleset import Rule
from tests.agreement.evaluators import JS, javascript_lines, numpy_lines, whole_findings
from tests.agreement.judged import assert_equal, expected, needs_node, records, ruleset
from tests.agreement.records import comparisons_of, form_of


def test_python_and_numpy_agree_on_every_verdict_row_index_and_reason_code() -> None:
    assert_equal(numpy_lines(records(), ruleset()))


@needs_node
def test_python_and_javascript_agree_on_every_verdict_row_index_and_reason_code() -> None:
    assert_equal(javascript_lines(records(), ruleset()))


@needs_node
def test_javascript_gives_the_same_weights_and_whole_reasons() -> None:
    some = records()[:4000]
    told = javascript_lines(some, ruleset(), whole=True)
    for record, line in zip(some, told, strict=True):
        assert json.loads(line) == json.loads(json.dumps(whole_findings(record, ruleset())))


def test_the_records_reach_every_row_verdict_and_reason_of_every_requirement() -> None:
    rows: dict[str, set[str | None]] = defaultdict(set)
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records():
        for found in assess(record.inspection, ruleset(), record.building).findings:
            verdicts[found.rule.name][found.verdict] += 1
            rows[found.rule.name].add(found.row)
    told = {line.rsplit(" ", 1)[1] for each in expected() for line in each.split(";")}
    assert told == set(REASONS)
    for rule in ruleset().rules:
        assert {row.name for row in rule.requirement.rows} <= rows[rule.name], (
            f"{rule.name} reaches too few rows"
        )
        wanted = {COMPLIANT, VIOLATION, NOT_MEASURED} | ({BORDERLINE} if _is_read(rule) else set())
        short = f"{rule.name} reaches only {dict(verdicts[rule.name])}; draw more RECORDS"
        assert wanted <= set(verdicts[rule.name]), short


def _is_read(rule: Rule) -> bool:
    """Whether a reading with a tolerance stands in its limits; an equality is never unsure."""
    limits = [c for row in rule.requirement.rows for c in row.must if c.op != "eq"]
    return any(rule.tolerances.get(m) for c in limits for m in c.measures)


def test_no_number_of_a_comparison_reaches_beyond_what_javascript_counts_exactly() -> None:
    for rule in ruleset().rules:
        questions = form_of(rule.requirement.element).sections[rule.requirement.element].measures
        for c in comparisons_of(rule):
            for measure in c.measures if c.op == "ratio_le" else ():
                highest = max(map(abs, questions[measure].hard))
                assert 4 * highest * max(c.value[1:]) < 2**53
                assert highest**2 < 2**53


@needs_node
def test_javascript_refuses_a_day_without_an_edition_in_force() -> None:
    early = replace(ruleset(), on=ruleset().on.replace(year=1990))
    with pytest.raises(AssertionError, match=r"no edition of .* for 1990-.*load it first"):
        javascript_lines(records()[:1], early)


def test_some_section_is_taken_over_so_that_take_overs_are_compared_too() -> None:
    files = [json.loads(data) for kind, _, _, data in load_catalog().documents() if kind == "form"]
    assert any("from" in section for form in files for section in form["elements"].values())


def test_the_javascript_has_fewer_than_300_lines_and_imports_only_its_own_files() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in JS.glob("*.js")}
    assert sum(source.count("\n") for source in sources.values()) < 300
    imported = {name for s in sources.values() for name in re.findall(r" from '([^']+)'", s)}
    assert {f"./{name}" for name in sources} >= imported
