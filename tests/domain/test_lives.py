"""Every pair of states of a violation and of a task: allowed by these moves, or refused."""

from itertools import product
from pathlib import Path

import pytest

from audit_api.domain.errors import MoveRefused
from audit_api.domain.law.amendment import ADOPTED_MOVES, REPLACED_MOVES
from audit_api.domain.oversight.life import CLOCK, LAW, MEASUREMENT, Life, read_life
from audit_api.domain.oversight.lives import TASK_LIFE, VIOLATION_LIFE
from audit_api.domain.oversight.lives_page import lives_page
from audit_api.domain.oversight.remediation import TABLET_MOVES
from audit_api.domain.oversight.violations import VIOLATION_MOVES
from audit_api.domain.vocabulary import Role, TaskState, ViolationState

# (from, to) -> the moves; every pair that is not here is refused.
VIOLATION = {
    ("-", "open"): "opened adopted",
    ("open", "open"): "seen_again",
    ("open", "contested"): "decline remeasure correct_to_unsure",
    ("open", "confirmed"): "confirm correct_to_breach",
    ("open", "remedied"): "report_done",
    ("open", "closed"): "closed",
    ("open", "overturned"): "overturn correct_to_within",
    ("open", "superseded"): "superseded",
    ("contested", "contested"): "seen_again remeasure correct_to_unsure",
    ("contested", "confirmed"): "confirm correct_to_breach",
    ("contested", "closed"): "closed",
    ("contested", "overturned"): "overturn correct_to_within",
    ("contested", "superseded"): "superseded",
    ("confirmed", "contested"): "remeasure correct_to_unsure",
    ("confirmed", "confirmed"): "seen_again correct_to_breach",
    ("confirmed", "remedied"): "report_done",
    ("confirmed", "closed"): "closed",
    ("confirmed", "overturned"): "overturn correct_to_within",
    ("confirmed", "superseded"): "superseded",
    ("remedied", "open"): "reopened return",
    ("remedied", "confirmed"): "return_confirmed",
    ("remedied", "closed"): "closed",
    ("remedied", "superseded"): "superseded",
    ("closed", "open"): "reopened adopted",
    ("closed", "closed"): "confirm remeasure",
    ("overturned", "open"): "reopened",
    ("superseded", "open"): "reopened adopted",
}
_EVENTS = "estimate ask_extension decline set_deadline"
_ENDS = "verified ended_by_law ended_by_adjudication"
TASK = {
    ("-", "assigned"): "opened adopted open_temporary order_temporary",
    ("assigned", "assigned"): _EVENTS,
    ("assigned", "acknowledged"): "acknowledge",
    ("assigned", "verified"): _ENDS,
    ("acknowledged", "acknowledged"): _EVENTS,
    ("acknowledged", "in_progress"): "start",
    ("acknowledged", "reported_done"): "report_done",
    ("acknowledged", "verified"): _ENDS,
    ("in_progress", "in_progress"): _EVENTS,
    ("in_progress", "reported_done"): "report_done",
    ("in_progress", "verified"): _ENDS,
    ("reported_done", "reported_done"): "set_deadline",
    ("reported_done", "returned"): "return measured_outside",
    ("reported_done", "verified"): _ENDS,
    ("returned", "returned"): _EVENTS,
    ("returned", "in_progress"): "start",
    ("returned", "reported_done"): "report_done",
    ("returned", "verified"): _ENDS,
    **{(str(state), "lapsed"): "lapsed" for state in TaskState if state is not TaskState.LAPSED},
}
PAIRS = [
    pytest.param(life, allowed, source, target, id=f"{life.thing}: {source} to {target}")
    for life, allowed, states in (
        (VIOLATION_LIFE, VIOLATION, ViolationState),
        (TASK_LIFE, TASK, TaskState),
    )
    for source, target in product(["-", *states], states)
]


@pytest.mark.parametrize(("life", "allowed", "source", "target"), PAIRS)
def test_a_pair_of_states_is_allowed_by_these_moves_or_refused(
    life: Life, allowed: dict[tuple[str, str], str], source: str, target: str
) -> None:
    state = None if source == "-" else str(source)
    moves = set(allowed.get((str(source), str(target)), "").split())
    if moves:
        assert {step.move for step in life.require(state, str(target))} == moves
        return
    with pytest.raises(MoveRefused) as refused:
        life.require(state, str(target))
    assert refused.value.slug == "move-refused"
    assert life.thing in refused.value.detail
    assert (state or "not there") in refused.value.detail


@pytest.mark.parametrize("life", [VIOLATION_LIFE, TASK_LIFE], ids=lambda life: life.thing)
def test_a_move_goes_from_its_states_and_is_refused_from_all_others(life: Life) -> None:
    for move in {step.move for step in life.steps}:
        for state in life.states:
            if state in life.sources(move):
                assert life.target(move, state) in life.states
            else:
                with pytest.raises(MoveRefused, match=move):
                    life.target(move, state)


def test_only_a_measurement_closes_a_violation_or_verifies_a_living_one() -> None:
    closing = {s.by for s in VIOLATION_LIFE.steps if s.target == "closed" != s.source}
    assert closing == {MEASUREMENT}
    verifying = {s.by for s in TASK_LIFE.steps if s.move == "verified"}
    assert verifying == {MEASUREMENT}
    people = {s.by for s in TASK_LIFE.steps if s.target == "verified"} - {MEASUREMENT, LAW}
    assert people == {Role.TECHNICAL_SUPERVISOR}, "by overturning all that it is about"


def test_the_clock_lets_a_task_lapse_and_nothing_else_does() -> None:
    assert {s.move for s in TASK_LIFE.steps if s.by == CLOCK} == {"lapsed"}
    assert {s.by for s in TASK_LIFE.steps if s.target == "lapsed"} == {CLOCK}
    assert not [s for s in TASK_LIFE.steps if s.source == "lapsed"]
    assert not [s for s in VIOLATION_LIFE.steps if s.by == CLOCK]


def test_the_moves_of_measurements_are_those_of_the_table() -> None:
    by_pair = {(source, target) for (source, _), (_, target) in VIOLATION_MOVES.items()}
    assert by_pair == {(s.source, s.target) for s in VIOLATION_LIFE.steps if s.by == MEASUREMENT}


def test_what_a_changed_law_does_is_in_the_table() -> None:
    law = {(s.source, s.target) for s in VIOLATION_LIFE.steps if s.by == LAW}
    superseding = {
        (source, target)
        for (source, _), (target, _) in REPLACED_MOVES.items()
        if source is not None and target is not None and source != target
    }
    opening = set(ADOPTED_MOVES.items())
    assert {(s and str(s), str(t)) for s, t in superseding | opening} == law


def test_the_commands_of_tablets_are_moves_of_an_lsg_head() -> None:
    for command, move in TABLET_MOVES.items():
        for source in TaskState:
            steps = [s for s in TASK_LIFE.steps if (s.move, s.source) == (command, source)]
            assert bool(steps) is (source in move.sources)
            assert {(s.by, s.target) for s in steps} <= {(Role.LSG_HEAD, move.target)}


def test_a_table_with_a_strange_word_or_two_ways_is_refused() -> None:
    head = "by | move | from | to\n"
    with pytest.raises(ValueError, match="moves nothing"):
        read_life("task", TaskState, head + "somebody | x | assigned | verified")
    with pytest.raises(ValueError, match="declined"):
        read_life("task", TaskState, head + "law | x | assigned | declined")
    with pytest.raises(ValueError, match="twice"):
        read_life("task", TaskState, head + "law | x | assigned assigned | verified")


def test_the_page_is_printed_from_the_tables(project_root: Path) -> None:
    assert (project_root / "docs/lives.md").read_text() == lives_page()
