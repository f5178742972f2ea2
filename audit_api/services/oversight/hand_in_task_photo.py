"""A photo that a person hands in for a task, without a tablet."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import InvalidInput, NotFound
from audit_api.domain.oversight.lives import TASK_LIFE
from audit_api.services.oversight.move_task import TaskWord
from audit_api.services.sync.attach_photo import attach_photo
from audit_api.storage import audit_log
from audit_api.storage.oversight import task_photos

MOST_PHOTOS: Final = 200
"""Of one task: four times what a report shows."""


def check_takes_photos(session: Session, scope: Scope, task: UUID) -> None:
    """Raise NotFound outside the scope, MoveRefused where no report goes, InvalidInput if full."""
    found = task_photos.find_taking_task(session, scope, task)
    if found is None:
        raise NotFound
    TASK_LIFE.target(TaskWord.REPORT_DONE, found.state)
    if found.photos >= MOST_PHOTOS:
        raise InvalidInput(
            f"{found.photos} photos were handed in for this task, and it takes no more. "
            "Report with those that are here."
        )


def hand_in_task_photo(
    session: Session,
    actor: Actor,
    scope: Scope,
    task: UUID,
    sha256: bytes,
    *,
    size: int,
    content_type: str,
    at: datetime,
) -> bool:
    """Note an original that the bucket holds, and for which task; False if that was noted before.

    Whether the same file is here for another reason is not told: that may lie outside the scope.
    """
    check_takes_photos(session, scope, task)
    new = attach_photo(
        session, actor, sha256, size=size, content_type=content_type, at=at, task=str(task)
    )
    tied = task_photos.tie_photo(session, task, sha256, person=actor.person, at=at)
    if tied and not new:
        audit_log.record(
            session,
            "photo_received",
            sha256.hex(),
            at=at,
            person=actor.person,
            bytes=size,
            task=str(task),
            again=True,
        )
    return tied
