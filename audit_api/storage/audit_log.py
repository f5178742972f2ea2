"""The audit log: who did what when. Rows are only ever added; a trigger refuses the rest."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Json, Word, ask


class AuditEntry(Base):
    """One thing that was done. `detail` holds ids and hashes, no personal data."""

    __tablename__ = "audit_log"

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[Instant]
    what: Mapped[Word]
    person_id: Mapped[Id | None]
    device_id: Mapped[Id | None]
    subject: Mapped[str]
    detail: Mapped[Json]


_RECORD = """
    insert into audit_log (at, what, person_id, device_id, subject, detail)
    values (%(at)s, %(what)s, %(person)s, %(device)s, %(subject)s, cast(%(detail)s as json))
"""


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
    ask(
        session,
        _RECORD,
        {
            "at": at,
            "what": what,
            "person": person,
            "device": device,
            "subject": str(subject),
            "detail": msgspec.json.encode(detail).decode(),
        },
    )
