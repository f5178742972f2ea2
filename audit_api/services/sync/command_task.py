"""Commands of an LSG head's tablet to a task: carried out, repeated, or kept for a person."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.oversight.remediation import TABLET_MOVES
from audit_api.domain.sync.merge import CommandOutcome, merge_command
from audit_api.domain.sync.operations import Authority, Entry, OperationResult, ReceivedOperation
from audit_api.domain.sync.reading_edits import InvalidEdit, TaskCommand, read_command
from audit_api.domain.vocabulary import EntityKind, OperationStatus, ReviewKind, TaskState
from audit_api.services.sync.edit_fields import faults_of, not_within
from audit_api.storage.oversight.reviews import NewReview, open_review
from audit_api.storage.oversight.task_moves import TaskMove, move_task
from audit_api.storage.sync import edits, feed
from audit_api.storage.sync.edits import Asked, Place, TaskNow
from field_schema.catalog import Catalog


def read_task(
    actor: Actor, operation: ReceivedOperation, _catalog: Catalog
) -> TaskCommand | OperationResult:
    """The command, or why it is rejected."""
    try:
        return read_command(operation.body)
    except InvalidEdit as invalid:
        return faults_of(actor, invalid)


def look_at_task(session: Session, operation: ReceivedOperation, said: TaskCommand) -> Asked | None:
    """Hold the task's site, and ask how the task stands; nothing is awaited."""
    if operation.entity is None:
        return None
    return edits.ask_task(session, operation.entity, [photo["sha256"] for photo in said.photos])


def command_task(
    session: Session,
    actor: Actor,
    authority: Authority,
    operation: ReceivedOperation,
    said: TaskCommand,
    asked: Asked | None,
    *,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    """Carry out a command, or say why not.

    A person who lets it out of quarantine or takes it in a review answers for it in his territory;
    else its author needs the command's own verb there.
    """
    if asked is None or operation.entity is None:
        raise TypeError("an operation without an id was rejected before")
    move = TABLET_MOVES[said.command]
    scope = authority.scope
    if authority.released_by is None:
        scope = scope_of(actor, Noun.TASKS, move.verb)
    held = edits.place(asked)
    if held is None or held.territory not in scope.territories:
        return not_within("task")
    task = edits.task_now(asked)
    match merge_command(move, said.expected, TaskState(task.state)):
        case CommandOutcome.CARRIED_OUT:
            return _carry_out(session, actor, operation, said, task, at)
        case CommandOutcome.REPEATED:
            details = {"id": str(operation.entity), "rev": task.rev, "unchanged": True}
            return OperationResult(OperationStatus.APPLIED, details)
        case CommandOutcome.PRECONDITION_GONE:
            return _open_review(session, operation, said, held, task, at)


def _carry_out(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    said: TaskCommand,
    task: TaskNow,
    at: datetime,
) -> OperationResult:
    if operation.entity is None:
        raise TypeError("an operation without an id was rejected before")
    target = TABLET_MOVES[said.command].target
    move = TaskMove(
        said.command.value,
        task.state,
        target.value,
        said.note or "",
        op=operation.op,
        photos=said.photos,
    )
    move_task(session, operation.entity, move, person=actor.person, at=at)
    feed.publish(session, task=[operation.entity])
    rev = task.rev + 1
    announced = {photo["sha256"] for photo in said.photos}
    entry = Entry(
        "task_moved",
        str(operation.entity),
        at,
        actor.person,
        actor.device,
        {"rev": rev, "op": str(operation.op), "from": task.state, "to": target.value},
    )
    details = {
        "id": str(operation.entity),
        "rev": rev,
        "need_photos": sorted(announced - task.photos),
    }
    return OperationResult(
        OperationStatus.APPLIED, details, announced & task.photos, logged=(entry,)
    )


def _open_review(
    session: Session,
    operation: ReceivedOperation,
    said: TaskCommand,
    held: Place,
    task: TaskNow,
    at: datetime,
) -> OperationResult:
    if operation.entity is None:
        raise TypeError("an operation without an id was rejected before")
    target = TABLET_MOVES[said.command].target
    review = NewReview(
        id=uuid4(),
        kind=ReviewKind.TASK,
        entity_kind=EntityKind.TASK,
        entity=operation.entity,
        op=operation.op,
        site=held.site,
        mine={"state": target.value, "command": said.command.value, "if": said.expected.value},
        server={"rev": task.rev, "state": task.state},
    )
    open_review(session, review, at=at)
    announced = {photo["sha256"] for photo in said.photos}
    details = {
        "id": str(operation.entity),
        "rev": task.rev,
        "conflicts": [{"field": "state", "mine": target.value, "server": task.state}],
        "review": str(review.id),
        "need_photos": sorted(announced - task.photos),
        "detail": f"The task was {said.expected.value} on the tablet and is {task.state} here. "
        "Technical supervision decides.",
    }
    return OperationResult(OperationStatus.CONFLICT, details, announced & task.photos)
