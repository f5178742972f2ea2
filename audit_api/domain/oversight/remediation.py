"""The commands that a tablet may give to a remediation task; from where they go says `lives`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audit_api.domain.oversight.lives import TASK_LIFE
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
command     | verb        | nothing left to do in
acknowledge | acknowledge | acknowledged in_progress reported_done verified returned lapsed
start       | progress    | in_progress reported_done verified lapsed
report_done | report      | reported_done verified lapsed
"""


def _parse(table: str) -> dict[Command, TabletMove]:
    _, *rows = [[cell.strip() for cell in line.split("|")] for line in table.split("\n") if line]
    return {
        Command(command): TabletMove(
            verb,
            frozenset(map(TaskState, TASK_LIFE.sources(command))),
            TaskState(TASK_LIFE.target(command, TASK_LIFE.sources(command)[0])),
            frozenset(map(TaskState, moot_in.split())),
        )
        for command, verb, moot_in in rows
    }


TABLET_MOVES: Final = _parse(_TABLE)
NEEDS_PHOTO: Final = frozenset({Command.REPORT_DONE})
"""What is said to be done is shown."""
