"""The moves of a task: all pairs of command and state."""

import pytest

from audit_api.domain.access import WHO_MAY_WHAT, Noun
from audit_api.domain.oversight.remediation import TABLET_MOVES, Command
from audit_api.domain.vocabulary import Role, TaskState

GOES = {
    Command.ACKNOWLEDGE: {TaskState.ASSIGNED},
    Command.START: {TaskState.ACKNOWLEDGED, TaskState.RETURNED},
    Command.REPORT_DONE: {TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS, TaskState.RETURNED},
}


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("command", Command)
def test_a_command_goes_from_these_states_and_from_no_other(
    command: Command, state: TaskState
) -> None:
    move = TABLET_MOVES[command]
    assert (state in move.sources) is (state in GOES[command])
    assert not (state in move.sources and state in move.moot_in)


def test_no_command_verifies_or_returns() -> None:
    targets = {move.target for move in TABLET_MOVES.values()}
    assert targets == {TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS, TaskState.REPORTED_DONE}


@pytest.mark.parametrize("command", Command)
def test_whoever_is_there_already_has_nothing_left_to_do(command: Command) -> None:
    move = TABLET_MOVES[command]
    assert move.target in move.moot_in
    assert TaskState.ASSIGNED not in move.moot_in


@pytest.mark.parametrize("command", Command)
def test_only_an_lsg_head_gives_commands(command: Command) -> None:
    row = WHO_MAY_WHAT[Noun.TASKS]
    assert {role for role in Role if TABLET_MOVES[command].verb in row[role]} == {Role.LSG_HEAD}
