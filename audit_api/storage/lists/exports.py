"""Exports, as whoever asked for them reads them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.storage.lists.selection import AnyRow

_EXPORT = """select json_build_object('id', e.id, 'kind', e.kind, 'format', e.format,
    'language', e.language, 'asked', e.asked, 'asked_at', e.asked_at, 'state', e.state,
    'done', e.done, 'total', e.total, 'started_at', e.started_at, 'finished_at', e.finished_at,
    'problem', case when e.state = 'failed' then json_build_object(
        'type', 'urn:audit-api:problem:' || (e.problem ->> 'slug'),
        'title', e.problem ->> 'title', 'detail', e.problem ->> 'detail') end,
    'file', case when e.state = 'done' then json_build_object(
        'href', '/api/v1/exports/' || e.id || '/file', 'name', e.file_name,
        'content_type', e.content_type, 'bytes', e.file_bytes,
        'sha256', encode(e.file_sha256, 'hex'), 'expires_at', e.expires_at,
        'verify', e.base_url || '/verify/' || e.paper_code) end)::text as doc,
    e.asked_at, e.id
    from export e where e.person_id = :person"""
_ONE = text(f"{_EXPORT} and e.id = :id")
_PAGE = text(f"""{_EXPORT} and (cast(:at as timestamptz) is null
    or (e.asked_at, e.id) > (cast(:at as timestamptz), cast(:id as uuid)))
    order by e.asked_at, e.id limit :limit""")


def as_json(session: Session, person: UUID, export: UUID) -> str | None:
    """One export as JSON text; None for what somebody else asked for."""
    found: str | None = session.execute(_ONE, {"person": person, "id": export}).scalar()
    return found


def list_exports(
    session: Session, person: UUID, *, after: Sequence[Any] | None, limit: int
) -> Sequence[AnyRow]:
    """What a person asked for, oldest first, as rows of (JSON text, asked_at, id).

    One row more than `limit`, if there is one.
    """
    at, export = after or (None, None)
    values = {"person": person, "at": at, "id": export, "limit": limit + 1}
    return session.execute(_PAGE, values).all()
