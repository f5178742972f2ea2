"""An upload is whole and in the bucket: note the original, and let go of its parts."""

from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.services.sync.attach_photo import attach_photo
from audit_api.storage.base import give_up
from audit_api.storage.sync import uploads


def finish_upload(
    session: Session, actor: Actor, held: uploads.Held, *, length: int, at: datetime
) -> bool:
    """One transaction's work behind the object; False if another request holds the upload now.

    The object stays either way: whoever finishes finds it there. An empty file is no photo.
    """
    completed = uploads.complete(session, held, length=length, at=at)
    if length:
        attach_photo(
            session, actor, held.sha256, size=length, content_type=held.content_type, at=at
        )
    if completed.fetchone() is None:
        give_up(session)
        return False
    return True
