"""The worker makes a file that was asked for, with the grants that the person has by then."""

import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from audit_api.domain.access import scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import DomainError, ScopeGone
from audit_api.services.exports.kinds_of_files import KINDS
from audit_api.services.exports.making import Made, Making, Tools
from audit_api.storage import audit_log, exports
from audit_api.storage.evidence.photo_store import BucketUnavailable
from audit_api.storage.exports import Export, StoredFile
from audit_api.storage.file_store import EXPORTS
from audit_api.storage.papers import add_paper
from audit_api.storage.people import actor_of_person

MOST_ATTEMPTS: Final = 3
KEPT: Final = timedelta(days=7)
"""How long a file may be fetched."""
_PASSING: Final = (BucketUnavailable, OperationalError, PoolTimeout)
_PROGRESS_S: Final = 1.0

log = structlog.get_logger()


def run_export(tools: Tools, export: UUID, *, now: Callable[[], datetime]) -> None:
    """Make the file, once: what is done or failed already stays as it is.

    Raises what passes by itself (store or database away), so that the job is tried again; after
    the third attempt, and for anything else, the export is failed and says why.
    """
    at = now()
    with tools.database.writing() as session:
        begun = exports.begin(session, export, at=at)
    if begun is None:
        return
    try:
        if begun.attempts > MOST_ATTEMPTS:
            raise _GaveUp
        _make(tools, begun, at, now)
    except DomainError as error:
        _fail(tools, begun, error.slug, error.title, error.detail, now())
    except _PASSING as error:
        if begun.attempts < MOST_ATTEMPTS:
            raise
        log.warning("export_failed", export=str(export), error=type(error).__name__)
        _fail(
            tools, begun, "not-reachable", "The store or the database did not answer",
            "Three attempts came to nothing. Ask for the file again later.", now(),
        )  # fmt: skip
    except _GaveUp:
        _fail(
            tools, begun, "worker-died", "The worker was ended three times while making it",
            "Ask for less at once, or tell the administrator.", now(),
        )  # fmt: skip
    except Exception as error:
        log.exception("export_failed", export=str(export), error=type(error).__name__)
        _fail(
            tools, begun, "internal", "Something went wrong on the server",
            f"Tell the administrator the id of the export: {export}.", now(),
        )  # fmt: skip


class _GaveUp(Exception):
    """It was begun too often."""


def _make(tools: Tools, begun: Export, at: datetime, now: Callable[[], datetime]) -> None:
    with tools.database.reading() as session:
        actor = actor_of_person(session, begun.person_id, today(at))
    kind = KINDS[begun.kind]
    if actor is None or scope_of(actor, kind.noun).empty:
        raise ScopeGone("No grant of yours opens this any more. Ask an administrator for one.")
    asked = begun.asked
    with tempfile.TemporaryDirectory(prefix="audit-api-export-") as folder:
        made = kind.makers[begun.format](
            Making(
                tools=tools,
                actor=actor,
                scope=scope_of(actor, kind.noun),
                noun=kind.noun,
                kind=begun.kind,
                language=begun.language,
                base_url=begun.base_url,
                filters=asked["filters"],
                subject=None if asked["id"] is None else UUID(asked["id"]),
                at=at,
                folder=Path(folder),
                progress=_progress(tools, begun),
            )
        )
        stored = _store(tools, begun, made)
    grants = [[grant.role.value, str(grant.territory)] for grant in actor.grants]
    _finish(tools, begun, made, stored, grants, now())


def _store(tools: Tools, begun: Export, made: Made) -> StoredFile:
    digest = hashlib.sha256()
    with made.path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    key = made.kept_as or f"{EXPORTS}{begun.id}-{begun.attempts}"
    tools.files.put(key, made.path, made.content_type)
    code = made.paper.code if made.paper else None
    return StoredFile(
        key, made.name, made.content_type, digest.digest(), made.path.stat().st_size, code
    )


def _finish(
    tools: Tools,
    begun: Export,
    made: Made,
    stored: StoredFile,
    grants: list[list[str]],
    at: datetime,
) -> None:
    with tools.database.writing() as session:
        mine = exports.finish(
            session,
            begun.id,
            begun.attempts,
            stored,
            rows=made.rows,
            grants=grants,
            at=at,
            expires_at=at + KEPT,
        )
        if not mine:
            return
        if made.paper is not None:
            add_paper(
                session,
                made.paper,
                file_sha256=stored.sha256,
                file_bytes=stored.bytes,
                file_key=made.kept_as,
                at=at,
            )
        told: dict[str, Any] = {} if stored.paper_code is None else {"paper": stored.paper_code}
        audit_log.record(
            session,
            "exported",
            begun.id,
            at=at,
            person=begun.person_id,
            kind=begun.kind,
            format=begun.format,
            rows=made.rows,
            sha256=stored.sha256.hex(),
            **told,
        )


def _progress(tools: Tools, begun: Export) -> Callable[[int, int | None], None]:
    """Notes how far it is, at most once a second."""
    told = 0.0

    def progress(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told < _PROGRESS_S:
            return
        told = time.monotonic()
        with tools.database.writing() as session:
            exports.note_progress(session, begun.id, begun.attempts, done=done, total=total)

    return progress


def _fail(tools: Tools, begun: Export, slug: str, title: str, detail: str, at: datetime) -> None:
    problem = {"slug": slug, "title": title, "detail": detail}
    with tools.database.writing() as session:
        exports.fail(session, begun.id, begun.attempts, problem, at=at)
