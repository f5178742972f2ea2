import pytest

from field_schema.logic import FALSE, TRUE, UNKNOWN, UNSURE, Truth, all_of, both

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
NAMES = {TRUE: "true", UNSURE: "unsure", UNKNOWN: "unknown", FALSE: "false"}
IDS = [f"{NAMES[a]}-{NAMES[b]}" for a, b, _ in TABLE]


@pytest.mark.parametrize(("left", "right", "expected"), TABLE, ids=IDS)
def test_a_conjunction_follows_the_table_in_either_order(
    left: Truth, right: Truth, expected: Truth
) -> None:
    assert both(left, right) == both(right, left) == expected


@pytest.mark.parametrize(("left", "right", "expected"), TABLE, ids=IDS)
def test_a_compiled_conjunction_of_two_or_three_agrees_with_the_table(
    left: Truth, right: Truth, expected: Truth
) -> None:
    tests = (lambda _: left, lambda _: right)
    assert all_of(tests)({}) == expected
    assert all_of((*tests, lambda _: TRUE))({}) == expected
    assert all_of((lambda _: TRUE, *tests))({}) == expected


def test_no_conditions_at_all_are_true() -> None:
    assert all_of(())({}) == TRUE
