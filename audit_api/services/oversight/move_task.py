"""What people say about a task over HTTP; tablets say some of it through a push.

Both write the same event and move the same violations (`storage.task_moves`). There is no word that
verifies: only a measurement does.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import Fault, FourEyes, InvalidInput, MoveRefused, NotCurrent, NotFound
from audit_api.domain.oversight.lives import TASK_LIFE, VIOLATION_LIFE
from audit_api.domain.vocabulary import TaskTrack
from audit_api.storage import audit_log
from audit_api.storage.oversight import task_moves
from audit_api.storage.oversight.task_moves import HeldTask, TaskMove
from audit_api.storage.sync import feed


class TaskWord(StrEnum):
    """The moves of a task's life that a person asks for."""

    ACKNOWLEDGE = "acknowledge"
    START = "start"
    REPORT_DONE = "report_done"
    ESTIMATE = "estimate"
    ASK_EXTENSION = "ask_extension"
    DECLINE = "decline"
    RETURN = "return"
    SET_DEADLINE = "set_deadline"


VERBS: Final = {
    TaskWord.ACKNOWLEDGE: "acknowledge",
    TaskWord.START: "progress",
    TaskWord.REPORT_DONE: "report",
    TaskWord.ESTIMATE: "estimate",
    TaskWord.ASK_EXTENSION: "ask",
    TaskWord.DECLINE: "decline",
    TaskWord.RETURN: "reject",
    TaskWord.SET_DEADLINE: "deadline",
}
"""The verb of `domain.access` that allows each."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of the task as it was read (`rev`), and what it needs."""

    rev: int
    reason: str = ""
    photos: tuple[str, ...] = ()
    due_on: date | None = None
    cost_som: int | None = None


def move_task(
    session: Session,
    actor: Actor,
    scope: Scope,
    task: UUID,
    word: TaskWord,
    told: Told,
    *,
    at: datetime,
) -> None:
    """Carry out one word, with its event, in the scope of its verb.

    Raises NotFound outside the scope, NotCurrent, MoveRefused, FourEyes for returning what one
    measured, and InvalidInput for a photo that is not here or a day that changes nothing.
    """
    held = task_moves.hold_task(session, scope, task)
    if held is None:
        raise NotFound
    if held.rev != told.rev:
        raise NotCurrent(
            f"The task is at rev {held.rev}, not {told.rev}. Read it again, then say it.",
            extra={"rev": held.rev},
        )
    target = TASK_LIFE.target(word, held.state)
    _check(actor, held, word, told)
    photos = task_moves.photos_to_show(session, task, actor.person, told.photos)
    missing = [n for n, photo in enumerate(told.photos) if photo not in photos]
    if missing:
        detail = (
            "Nobody has handed this photo in for this task, and no tablet of yours has at all; "
            f"hand it in first (POST /api/v1/tasks/{task}/photos), then report."
        )
        faults = [Fault(f"/photos/{n}", detail) for n in missing]
        raise InvalidInput(detail, faults=faults)
    move = TaskMove(
        word.value,
        held.state,
        target,
        told.reason,
        photos=[photos[photo] for photo in told.photos],
        due_on=told.due_on,
        cost_som=told.cost_som,
    )
    task_moves.move_task(session, task, move, person=actor.person, at=at)
    detail_of = {"move": word.value, "source": held.state, "target": target, "rev": held.rev + 1}
    if told.due_on is not None:
        detail_of |= {"due_on": told.due_on.isoformat(), "was_due_on": held.due_on.isoformat()}
    audit_log.record(
        session, "task_moved", task, at=at, person=actor.person, device=None, **detail_of
    )
    feed.publish(session, task=[task])


def _check(actor: Actor, held: HeldTask, word: TaskWord, told: Told) -> None:
    """What a word needs beside its state."""
    if word is TaskWord.RETURN and actor.person in held.inspectors:
        raise FourEyes("You measured this yourself. Ask another technical supervisor to return it.")
    if held.track == TaskTrack.TEMPORARY:
        _check_day(held, word, told)
    elif word is TaskWord.DECLINE and not held.violation_states & set(
        VIOLATION_LIFE.sources(word.value)
    ):
        raise MoveRefused(
            "Nothing of this task is open to doubt: technical supervision has confirmed it, or "
            "looks at it already. Ask for an extension instead, or write to technical supervision.",
            extra={"state": held.state},
        )
    if word is TaskWord.ASK_EXTENSION and told.due_on is not None and told.due_on <= held.due_on:
        raise _no_change(f"The task is due on {held.due_on}; ask for a later day.")
    if word is TaskWord.SET_DEADLINE and told.due_on == held.due_on:
        raise _no_change(f"The task is due on {held.due_on} already.")


def _check_day(held: HeldTask, word: TaskWord, told: Told) -> None:
    """What a temporary task cannot be told: it contests nothing, and ends with election day."""
    if word is TaskWord.DECLINE:
        raise MoveRefused(
            "This task is about election day alone. Decline the permanent task of the element: it "
            "is about whether this is a breach.",
            extra={"state": held.state},
        )
    if told.due_on is not None and told.due_on > held.election_day:
        raise _no_change(
            f"A temporary remedy is for election day, {held.election_day}; name no later day."
        )


def _no_change(detail: str) -> InvalidInput:
    return InvalidInput(detail, faults=[Fault("/due_on", detail)])
