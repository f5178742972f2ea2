"""A photo has arrived in the bucket: note it, and tell whose inspections waited for it."""

from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.storage.evidence import photos
from audit_api.storage.sync import feed


def attach_photo(
    session: Session,
    actor: Actor,
    sha256: bytes,
    *,
    size: int,
    content_type: str,
    at: datetime,
    **detail: str,
) -> bool:
    """Note an original of `size` bytes that the bucket holds; False if it was known before.

    `detail` stands in the audit log's entry too.
    """
    added, waiting = photos.add_photo(
        session,
        sha256,
        size=size,
        content_type=content_type,
        person=actor.person,
        device=actor.device,
        at=at,
        **detail,
    )
    if added:
        feed.publish(session, inspection=waiting)
    return added
