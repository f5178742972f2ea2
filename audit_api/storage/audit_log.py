"""The audit log: who did what when. Rows are only ever added; a trigger refuses the rest."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.sync.operations import Entry
from audit_api.storage.base import Base, Id, Instant, Json, Word, ask


class AuditEntry(Base):
    """One thing that was done. `detail` holds ids and hashes, no personal data."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(
            "ix_audit_log_photo",
            "subject",
            postgresql_where=text("what in ('photo_received', 'original_read')"),
        ),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[Instant]
    what: Mapped[Word]
    person_id: Mapped[Id | None]
    device_id: Mapped[Id | None]
    subject: Mapped[str]
    detail: Mapped[Json]


RECORD = """
    insert into audit_log (at, what, person_id, device_id, subject, detail)
    select at, what, person, device, subject, detail
    from json_to_recordset(cast(%(entries)s as json)) as e(at timestamptz, what text, person uuid,
        device uuid, subject text, detail json)
"""
"""Adds the `entries` (see `as_values`); other statements may take it along."""


def record(
    session: Session,
    what: str,
    subject: UUID | str,
    *,
    at: datetime,
    person: UUID | None = None,
    device: UUID | None = None,
    **detail: Any,
) -> None:
    """Add an entry in the caller's transaction."""
    record_all(session, [Entry(what, str(subject), at, person, device, detail)])


def record_all(session: Session, entries: Iterable[Entry]) -> None:
    """Add entries in the caller's transaction, in their order."""
    ask(session, RECORD, {"entries": as_values(entries)})


def as_values(entries: Iterable[Entry]) -> str:
    """Entries as the parameter of `RECORD`."""
    return msgspec.json.encode(list(entries)).decode()
