"""The life of a supervisory act: every pair of state and move, and the day of an answer."""

from datetime import date
from pathlib import Path

import pytest

from audit_api.domain.errors import InvalidInput, MoveRefused
from audit_api.domain.oversight.acts import (
    ACT_MOVES,
    DECISIONS,
    ActMove,
    answer_due_on,
    diagram,
    next_state,
)
from audit_api.domain.vocabulary import ActKind, ActState

LEADS = {
    ("issued", "answer"): "answered",
    ("issued", "record_answer"): "answered",
    ("answered", "return"): "issued",
    ("issued", "fulfil"): "fulfilled",
    ("answered", "fulfil"): "fulfilled",
    ("issued", "fail"): "not_fulfilled",
    ("answered", "fail"): "not_fulfilled",
    ("issued", "withdraw"): "withdrawn",
    ("answered", "withdraw"): "withdrawn",
}
"""Said again, by hand: the table must not be tested with itself."""
ISSUED_ON = date(2021, 11, 1)


@pytest.mark.parametrize("move", ActMove, ids=str)
@pytest.mark.parametrize("state", ActState, ids=str)
def test_a_move_leads_where_the_table_says_or_is_refused_with_the_state(
    state: ActState, move: ActMove
) -> None:
    target = LEADS.get((state.value, move.value))
    if target is not None:
        assert next_state(state, move) == target
        return
    with pytest.raises(MoveRefused) as refused:
        next_state(state, move)
    assert refused.value.extra == {"state": state}


def test_all_but_the_addressees_answer_is_the_prosecutors_to_decide() -> None:
    assert set(DECISIONS) == set(ActMove) - {ActMove.ANSWER}
    assert ACT_MOVES[ActMove.ANSWER].verb == "answer"


@pytest.mark.parametrize("kind", ActKind, ids=str)
def test_no_term_is_assumed(kind: ActKind) -> None:
    others = {other: 7 for other in ActKind if other is not kind}
    with pytest.raises(InvalidInput, match=f"ACT_ANSWER_DAYS_{kind.upper()}") as refused:
        answer_due_on(kind, ISSUED_ON, None, others)
    assert [fault.code for fault in refused.value.faults] == ["no-term"]


def test_a_term_that_is_set_counts_calendar_days_from_the_day_of_the_act() -> None:
    terms = {ActKind.ORDER: 10}
    assert answer_due_on(ActKind.ORDER, ISSUED_ON, None, terms) == date(2021, 11, 11)


def test_the_day_that_is_given_goes_before_the_term() -> None:
    given = date(2021, 11, 3)
    assert answer_due_on(ActKind.ORDER, ISSUED_ON, given, {ActKind.ORDER: 10}) == given


def test_no_answer_is_due_before_the_act() -> None:
    with pytest.raises(InvalidInput, match="before the day of the act"):
        answer_due_on(ActKind.ORDER, ISSUED_ON, date(2021, 10, 31), {})


def test_the_documentation_shows_the_table(project_root: Path) -> None:
    page = (project_root / "docs" / "prosecutor.md").read_text()
    assert f"```mermaid\n{diagram()}\n```" in page
