"""Generated code against the plain evaluation: the same verdict, row and index in every case."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from field_schema.assessment import answers_of, assess
from field_schema.catalog import load_catalog
from field_schema.deciding import START, all_decisions, decide, finish, step
from field_schema.logic import RANK, VERDICT_OF
from field_schema.ruleset import Building, Rule, Ruleset, exclusion
from tests.field_schema.drawing import drawn_building, drawn_inspection, rulesets
from tests.field_schema.judging import EXISTING, inspection_of, observed, rule_of, ruleset_of

Decided = tuple[str, int, int | None]


def plainly(rule: Rule, answers: dict[str, Any]) -> Decided:
    """The plain evaluation, item by item where the rule runs over a repeat."""
    items = answers.get(rule.group, ()) if rule.group else ()
    if not items:
        return *rule.decide(answers), None
    seen = [answers_of(answers, rule.group, n) for n in range(len(items))]
    found = [rule.decide(each) for each in seen]
    worst = 0
    for n in range(1, len(found)):
        rank, known = RANK[found[n][0]], RANK[found[worst][0]]
        if rank > known or (rank == known and _misses_more(rule, seen, found, n, worst)):
            worst = n
    return *found[worst], worst


def _misses_more(rule: Rule, seen: Any, found: Any, n: int, worst: int) -> bool:
    """By fractions as a person would write them; the product has none."""
    return _badness(rule, seen[n], *found[n]) > _badness(rule, seen[worst], *found[worst])


def _badness(rule: Rule, answers: Any, verdict: str, row: int) -> tuple[float, int]:
    steep, by = 0.0, []
    if verdict in ("violation", "borderline") and row >= 0:
        for c, test in rule.musts[row]:
            if test(answers) in (1, 3):
                value = answers[c.measure]
                if c.op == "ratio_le":
                    run = answers[c.value[0]]
                    steep = max(steep, value / run if run else float("inf"))
                elif c.op in ("ge", "gt"):
                    by.append(c.value + (c.op == "gt") - value)
                elif c.op in ("le", "lt"):
                    by.append(value - c.value + (c.op == "lt"))
                elif c.op == "eq":
                    by.append(abs(value - c.value))
                elif c.op == "between":
                    by.append(max(c.value[0] - value, value - c.value[1]))
    return steep, max(by, default=0)


@pytest.mark.parametrize("ruleset", rulesets(), ids=lambda ruleset: ruleset.profile.id)
@pytest.mark.parametrize("form_key", sorted(load_catalog().forms))
def test_generated_code_decides_as_the_plain_evaluation(form_key: str, ruleset: Ruleset) -> None:
    for seed in range(40):
        inspection, building = drawn_inspection(seed, form_key), drawn_building(seed)
        for finding in assess(inspection, ruleset, building).findings:
            observation, rule = finding.observation, finding.rule
            found = finding.verdict, finding.row_number, finding.index
            left_out = exclusion(rule.requirement, observation.state, building)
            if left_out is not None:
                assert (finding.verdict, finding.reason["code"]) == left_out
            else:
                assert found == plainly(rule, dict(observation.answers)), rule.name


def table_of(conditional: bool, kinds: tuple[bool, ...]) -> Rule:
    """A rule with a measure of its own for every condition and every limit."""
    measures = iter(("push_depth_mm", "pull_depth_mm", "space_width_mm", "closer_s"))
    numbers = iter(range(100, 2000, 100))
    rows = []
    for n, has in enumerate(kinds):
        must = [["width_mm", "ge", next(numbers)]]
        condition = {"when": [[next(measures), "ge", 100]]} if has else {}
        rows.append({"row": f"r{n}", **condition, "must": must})
    outer: dict[str, Any] = {"when": [["threshold_mm", "ge", 100]]} if conditional else {}
    return rule_of(**outer, **({"first": rows} if len(rows) > 1 else {"must": rows[0]["must"]}))


@pytest.mark.parametrize("conditional", [False, True], ids=["always", "conditional"])
@pytest.mark.parametrize("kinds", [(False,), (True, False), (True, True), (True, True, True)])
def test_every_combination_of_truths_is_decided_as_the_plain_evaluation_does(
    kinds: tuple[bool, ...], conditional: bool
) -> None:
    rule = table_of(conditional, kinds)
    # Missing, surely not, within the tolerance, surely.
    readings: tuple[int | None, ...] = (None, 50, 100, 200)
    asked = ["threshold_mm", "push_depth_mm", "pull_depth_mm", "space_width_mm"]
    used = [m for m in asked if m in rule.measures]
    ruleset = ruleset_of(rule)
    for values in product(readings, repeat=len(used)):
        for width in (None, *range(50, 451, 50)):
            pairs = zip([*used, "width_mm"], [*values, width], strict=True)
            answers = {measure: value for measure, value in pairs if value is not None}
            finding = assess(inspection_of(observed("door", answers)), ruleset, EXISTING).findings[
                0
            ]
            assert (finding.verdict, finding.row_number) == rule.decide(answers), answers


def test_a_walk_over_rows_gives_one_decision_for_each_combination_of_truths() -> None:
    laid_out = all_decisions(True, (True, False))
    truths = list(product(range(4), range(4), range(4), range(4)))
    assert len(laid_out) == len(truths)
    for found, (when, first, must, last) in zip(laid_out, truths, strict=True):
        assert found == decide(when, [(first, must), (0, last)])
        assert found == finish(step(step(START, 0, first, must), 1, 0, last), when)


@pytest.mark.parametrize("must", range(4))
def test_a_single_row_gives_the_verdict_of_its_limits(must: int) -> None:
    assert decide(0, [(0, must)]) == (VERDICT_OF[must], 0)


def test_plans_are_shared_by_buildings_that_no_rule_tells_apart() -> None:
    ruleset = rulesets()[0]
    one, other = (Building("existing", EXISTING.built_on, day) for day in (None, None))
    assert ruleset.plan("ramp", "permanent", one) is ruleset.plan("ramp", "permanent", other)


def test_names_in_the_files_never_become_code() -> None:
    word = "' or __import__('os').abort() or '"
    rule = rule_of(must=[["place", "one_of", "room", "toilet"]])
    changed = rule.requirement.rows[0].must[0]
    hostile = type(changed)(changed.measure, "one_of", (word, "room"))
    rows = (type(rule.requirement.rows[0])(None, (), (hostile,)),)
    hostile_rule = replace(rule, requirement=replace(rule.requirement, rows=rows), outcomes={})
    found = assess(
        inspection_of(observed("door", {"place": "room"})), ruleset_of(hostile_rule), EXISTING
    )
    assert found.findings[0].verdict == "compliant"
