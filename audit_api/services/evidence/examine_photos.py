"""Originals that nobody looked at yet: examined one by one, apart from this process."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import structlog

from audit_api.imaging import Examination, Examiner
from audit_api.storage.base import Database
from audit_api.storage.evidence.examinations import note_examination, unexamined
from audit_api.storage.evidence.photo_store import PhotoStore

log = structlog.get_logger()
_PAGE: Final = 50


def examine_photos(
    database: Database, store: PhotoStore, examiner: Examiner, *, now: Callable[[], datetime]
) -> Iterator[bytes]:
    """Examine until nothing is left; yields each hash when its row is committed.

    Goes on where it was stopped: previews are written before the row that tells of them, and
    writing them again changes nothing. Raises BucketUnavailable.
    """
    while True:
        with database.reading() as session:
            waiting = unexamined(session, limit=_PAGE)
        for sha256 in waiting:
            examine_photo(database, store, examiner, sha256, now=now)
            yield sha256
        if len(waiting) < _PAGE:
            return


def examine_photo(
    database: Database,
    store: PhotoStore,
    examiner: Examiner,
    sha256: bytes,
    *,
    now: Callable[[], datetime],
) -> None:
    """Examine this one and commit its row; a second time changes nothing."""
    seen = _examine(store, examiner, sha256)
    with database.writing() as session:
        note_examination(session, sha256, at=now(), **_columns(seen))


def _examine(store: PhotoStore, examiner: Examiner, sha256: bytes) -> Examination:
    with examiner.folder() as folder:
        with (folder / "original").open("wb") as sink:
            found = store.stored_sha256(sha256, sink)
        if found != sha256:
            log.error("original_damaged", photo=sha256.hex(), found=found.hex() if found else None)
            return Examination(refused="the original in the bucket is not what it was")
        seen = examiner.examine(folder)
    for preview in seen.previews:
        store.put_preview(sha256, preview.size, preview.content)
    return seen


def _columns(seen: Examination) -> dict[str, Any]:
    claims = seen.claims or {}
    return {
        "refused": seen.refused,
        "format": seen.format,
        "width": seen.width,
        "height": seen.height,
        "taken": claims.get("taken"),
        "taken_at": _instant(claims.get("taken")),
        "lat": claims.get("lat"),
        "lon": claims.get("lon"),
        "camera": claims.get("camera"),
        "dhash": None if seen.dhash is None else _signed(seen.dhash),
        "previews": [preview.size for preview in seen.previews],
    }


def _instant(taken: str | None) -> datetime | None:
    """The instant, if the file names the offset of its clock."""
    if taken is None:
        return None
    try:
        found = datetime.fromisoformat(taken)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits
