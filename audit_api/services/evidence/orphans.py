"""Originals in the bucket that no row knows: found by looking, deleted by a named decision alone.

They come of a crash between the object and its row, and of direct PUTs that were never completed -
but after a restore from an older backup also of photos whose rows are lost. So nothing here runs
by itself.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage import audit_log
from audit_api.storage.base import Database
from audit_api.storage.evidence import photos
from audit_api.storage.evidence.photo_store import PhotoStore, StoredOriginal

KEPT: Final = timedelta(days=7)
"""An object so young may still be waiting for its row."""


def orphans(database: Database, store: PhotoStore, *, at: datetime) -> Iterator[StoredOriginal]:
    """Originals older than seven days without a row, in the bucket's order.

    Raises BucketUnavailable.
    """
    for page in store.originals():
        old = [one for one in page if one.stored_at < at - KEPT]
        with database.reading() as session:
            known = photos.held(session, [one.sha256 for one in old])
        yield from (one for one in old if one.sha256 not in known)


def delete_orphan(
    session: Session,
    store: PhotoStore,
    orphan: StoredOriginal,
    *,
    person: UUID,
    reason: str,
    at: datetime,
) -> bool:
    """Delete one, noted with whose decision it was and why; False if it has a row meanwhile.

    The bucket's policy (docs/deploy) refuses it to the server's own account.
    """
    photos.hold_arrival(session, orphan.sha256)
    if photos.held(session, [orphan.sha256]):
        return False
    audit_log.record(
        session,
        "orphan_deleted",
        orphan.sha256.hex(),
        at=at,
        person=person,
        bytes=orphan.bytes,
        stored_at=orphan.stored_at.isoformat(),
        reason=reason,
    )
    store.delete_orphan(orphan.sha256)
    return True
