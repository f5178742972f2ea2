"""What a changed law does to cases: superseded, followed, opened, left alone."""

from itertools import product
from uuid import uuid4

import pytest

from audit_api.domain.law.amendment import (
    ADOPTED_MOVES,
    REPLACED_MOVES,
    AmendmentPlan,
    plan_amendment,
)
from audit_api.domain.oversight.violations import KnownCase
from audit_api.domain.vocabulary import ENDED_VIOLATION_STATES, ViolationState
from tests.domain.test_violations import DOOR, RAMP, Finding

OLD, NEW = ("S", "1"), ("S", "2")
LIVING = [s for s in ViolationState if s not in ENDED_VIOLATION_STATES]
BREACH = Finding("violation", edition="2")


def plan(
    broken: list[Finding], old: str | None = None, new: str | None = None
) -> AmendmentPlan[Finding]:
    known = {}
    if old is not None:
        known[(RAMP, "S", "1", "r")] = KnownCase(uuid4(), old)
    if new is not None:
        known[(RAMP, "S", "2", "r")] = KnownCase(uuid4(), new)
    return plan_amendment(broken, known, replaced=[OLD], adopted=[NEW])


@pytest.mark.parametrize(("state", "broken"), list(product([None, *ViolationState], [True, False])))
def test_every_state_has_a_move_and_only_living_cases_are_superseded(
    state: str | None, broken: bool
) -> None:
    after, _ = REPLACED_MOVES[state, broken]
    assert after == ("superseded" if state in LIVING else state)


@pytest.mark.parametrize("state", LIVING)
def test_a_breach_of_both_editions_goes_on_in_a_case_that_names_the_one_it_follows(
    state: str,
) -> None:
    found = plan([BREACH], old=state)
    (opening,) = found.openings
    (superseding,) = found.supersedings
    assert opening.case is None
    assert opening.follows == superseding.case
    assert superseding.followed_by == (RAMP, "S", "2", "r")


@pytest.mark.parametrize("state", LIVING)
def test_a_breach_of_the_old_edition_alone_is_superseded_without_a_follower(state: str) -> None:
    found = plan([], old=state)
    assert found.openings == []
    assert [s.followed_by for s in found.supersedings] == [None]


def test_a_breach_of_the_new_edition_alone_opens_a_case() -> None:
    found = plan([BREACH])
    assert [(o.case, o.follows) for o in found.openings] == [(None, None)]
    assert found.supersedings == []


def test_a_case_closed_by_a_measurement_within_the_old_limit_stays_closed() -> None:
    found = plan([BREACH], old="closed")
    assert [o.follows for o in found.openings] == [None]
    assert found.supersedings == []


def test_what_supervision_overturned_is_not_opened_by_the_same_reading() -> None:
    found = plan([BREACH], old="overturned")
    assert (found.openings, found.supersedings) == ([], [])


@pytest.mark.parametrize("state", ["closed", "superseded"])
def test_an_edition_adopted_again_opens_its_ended_case_again(state: str) -> None:
    (opening,) = plan([BREACH], old="open", new=state).openings
    assert opening.case is not None
    assert opening.case.state == state


@pytest.mark.parametrize("state", [*LIVING, "overturned"])
def test_a_case_that_the_new_edition_has_already_is_left_alone_and_followed(state: str) -> None:
    found = plan([BREACH], old="open", new=state)
    assert found.openings == []
    assert [s.followed_by for s in found.supersedings] == [(RAMP, "S", "2", "r")]


def test_a_second_run_finds_nothing_to_do() -> None:
    found = plan([BREACH], old="superseded", new="open")
    assert (found.openings, found.supersedings) == ([], [])


def test_editions_that_no_decision_brought_are_left_alone() -> None:
    found = plan([Finding("violation", standard="T"), Finding("violation", edition="1")])
    assert (found.openings, found.supersedings) == ([], [])


def test_a_case_at_another_element_is_not_followed() -> None:
    found = plan([Finding("violation", edition="2", element_id=DOOR)], old="open")
    assert [o.follows for o in found.openings] == [None]
    assert [s.followed_by for s in found.supersedings] == [None]


def test_every_state_of_the_tables_is_a_word_of_the_domain() -> None:
    assert {state for state, _ in REPLACED_MOVES} == {None, *ViolationState}
    assert set(ADOPTED_MOVES) <= {None, *ViolationState}


def test_what_a_corrected_value_overturned_is_opened_where_that_value_breaks_the_new() -> None:
    case = KnownCase(uuid4(), ViolationState.OVERTURNED)
    known = {(RAMP, "S", "1", "r"): case}
    found = plan_amendment([BREACH], known, replaced=[OLD], adopted=[NEW], corrected=[case.id])
    assert [(o.case, o.follows) for o in found.openings] == [(None, None)]
    assert found.supersedings == []
