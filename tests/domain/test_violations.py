"""Only a measurement opens, re-opens or closes a case."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from audit_api.domain.oversight.violations import (
    RECOMMENDATION_MOVES,
    VIOLATION_MOVES,
    KnownCase,
    Move,
    case_id,
    key_of,
    plan_moves,
    task_id,
)
from audit_api.domain.vocabulary import (
    ENDED_VIOLATION_STATES,
    RecommendationState,
    ViolationState,
)

VERDICTS = ("compliant", "violation", "borderline", "not_measured", "not_applicable")
RAMP, DOOR = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Finding:
    verdict: str
    element_id: UUID = RAMP
    standard: str = "S"
    edition: str = "1"
    requirement: str = "r"


def moves(state: str | None, verdict: str) -> list[tuple[Move, str]]:
    finding = Finding(verdict)
    known = {} if state is None else {key_of(finding): KnownCase(uuid4(), state)}
    return [(m.move, m.state) for m in plan_moves([finding], known, VIOLATION_MOVES)]


@pytest.mark.parametrize("verdict", ["borderline", "not_measured", "not_applicable"])
@pytest.mark.parametrize("state", [None, *ViolationState])
def test_a_verdict_that_is_not_sure_moves_nothing(state: str | None, verdict: str) -> None:
    assert moves(state, verdict) == []


def test_a_first_breach_opens_a_case() -> None:
    assert moves(None, "violation") == [(Move.OPENED, "open")]


def test_compliance_without_a_case_opens_none() -> None:
    assert moves(None, "compliant") == []


@pytest.mark.parametrize("state", [s for s in ViolationState if s not in ENDED_VIOLATION_STATES])
def test_a_measurement_within_the_limit_closes_any_living_case(state: str) -> None:
    assert moves(state, "compliant") == [(Move.CLOSED, "closed")]


@pytest.mark.parametrize("state", ["closed", "overturned", "remedied", "superseded"])
def test_a_breach_measured_anew_reopens(state: str) -> None:
    assert moves(state, "violation") == [(Move.REOPENED, "open")]


@pytest.mark.parametrize("state", ["open", "contested", "confirmed"])
def test_a_breach_seen_again_keeps_the_state_people_gave_it(state: str) -> None:
    assert moves(state, "violation") == [(Move.SEEN_AGAIN, state)]


def test_a_superseded_case_stays_superseded_when_its_clause_is_met() -> None:
    assert moves("superseded", "compliant") == []


def test_findings_of_another_element_leave_a_case_alone() -> None:
    mine = Finding("compliant")
    known = {key_of(Finding("x", element_id=DOOR)): KnownCase(uuid4(), "open")}
    assert plan_moves([mine], known, VIOLATION_MOVES) == []


def test_every_state_in_the_tables_is_a_word_of_the_domain() -> None:
    states = {state for state, _ in VIOLATION_MOVES} | {to for _, to in VIOLATION_MOVES.values()}
    assert states - {None} <= set(ViolationState)
    assert {state for state, _ in RECOMMENDATION_MOVES} <= {None, *RecommendationState}


def test_what_comes_again_after_a_restore_gets_the_ids_that_it_had() -> None:
    # As they stand in databases and in prosecutors' acts: they never change.
    assert case_id((RAMP, "S", "1", "r")) == UUID("1a41936c-c2a3-5950-a3ea-b6d72e4724ff")
    assert task_id(DOOR, 2, RAMP) == UUID("41265ca9-eeb4-5532-97e9-52f8d3d666d1")
