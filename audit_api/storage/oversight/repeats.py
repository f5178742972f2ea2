"""What became of requests that named a key, so that a repeat of one does nothing anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, delete, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Sha256, is_sha256

MOST_CHARACTERS: Final = 64


class AnsweredRequest(Base):
    """A request that was carried out: who sent it under which key, and the thing it was about."""

    __tablename__ = "answered_request"
    __table_args__ = (is_sha256("body_sha256"), Index("ix_answered_request_at", "at"))

    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    key: Mapped[str] = mapped_column(type_=String(MOST_CHARACTERS), primary_key=True)
    route: Mapped[str]
    body_sha256: Mapped[Sha256]
    thing: Mapped[Id]
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request under a key. `route`: method and path; `body_sha256`: of the bytes as sent."""

    person: UUID
    key: str
    route: str
    body_sha256: bytes


_HOLD = text("select pg_try_advisory_xact_lock(hashtextextended(:person || ' ' || :key, 26))")


def hold_key(session: Session, asked: Asked) -> bool:
    """Hold the person's key until commit; False while another request holds it."""
    values = {"person": str(asked.person), "key": asked.key}
    return bool(session.execute(_HOLD, values).scalar_one())


def find_answered(session: Session, asked: Asked) -> tuple[Asked, UUID] | None:
    """What was carried out under the person's key, and the thing it was about; hold it before."""
    row = session.execute(
        select(AnsweredRequest.route, AnsweredRequest.body_sha256, AnsweredRequest.thing).where(
            AnsweredRequest.person_id == asked.person, AnsweredRequest.key == asked.key
        )
    ).first()
    if row is None:
        return None
    return Asked(asked.person, asked.key, row.route, bytes(row.body_sha256)), row.thing


def keep_answered(session: Session, asked: Asked, thing: UUID, at: datetime) -> None:
    """Keep what a request was about, in the transaction that does its work."""
    session.execute(
        insert(AnsweredRequest).values(
            person_id=asked.person,
            key=asked.key,
            route=asked.route,
            body_sha256=asked.body_sha256,
            thing=thing,
            at=at,
        )
    )


def sweep_answered(session: Session, *, before: datetime) -> int:
    """Forget keys of before that instant; returns how many. The things themselves stay."""
    outcome = session.execute(delete(AnsweredRequest).where(AnsweredRequest.at < before))
    gone: int = outcome.rowcount  # type: ignore[attr-defined]
    return gone
