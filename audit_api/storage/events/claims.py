"""What is tried until it has arrived: due, claimed by one worker at a time, ended.

A delivery to a webhook and a mail are both so; in which order they are claimed is their own.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from sqlalchemy import Integer, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Id, Instant, Word


class Tried:
    """The columns of such a row. `claim` of a worker holds until `claimed_until`."""

    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[Instant]
    claim: Mapped[Id | None]
    claimed_until: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]


class HeldRow(Protocol):
    """A row that this worker has claimed."""

    @property
    def id(self) -> UUID:
        """Of the row."""
        ...

    @property
    def claim(self) -> UUID:
        """Of this worker, on this attempt."""
        ...


FREE: Final = """state = 'pending' and due_at <= :at
    and (claimed_until is null or claimed_until <= :at)"""
"""Whether a row may be claimed; SQL with `:at`."""
CLAIM: Final = "claim = :claim, claimed_until = :until, attempts = attempts + 1"
"""What is set when it is; SQL with the values of `new_claim`."""
_END: Final = """
    update {table} set state = cast(:state as text), due_at = coalesce(:due_at, due_at),
        ended_at = case when cast(:state as text) <> 'pending'
            then cast(:at as timestamptz) end, claim = null, claimed_until = null
    where id = :id and claim = :claim
"""


def new_claim(at: datetime, lease: timedelta) -> dict[str, Any]:
    """The values of a claim; after the lease another worker may take the row."""
    return {"claim": uuid4(), "at": at, "until": at + lease}


def end_claim(
    session: Session,
    table: type[Tried],
    held: HeldRow,
    state: StrEnum,
    *,
    at: datetime,
    due_at: datetime | None = None,
) -> None:
    """Note where a row stands now; nothing where another worker has taken it over.

    `due_at`: when it is tried again.
    """
    statement = text(_END.format(table=table.__tablename__))  # type: ignore[attr-defined]
    values = {"id": held.id, "claim": held.claim, "at": at, "state": state.value, "due_at": due_at}
    session.execute(statement, values)
