"""The steps of escalation, in their order."""

import pytest

from audit_api.domain.oversight.escalation import EscalationDays, EscalationStep


def test_each_step_comes_after_the_one_before() -> None:
    days = EscalationDays().days
    assert list(days) == list(EscalationStep)
    assert list(days.values()) == sorted(days.values())
    assert days[EscalationStep.LSG_REMINDED] < 0 < days[EscalationStep.DISTRICT]


@pytest.mark.parametrize("after", [(3, 1, 7), (1, 7, 3), (2, 2, 3), (1, 3, 3)])
def test_steps_that_would_overtake_each_other_are_refused(after: tuple[int, int, int]) -> None:
    district, coordinator, prosecutor = after
    with pytest.raises(ValueError, match="each step needs more days"):
        EscalationDays(3, district, coordinator, prosecutor)
