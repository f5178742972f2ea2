"""Which corrections of answers stand for an inspection."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from audit_api.domain.oversight.corrections import (
    TO_BREACH,
    TO_UNSURE,
    TO_WITHIN,
    standing_corrections,
)
from audit_api.domain.oversight.lives import VIOLATION_LIFE

A, B = uuid4(), uuid4()


@dataclass(frozen=True)
class Decision:
    violation: UUID
    move: str
    n: int = 0


@pytest.mark.parametrize(
    ("moves", "stands"),
    [
        ([TO_BREACH], 0),
        ([TO_WITHIN], 0),
        ([TO_UNSURE], 0),
        ([TO_BREACH, TO_WITHIN], 1),
        ([TO_UNSURE, "confirm"], None),
        ([TO_BREACH, "remeasure", "confirm"], 0),
        ([TO_UNSURE, "confirm", TO_BREACH], 2),
        ([TO_BREACH, TO_UNSURE, "confirm"], None),
        ([TO_BREACH, "overturn"], 0),
        (["confirm"], None),
        (["overturn"], None),
        ([], None),
    ],
    ids=lambda value: "-".join(value) or "none" if isinstance(value, list) else "",
)
def test_of_one_violation_the_last_correction_stands_unless_the_reading_is_confirmed(
    moves: list[str], stands: int | None
) -> None:
    decisions = [Decision(A, move, n) for n, move in enumerate(moves)]
    expected = [] if stands is None else [decisions[stands]]
    assert standing_corrections(decisions) == expected


def test_those_of_several_violations_come_newest_first() -> None:
    decisions = [Decision(A, TO_BREACH, 0), Decision(B, TO_WITHIN, 1), Decision(A, TO_BREACH, 2)]
    assert standing_corrections(decisions) == [decisions[2], decisions[1]]


def test_every_move_of_a_correction_is_one_of_a_violations_life() -> None:
    known = {step.move for step in VIOLATION_LIFE.steps if step.move.startswith("correct")}
    assert known == {TO_BREACH, TO_WITHIN, TO_UNSURE}
