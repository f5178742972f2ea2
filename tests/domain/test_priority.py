"""Which repair first."""

from datetime import date
from decimal import Decimal

import pytest

from audit_api.domain.oversight.priority import SEVERITY_POINTS, days_left, priority
from audit_api.domain.vocabulary import Severity

DUE = date(2021, 11, 18)


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2021, 11, 8), 10),
        (date(2021, 11, 17), 1),
        (DUE, 1),
        (date(2021, 12, 1), 1),
    ],
)
def test_what_is_late_is_as_urgent_as_the_last_day(today: date, left: int) -> None:
    assert days_left(DUE, today) == left


def test_a_graver_breach_and_more_voters_come_first() -> None:
    assert SEVERITY_POINTS["critical"] > SEVERITY_POINTS["major"] > SEVERITY_POINTS["minor"]
    assert priority(Severity.CRITICAL, 5, DUE, date(2021, 11, 15)) == Decimal("20.00")
    assert priority(Severity.MINOR, 1, DUE, date(2021, 11, 15)) == Decimal("0.67")
    assert priority(Severity.CRITICAL, 0, DUE, DUE) == 0
