"""What a measurement of the day does to a temporary task."""

from uuid import UUID

import pytest

from audit_api.domain.oversight.relief import (
    DayPlan,
    DayTask,
    LiveCase,
    ReliefVerdict,
    plan_day,
)

SLOPE, EDGE, WIDTH = (UUID(int=n) for n in (1, 2, 3))
IN, OUT = ReliefVerdict.COMPLIANT, ReliefVerdict.VIOLATION


def cases(*relieved: UUID) -> list[LiveCase]:
    """A ramp's three breaches; for its width no temporary remedy is known."""
    return [LiveCase(case, case in relieved, case != WIDTH) for case in (SLOPE, EDGE, WIDTH)]


def task(state: str, *relieves: UUID) -> DayTask:
    return DayTask(UUID(int=9), state, frozenset(relieves))


def plan(*relieves: UUID, opened: bool = False, move: str | None = None) -> DayPlan:
    return DayPlan(frozenset(relieves), opened, move)


@pytest.mark.parametrize(
    ("relieved", "said", "before", "expected"),
    [
        pytest.param((), {}, None, None, id="nothing sure was said"),
        pytest.param((), {SLOPE: OUT}, None, None, id="outside, and nobody asked for a remedy"),
        pytest.param((), {SLOPE: IN}, None, plan(SLOPE, EDGE, opened=True), id="half of it holds"),
        pytest.param(
            (),
            {SLOPE: IN, EDGE: IN},
            None,
            plan(SLOPE, EDGE, opened=True, move="verified"),
            id="all of it holds",
        ),
        pytest.param(
            (SLOPE,),
            {EDGE: IN},
            task("assigned", SLOPE, EDGE),
            plan(SLOPE, EDGE, move="verified"),
            id="the rest holds",
        ),
        pytest.param(
            (SLOPE,), {SLOPE: OUT}, None, plan(SLOPE, EDGE, opened=True), id="it holds no more"
        ),
        pytest.param(
            (),
            {SLOPE: OUT},
            task("reported_done", SLOPE, EDGE),
            plan(SLOPE, EDGE, move="measured_outside"),
            id="reported, and outside",
        ),
        pytest.param(
            (),
            {SLOPE: OUT},
            task("in_progress", SLOPE),
            plan(SLOPE, EDGE),
            id="in progress, and outside",
        ),
        pytest.param(
            (),
            {SLOPE: IN, EDGE: IN, WIDTH: IN},
            task("assigned", SLOPE),
            plan(SLOPE, EDGE, WIDTH, move="verified"),
            id="it helps more than was known",
        ),
        pytest.param(
            (),
            {WIDTH: OUT},
            task("reported_done", UUID(int=7)),
            plan(SLOPE, EDGE),
            id="what ended is left out, and what no remedy of the day helps returns nothing",
        ),
    ],
)
def test_what_is_said_of_the_day_moves_the_task(
    relieved: tuple[UUID, ...],
    said: dict[UUID, ReliefVerdict],
    before: DayTask | None,
    expected: DayPlan | None,
) -> None:
    assert plan_day(cases(*relieved), said, before) == expected
