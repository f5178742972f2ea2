"""The moves of a remediation task: who may, from which state to which. A measurement verifies.

A task of the permanent track is `verified` by an inspection and by nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audit_api.domain.vocabulary import TaskState


class Command(StrEnum):
    """What an LSG head's tablet says about a task."""

    ACKNOWLEDGE = "acknowledge"
    START = "start"
    REPORT_DONE = "report_done"


@dataclass(frozen=True, slots=True)
class TabletMove:
    """One command: the verb that allows it (`domain.access`), from where it goes, and whereto.

    `moot_in`: states in which it has nothing to say any more; giving it again is harmless there.
    """

    verb: str
    sources: frozenset[TaskState]
    target: TaskState
    moot_in: frozenset[TaskState]


_TABLE = """
command     | verb        | from                               | to            | nothing left to do in
acknowledge | acknowledge | assigned                           | acknowledged  | acknowledged in_progress reported_done verified returned
start       | progress    | acknowledged returned              | in_progress   | in_progress reported_done verified
report_done | report      | acknowledged in_progress returned  | reported_done | reported_done verified
"""  # noqa: E501 - a table is read across


def _states(cell: str) -> frozenset[TaskState]:
    return frozenset(TaskState(word) for word in cell.split())


def _parse(table: str) -> dict[Command, TabletMove]:
    _, *rows = [[cell.strip() for cell in line.split("|")] for line in table.split("\n") if line]
    return {
        Command(command): TabletMove(verb, _states(sources), TaskState(target), _states(moot_in))
        for command, verb, sources, target, moot_in in rows
    }


TABLET_MOVES: Final = _parse(_TABLE)
NEEDS_PHOTO: Final = frozenset({Command.REPORT_DONE})
"""What is said to be done is shown."""
