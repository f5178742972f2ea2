from collections.abc import Sequence
from itertools import product

import pytest

from field_schema.logic import (
    FALSE,
    NOT_APPLICABLE,
    RANK,
    TRUE,
    UNKNOWN,
    UNSURE,
    VERDICT_OF,
    VERDICTS,
    Test,
    Truth,
    all_of,
    both,
)

TRUTHS = (TRUE, UNSURE, UNKNOWN, FALSE)
NAMES = {TRUE: "true", UNSURE: "unsure", UNKNOWN: "unknown", FALSE: "false"}
TABLE = [
    (TRUE, TRUE, TRUE),
    (TRUE, UNSURE, UNSURE),
    (TRUE, UNKNOWN, UNKNOWN),
    (TRUE, FALSE, FALSE),
    (UNSURE, UNSURE, UNSURE),
    (UNSURE, UNKNOWN, UNKNOWN),
    (UNSURE, FALSE, FALSE),
    (UNKNOWN, UNKNOWN, UNKNOWN),
    (UNKNOWN, FALSE, FALSE),
    (FALSE, FALSE, FALSE),
]


def name_of(truths: Sequence[Truth]) -> str:
    return "-".join(NAMES[truth] for truth in truths) or "none"


def constant(truth: Truth) -> Test:
    return lambda _: truth


def conjunction(truths: Sequence[Truth]) -> Truth:
    """Kleene's conjunction as the rules tell it, not as the code orders its numbers."""
    for decisive in (FALSE, UNKNOWN, UNSURE):
        if decisive in truths:
            return decisive
    return TRUE


COMBINATIONS = [c for length in range(5) for c in product(TRUTHS, repeat=length)]


@pytest.mark.parametrize(
    ("left", "right", "expected"), TABLE, ids=[name_of(row[:2]) for row in TABLE]
)
def test_a_conjunction_follows_the_table_in_either_order(
    left: Truth, right: Truth, expected: Truth
) -> None:
    assert both(left, right) == both(right, left) == expected


@pytest.mark.parametrize("truths", COMBINATIONS, ids=name_of)
def test_a_compiled_conjunction_of_any_length_agrees_with_the_table(
    truths: tuple[Truth, ...],
) -> None:
    assert all_of(tuple(constant(truth) for truth in truths))({}) == conjunction(truths)


@pytest.mark.parametrize("others", list(product(TRUTHS, repeat=2)), ids=name_of)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
def test_one_false_decides_whatever_the_others_are(others: tuple[Truth, ...], place: int) -> None:
    truths = [*others[:place], FALSE, *others[place:]]
    assert all_of(tuple(constant(truth) for truth in truths))({}) == FALSE


@pytest.mark.parametrize("doubt", [UNSURE, UNKNOWN], ids=NAMES.get)
def test_what_is_unknown_or_unsure_never_passes_for_true(doubt: Truth) -> None:
    assert all_of((constant(TRUE), constant(doubt), constant(TRUE)))({}) == doubt
    assert VERDICT_OF[doubt] != "compliant"


def test_no_conditions_at_all_are_true() -> None:
    assert all_of(())({}) == TRUE


def test_each_truth_has_a_verdict_of_its_own() -> None:
    assert [VERDICT_OF[truth] for truth in TRUTHS] == [
        "compliant",
        "borderline",
        "not_measured",
        "violation",
    ]


def test_the_worst_verdict_of_several_is_the_one_of_their_conjunction() -> None:
    for left, right in product(TRUTHS, repeat=2):
        worst = max(VERDICT_OF[left], VERDICT_OF[right], key=RANK.__getitem__)
        assert worst == VERDICT_OF[both(left, right)]


def test_every_verdict_has_a_rank_and_not_applicable_the_lowest() -> None:
    assert sorted(RANK) == sorted(VERDICTS)
    assert min(RANK, key=RANK.__getitem__) == NOT_APPLICABLE
