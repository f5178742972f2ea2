"""Bulk verdicts equal the single ones; two rulesets are compared by verdicts alone."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from audit_api.domain.law.bulk_assessment import Buildings, BulkDiff, BulkRuleset, Part
from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.deciding import REASONS
from field_schema.form import STATES
from field_schema.inspection import Inspection
from field_schema.logic import VERDICTS
from field_schema.packing import pack, packed_order, read_shape
from field_schema.ruleset import Building, Rule, Ruleset
from tests.field_schema.drawing import drawn_building, drawn_inspection, rulesets
from tests.field_schema.judging import EXISTING, inspection_of, observed, rule_of, ruleset_of

Told = tuple[Any, ...]


def page_of(
    inspections: Sequence[Inspection], buildings: Sequence[Building]
) -> tuple[list[Part], list[list[int]]]:
    """The parts, and for each part the numbers of the inspections that are its rows."""
    by_shape: dict[str, list[int]] = defaultdict(list)
    packed = [pack(inspection) for inspection in inspections]
    for number, (shape, _) in enumerate(packed):
        by_shape[shape].append(number)
    parts = []
    for shape, numbers in by_shape.items():
        form = inspections[numbers[0]].form
        rows = [packed[number][1] for number in numbers]
        standing = Buildings.of([buildings[number] for number in numbers])
        parts.append(Part.of(read_shape(shape, form), form, rows, standing))
    return parts, list(by_shape.values())


def in_bulk(
    inspections: Sequence[Inspection], buildings: Sequence[Building], ruleset: Ruleset
) -> dict[Told, Told]:
    """(inspection, element, rule) -> (verdict, row, index, reason code)."""
    parts, numbers = page_of(inspections, buildings)
    found = {}
    for block in BulkRuleset(ruleset).evaluate(parts):
        for at in range(len(block.places)):
            number = numbers[block.places.part[at]][block.places.row[at]]
            inspection = inspections[number]
            place = packed_order(inspection)[block.places.position[at]]
            for n, rule in enumerate(block.rules):
                index = int(block.index[n, at])
                found[number, place, rule.name] = (
                    VERDICTS[block.verdict[n, at]],
                    int(block.row[n, at]),
                    None if index < 0 else index,
                    REASONS[block.reason[n, at]],
                )
    return found


def one_by_one(
    inspections: Sequence[Inspection], buildings: Sequence[Building], ruleset: Ruleset
) -> dict[Told, Told]:
    found = {}
    for number, (inspection, building) in enumerate(zip(inspections, buildings, strict=True)):
        places = {(e.id, e.state): place for place, e in enumerate(inspection.elements)}
        for f in assess(inspection, ruleset, building).findings:
            key = number, places[f.element_id, f.state], f.rule.name
            found[key] = (f.verdict, f.row_number, f.index, f.reason["code"])
    return found


@pytest.mark.parametrize("ruleset", rulesets(), ids=lambda ruleset: ruleset.profile.id)
@pytest.mark.parametrize("form_key", sorted(load_catalog().forms))
def test_bulk_and_single_agree_on_every_verdict_row_index_and_reason(
    form_key: str, ruleset: Ruleset
) -> None:
    inspections = [drawn_inspection(seed, form_key) for seed in range(60)]
    buildings = [drawn_building(seed) for seed in range(60)]
    single = one_by_one(inspections, buildings, ruleset)
    assert in_bulk(inspections, buildings, ruleset) == single
    if form_key == "station/1":
        assert {verdict for verdict, _, _, _ in single.values()} == set(VERDICTS)


def test_the_drawn_records_show_every_reason_code() -> None:
    inspections = [drawn_inspection(seed) for seed in range(120)]
    buildings = [drawn_building(seed) for seed in range(120)]
    told = one_by_one(inspections, buildings, rulesets()[0])
    assert {reason for _, _, _, reason in told.values()} == set(REASONS)


def many_rows(count: int) -> Rule:
    """A threshold table too long for one table of all combinations."""
    rows: list[Any] = [
        {"row": f"r{n}", "when": [["width_mm", "le", 700 + 50 * n]], "must": [_height(n)]}
        for n in range(count)
    ]
    rows.append({"row": "last", "must": [_height(count)]})
    return rule_of(when=[["evacuation", "is", True]], first=rows)


def _height(n: int) -> list[Any]:
    return ["threshold_mm", "le", 10 + n]


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_a_table_of_many_rows_is_judged_as_the_single_evaluation_does(count: int) -> None:
    rule = many_rows(count)
    inspections = [
        inspection_of(observed("door", answers))
        for width in (None, *range(690, 720), *range(745, 755), 2000)
        for height in (None, *range(5, 30))
        for evacuation in (None, True, False)
        for answers in (
            {
                key: value
                for key, value in (
                    ("width_mm", width),
                    ("threshold_mm", height),
                    ("evacuation", evacuation),
                )
                if value is not None
            },
        )
    ]
    buildings = [EXISTING] * len(inspections)
    ruleset = ruleset_of(rule)
    expected = one_by_one(inspections, buildings, ruleset)
    assert in_bulk(inspections, buildings, ruleset) == expected
    assert len(Counter(expected.values())) > 4


def changes(
    old: Rule, new: Rule | None, widths: Sequence[int | None]
) -> tuple[list[int], list[int], list[int]]:
    """Rows that become a violation, stop being one, become not measured."""
    inspections = [
        inspection_of(observed("door", {} if width is None else {"width_mm": width}))
        for width in widths
    ]
    parts, numbers = page_of(inspections, [EXISTING] * len(widths))
    after = ruleset_of(new) if new else ruleset_of()
    found = list(BulkDiff(ruleset_of(old), after).changes(parts))
    assert len(found) <= 1
    if not found:
        return [], [], []
    change = found[0]
    every = (change.becomes_violation, change.stops_being_violation, change.becomes_not_measured)
    return tuple(  # type: ignore[return-value]
        [numbers[p][r] for p, r in zip(places.part, places.row, strict=True)] for places in every
    )


OLD, WIDER, NARROWER = (rule_of(must=[["width_mm", "ge", limit]]) for limit in (900, 950, 850))
WIDTHS = [840, 870, 930, 960, None]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (OLD, WIDER, ([2], [], [])),
        (OLD, NARROWER, ([], [1], [])),
        (OLD, None, ([], [0, 1], [])),
        (OLD, OLD, ([], [], [])),
        (OLD, rule_of("door", weight="reference", must=[["width_mm", "ge", 900]]),
         ([], [0, 1], [])),
        (OLD, rule_of(must=[["threshold_mm", "le", 14]]), ([], [0, 1], [0, 1, 2, 3])),
        (rule_of("door", weight="reference"), rule_of("door", weight="reference",
         must=[["width_mm", "ge", 950]]), ([2], [], [])),
    ],
    ids=["stricter", "laxer", "gone", "the-same", "no-longer-binding", "other-measure", "advice"],
)  # fmt: skip
def test_a_diff_names_the_rows_that_change(
    old: Rule, new: Rule | None, expected: tuple[list[int], ...]
) -> None:
    assert changes(old, new, WIDTHS) == expected


def test_requirements_that_judge_alike_are_not_compared() -> None:
    ruleset = rulesets()[0]
    assert BulkDiff(ruleset, ruleset).requirements == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_diff_equals_the_difference_of_two_single_assessments(seed: int) -> None:
    old, new = rulesets()[0], rulesets()[-1]
    rules = [r for n, r in enumerate(old.rules) if n % 7 != seed]
    new = ruleset_of(*rules)
    inspections = [drawn_inspection(1000 * seed + n) for n in range(60)]
    buildings = [drawn_building(n) for n in range(60)]
    parts, numbers = page_of(inspections, buildings)
    found: set[Told] = set()
    for change in BulkDiff(old, new).changes(parts, STATES):
        rule = change.old or change.new
        assert rule is not None
        for kind, places in (
            ("becomes", change.becomes_violation),
            ("stops", change.stops_being_violation),
            ("unmeasured", change.becomes_not_measured),
        ):
            for at in range(len(places)):
                number = numbers[places.part[at]][places.row[at]]
                place = packed_order(inspections[number])[places.position[at]]
                found.add((kind, number, place, rule.name))
    before = one_by_one(inspections, buildings, old)
    after = one_by_one(inspections, buildings, new)
    expected = {
        ("stops", *key)
        for key, (verdict, *_) in before.items()
        if verdict == "violation" and key not in after
    }
    assert found == expected
    assert expected


def test_a_table_that_nobody_could_read_is_refused() -> None:
    with pytest.raises(Exception, match="split it into several requirements"):
        BulkRuleset(ruleset_of(many_rows(60)))


def test_products_of_a_ratio_do_not_overflow() -> None:
    rule = rule_of("ramp", must=[["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 2**20]])
    long = {"runs": ({"runs.rise_mm": 2000, "runs.run_mm": 2**31 - 1},)}
    inspections = [inspection_of(observed("ramp", long))]
    found = in_bulk(inspections, [EXISTING], ruleset_of(rule))
    assert found == one_by_one(inspections, [EXISTING], ruleset_of(rule))
    assert np.int64(2000) * 2**20 > 2**30
