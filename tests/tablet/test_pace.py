"""A push is as large as the link allows, and a group is never torn apart for it."""

from audit_api.tablet.pace import FIRST, QUICK_S, SLOW_S, Pace


def test_it_grows_while_it_goes_quickly() -> None:
    pace = Pace(most=20)
    sizes = []
    for _ in range(5):
        sizes.append(pace.operations)
        pace.went(pace.operations, QUICK_S / 2)
    assert sizes == [FIRST, 8, 16, 20, 20]


def test_a_small_quick_push_makes_it_no_smaller() -> None:
    pace = Pace(most=20, operations=16)
    pace.went(1, 0.1)
    assert pace.operations == 16


def test_it_shrinks_to_what_a_slow_link_carries() -> None:
    pace = Pace(most=200, operations=64)
    sizes = []
    for _ in range(8):
        pace.went(pace.operations, SLOW_S * 2)
        sizes.append(pace.operations)
    assert sizes == [32, 16, 8, 4, 2, 1, 1, 1]


def test_it_stays_as_it_is_in_between() -> None:
    pace = Pace(most=200, operations=64)
    pace.went(64, (QUICK_S + SLOW_S) / 2)
    assert pace.operations == 64
