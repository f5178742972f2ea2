"""What becomes of a tablet's work that meets what the server has meanwhile: named outcomes, no I/O.

An inspection has one author: a second revision from one base is a branch. Fields of sites and
elements are merged one by one, against what the tablet saw (`old`) and wants (`new`). A command to
a task has a precondition. No clock decides anything here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from audit_api.domain.oversight.remediation import TabletMove
from audit_api.domain.vocabulary import TaskState


class RevisionOutcome(StrEnum):
    """What a handed-in revision of an inspection is to those that are here."""

    FIRST = "first"
    NEXT = "next"
    REPEAT = "repeat"
    BRANCH = "branch"


def merge_revision(
    base: int | None, current: int | None, *, same_bytes_as: int | None = None
) -> RevisionOutcome:
    """Where a revision made from revision `base` belongs when `current` is the newest.

    `base` None: it says that it is the first. `current` None: the inspection is not here.
    `same_bytes_as`: the newest revision here whose body has the same bytes, if any. Behind the base
    it is this one, sent before; before it, the author goes back to what he said earlier, and means
    it. A base that the server does not have (`current` None) makes a branch too: nobody can say
    what it corrects.
    """
    if base == current:
        return RevisionOutcome.FIRST if current is None else RevisionOutcome.NEXT
    sent_before = same_bytes_as is not None and same_bytes_as > (base or 0)
    return RevisionOutcome.REPEAT if sent_before else RevisionOutcome.BRANCH


@dataclass(frozen=True, slots=True)
class Change:
    """A field as the tablet saw it, and as it is to be."""

    old: Any
    new: Any


class FieldOutcome(StrEnum):
    """What becomes of one field."""

    AGREED = "agreed"
    """The server has the new value already."""
    APPLIED = "applied"
    """The server still has the old value: the new one is written."""
    FROM_SERVER = "from_server"
    """The tablet left it as it was, the server has another value since: that one stays."""
    CONFLICT = "conflict"
    """Both changed it, differently: the server's stays, a person decides."""
    WAITS = "waits"
    """It decides which clauses bind, so a person decides before it is written."""


def merge_field(change: Change, server: Any, *, law_relevant: bool = False) -> FieldOutcome:
    """What becomes of a field of which the server has the value `server` now."""
    if change.new == server:
        return FieldOutcome.AGREED
    if change.new == change.old:
        return FieldOutcome.FROM_SERVER
    if law_relevant:
        return FieldOutcome.WAITS
    return FieldOutcome.APPLIED if change.old == server else FieldOutcome.CONFLICT


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field that a person decides on: both sides, and whether because of the law alone."""

    field: str
    mine: Any
    server: Any
    outcome: FieldOutcome


@dataclass(frozen=True, slots=True)
class MergedFields:
    """What becomes of an edit. Every field lies in one of `applied`, `from_server`, `conflicts`."""

    applied: dict[str, Any] = field(default_factory=dict)
    """As the tablet wants it, written or there already."""
    writes: dict[str, Change] = field(default_factory=dict)
    """What of it has to be written: from what the server has, to what."""
    from_server: dict[str, Any] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether the server has all of it already."""
        return not self.writes and not self.conflicts

    @property
    def law_relevant(self) -> bool:
        """Whether a field waits that decides which clauses bind."""
        return any(conflict.outcome is FieldOutcome.WAITS for conflict in self.conflicts)


def merge_fields(
    changes: Mapping[str, Change],
    server: Mapping[str, Any],
    *,
    changed_since: Iterable[str] = (),
    law_relevant: Iterable[str] = (),
) -> MergedFields:
    """Merge an edit field by field into what the server has.

    `server` has all fields of the thing; `changed_since` are those that others changed since the
    tablet's base: where the edit does not name them, the tablet learns the server's value.
    """
    law = frozenset(law_relevant)
    merged = MergedFields(
        from_server={name: server[name] for name in changed_since if name not in changes}
    )
    conflicts = []
    for name, change in changes.items():
        now = server[name]
        outcome = merge_field(change, now, law_relevant=name in law)
        match outcome:
            case FieldOutcome.AGREED:
                merged.applied[name] = now
            case FieldOutcome.APPLIED:
                merged.applied[name] = change.new
                merged.writes[name] = Change(now, change.new)
            case FieldOutcome.FROM_SERVER:
                merged.from_server[name] = now
            case FieldOutcome.CONFLICT | FieldOutcome.WAITS:
                conflicts.append(Conflict(name, change.new, now, outcome))
    return MergedFields(merged.applied, merged.writes, merged.from_server, tuple(conflicts))


class CommandOutcome(StrEnum):
    """What becomes of a command to a task."""

    CARRIED_OUT = "carried_out"
    REPEATED = "repeated"
    """The task is there already, or beyond it: nothing to do."""
    PRECONDITION_GONE = "precondition_gone"


def merge_command(move: TabletMove, expected: TaskState, current: TaskState) -> CommandOutcome:
    """What becomes of a command that was given when the task was `expected`; it is `current` now.

    Two tablets of one LSG body may say the same: what is there already stays as it is.
    """
    if expected is current and current in move.sources:
        return CommandOutcome.CARRIED_OUT
    if current in move.moot_in:
        return CommandOutcome.REPEATED
    return CommandOutcome.PRECONDITION_GONE
