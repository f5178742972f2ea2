"""Merging, as tables, and what holds for every merge."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.oversight.remediation import TABLET_MOVES, Command
from audit_api.domain.sync.merge import (
    Change,
    CommandOutcome,
    FieldOutcome,
    RevisionOutcome,
    merge_command,
    merge_field,
    merge_fields,
    merge_revision,
)
from audit_api.domain.vocabulary import TaskState

# Revisions


@pytest.mark.parametrize(
    ("base", "current", "same_bytes_as", "outcome"),
    [
        pytest.param(None, None, None, "first", id="nothing is here"),
        pytest.param(1, 1, None, "next", id="corrects the current one"),
        pytest.param(2, 2, 2, "next", id="says again what the current one says, on purpose"),
        pytest.param(2, 3, 1, "branch", id="goes back to what was said before its base"),
        pytest.param(2, 3, 2, "branch", id="says its base once more, which is not current"),
        pytest.param(1, 2, None, "branch", id="another corrected it meanwhile"),
        pytest.param(None, 1, None, "branch", id="first says the tablet, here is one"),
        pytest.param(1, None, None, "branch", id="corrects what is not here"),
        pytest.param(3, 2, None, "branch", id="corrects what is not here yet"),
        pytest.param(1, 2, 2, "repeat", id="the same bytes are current"),
        pytest.param(None, 2, 1, "repeat", id="the same bytes were corrected since"),
    ],
)
def test_a_revision_finds_its_place(
    base: int | None, current: int | None, same_bytes_as: int | None, outcome: str
) -> None:
    assert merge_revision(base, current, same_bytes_as=same_bytes_as) == outcome


revs = st.none() | st.integers(1, 4)


@given(revs, revs, revs)
def test_a_revision_is_written_only_on_top_of_its_base(
    base: int | None, current: int | None, same: int | None
) -> None:
    outcome = merge_revision(base, current, same_bytes_as=same)
    written = outcome in (RevisionOutcome.FIRST, RevisionOutcome.NEXT)
    assert written == (base == current)


# One field


@pytest.mark.parametrize(
    ("old", "new", "server", "outcome", "if_law_relevant"),
    [
        pytest.param("a", "b", "a", "applied", "waits", id="the server has the old"),
        pytest.param("a", "b", "b", "agreed", "agreed", id="the server has the new"),
        pytest.param("a", "b", "c", "conflict", "waits", id="the server has something else"),
        pytest.param("a", "a", "a", "agreed", "agreed", id="nobody changed it"),
        pytest.param("a", "a", "c", "from_server", "from_server", id="only the server changed it"),
        pytest.param(None, "b", None, "applied", "waits", id="filled"),
        pytest.param("a", None, "a", "applied", "waits", id="emptied"),
        pytest.param("a", None, "c", "conflict", "waits", id="emptied here, changed there"),
        pytest.param("a", None, None, "agreed", "agreed", id="emptied on both sides"),
    ],
)
def test_a_field_against_what_the_server_has(
    old: str | None, new: str | None, server: str | None, outcome: str, if_law_relevant: str
) -> None:
    assert merge_field(Change(old, new), server) == outcome
    assert merge_field(Change(old, new), server, law_relevant=True) == if_law_relevant


# All fields of an edit

FIELDS = ("address", "location", "building_status", "label")
LAW = ("building_status",)
values = st.sampled_from([None, "a", "b", "c"])
things = st.fixed_dictionaries(dict.fromkeys(FIELDS, values))
edits = st.dictionaries(
    st.sampled_from(FIELDS), st.builds(Change, values, values), min_size=1, max_size=4
)
Thing = dict[str, Any]
Edit = Mapping[str, Change]


def after(server: Thing, edit: Edit) -> Thing:
    """The server's fields once an edit was merged into them."""
    merged = merge_fields(edit, server, law_relevant=LAW)
    return server | {name: change.new for name, change in merged.writes.items()}


@given(things, edits, st.sets(st.sampled_from(FIELDS)))
def test_every_field_lands_in_exactly_one_place(
    server: Thing, edit: Edit, changed_since: set[str]
) -> None:
    merged = merge_fields(edit, server, changed_since=changed_since, law_relevant=LAW)
    places = [*merged.applied, *merged.from_server, *(c.field for c in merged.conflicts)]
    assert sorted(places) == sorted({*edit, *changed_since})
    assert merged.writes.keys() <= merged.applied.keys()


@given(things, edits)
def test_what_the_tablet_did_not_see_is_never_overwritten(server: Thing, edit: Edit) -> None:
    merged = merge_fields(edit, server, law_relevant=LAW)
    for name, change in merged.writes.items():
        assert edit[name].old == server[name] == change.old
        assert name not in LAW
    for name, value in merged.from_server.items():
        assert value == server[name]
    for conflict in merged.conflicts:
        assert (conflict.mine, conflict.server) == (
            edit[conflict.field].new,
            server[conflict.field],
        )


@given(things, edits)
def test_merging_again_writes_nothing_more(server: Thing, edit: Edit) -> None:
    once = after(server, edit)
    again = merge_fields(edit, once, law_relevant=LAW)
    assert not again.writes
    assert after(once, edit) == once


@given(things, edits)
def test_an_edit_merged_twice_leaves_the_same_conflicts(server: Thing, edit: Edit) -> None:
    first = merge_fields(edit, server, law_relevant=LAW)
    again = merge_fields(edit, after(server, edit), law_relevant=LAW)
    assert again.conflicts == first.conflicts


@given(things, edits, edits)
def test_edits_of_different_fields_may_come_in_any_order(
    server: Thing, one: Edit, other: Edit
) -> None:
    apart = {name: change for name, change in other.items() if name not in one}
    assert after(after(server, one), apart) == after(after(server, apart), one)


@given(things, values, values)
def test_of_two_different_edits_of_one_field_exactly_one_is_written(
    server: Thing, mine: str | None, theirs: str | None
) -> None:
    old = server["address"]
    if mine in (old, theirs) or theirs == old:
        return
    first = {"address": Change(old, mine)}
    second = {"address": Change(old, theirs)}
    merged = merge_fields(second, after(server, first), law_relevant=LAW)
    assert [(c.field, c.outcome) for c in merged.conflicts] == [("address", FieldOutcome.CONFLICT)]
    assert after(after(server, first), second)["address"] == mine


@given(things, edits)
def test_what_is_unchanged_needs_no_write_and_no_person(server: Thing, edit: Edit) -> None:
    merged = merge_fields(edit, server, law_relevant=LAW)
    assert merged.unchanged == (after(server, edit) == server and not merged.conflicts)


# Commands

_COMMANDS = """
command     | expected      | current       | outcome
acknowledge | assigned      | assigned      | carried_out
acknowledge | assigned      | acknowledged  | repeated
acknowledge | assigned      | in_progress   | repeated
acknowledge | acknowledged  | acknowledged  | repeated
start       | acknowledged  | acknowledged  | carried_out
start       | acknowledged  | in_progress   | repeated
start       | acknowledged  | returned      | precondition_gone
start       | returned      | returned      | carried_out
report_done | in_progress   | in_progress   | carried_out
report_done | in_progress   | reported_done | repeated
report_done | in_progress   | verified      | repeated
report_done | in_progress   | returned      | precondition_gone
report_done | acknowledged  | in_progress   | precondition_gone
report_done | returned      | returned      | carried_out
report_done | acknowledged  | assigned      | precondition_gone
"""


@pytest.mark.parametrize(
    "row", [line.split("|") for line in _COMMANDS.strip().split("\n")[1:]], ids=" ".join
)
def test_a_command_against_the_tasks_state(row: list[str]) -> None:
    command, expected, current, outcome = (cell.strip() for cell in row)
    move = TABLET_MOVES[Command(command)]
    assert merge_command(move, TaskState(expected), TaskState(current)) == outcome


@given(st.sampled_from(Command), st.sampled_from(TaskState), st.sampled_from(TaskState))
def test_a_command_that_was_carried_out_is_harmless_when_it_comes_again(
    command: Command, expected: TaskState, current: TaskState
) -> None:
    move = TABLET_MOVES[command]
    if merge_command(move, expected, current) is CommandOutcome.CARRIED_OUT:
        assert merge_command(move, expected, move.target) is CommandOutcome.REPEATED
