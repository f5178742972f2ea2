"""Notices by e-mail: one row for each mail that somebody is to get, and every attempt at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.events.mails import notice_id
from audit_api.storage.base import Base, Id, Instant, Json, Word, one_of
from audit_api.storage.events.claims import CLAIM, FREE, Tried, end_claim, new_claim


class NoticeKind(StrEnum):
    """What a mail is about. `daily`: at most one a day and person."""

    DAILY = "daily"
    TASK_RETURNED = "task_returned"
    ACT_ANSWERED = "act_answered"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOK_GIVEN_UP = "webhook_given_up"


class NoticeState(StrEnum):
    """Where a notice stands. `withheld`: nothing to say, or not to be read any more by then."""

    PENDING = "pending"
    SENT = "sent"
    GIVEN_UP = "given_up"
    WITHHELD = "withheld"


class Notice(Tried, Base):
    """A mail to a person. `key` tells it from others of its kind; `about`: what it is made from."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "key"),
        one_of("kind", NoticeKind),
        one_of("state", NoticeState),
        Index("ix_notice_due_at", "due_at", postgresql_where=text("state = 'pending'")),
        Index("ix_notice_made_at_id", "made_at", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[Word]
    key: Mapped[str]
    about: Mapped[Json]
    made_at: Mapped[Instant]


class NoticeAttempt(Base):
    """One attempt: what the mail server answered, or what went wrong."""

    __tablename__ = "notice_attempt"

    notice_id: Mapped[Id] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    claim: Mapped[Id] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    code: Mapped[int | None] = mapped_column(Integer)
    ms: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets mail."""

    person: UUID
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice that this worker sends now; `to`: None when the person gets no mail any more."""

    id: UUID
    claim: UUID
    kind: NoticeKind
    person: UUID
    about: Mapping[str, Any]
    made_at: datetime
    attempts: int
    to: Reader | None


_READERS = text("""
    select id, email, language from person
    where email is not null and notices and disabled_at is null order by id
""")


def readers(session: Session) -> list[Reader]:
    """Everybody who gets mail."""
    return [Reader(*row) for row in session.execute(_READERS)]


_ADD = text("""
    insert into notice (id, person_id, kind, key, about, made_at, state, attempts, due_at)
    values (:id, :person, :kind, :key, :about, :at, 'pending', 0, :at) on conflict do nothing
""")


def add_notice(
    session: Session,
    person: UUID,
    kind: NoticeKind,
    key: str,
    about: Mapping[str, Any],
    *,
    at: datetime,
) -> None:
    """Let a person get a mail; the same again is the same mail."""
    values = {
        "id": notice_id(person, kind.value, key),
        "person": person,
        "kind": kind.value,
        "key": key,
        "about": msgspec.json.encode(about).decode(),
        "at": at,
    }
    session.execute(_ADD, values)


_LAST = text("""
    select person_id, max(key), max(cast(about ->> 'upto' as bigint)) from notice
    where kind = 'daily' group by person_id
""")


def last_daily(session: Session) -> dict[UUID, tuple[str, int]]:
    """The day of each person's last daily mail, and how far in the outbox it told."""
    return {person: (day, upto) for person, day, upto in session.execute(_LAST)}


_CLAIM = text(f"""
    with due as (
        select id from notice where {FREE} order by due_at, id limit 1 for update skip locked
    ), claimed as (
        update notice n set {CLAIM} from due where n.id = due.id returning n.*
    )
    select c.id, c.kind, c.person_id, c.about, c.made_at, c.attempts,
        case when p.notices and p.disabled_at is null then p.email end, p.language
    from claimed c join person p on p.id = c.person_id
""")


def claim_notice(session: Session, *, at: datetime, lease: timedelta) -> ClaimedNotice | None:
    """Claim the next notice that is due."""
    claim = new_claim(at, lease)
    row = session.execute(_CLAIM, claim).one_or_none()
    if row is None:
        return None
    notice, kind, person, about, made_at, attempts, email, language = row
    to = Reader(person, email, language) if email else None
    return ClaimedNotice(
        notice, claim["claim"], NoticeKind(kind), person, about, made_at, attempts, to
    )


_ATTEMPT = text("""
    insert into notice_attempt (notice_id, claim, at, code, ms, error)
    values (:id, :claim, :at, :code, :ms, :error)
""")


def end_notice(
    session: Session,
    one: ClaimedNotice,
    state: NoticeState,
    *,
    at: datetime,
    due_at: datetime | None = None,
) -> None:
    """Note where a notice stands now."""
    end_claim(session, Notice, one, state, at=at, due_at=due_at)


def note_attempt(
    session: Session,
    one: ClaimedNotice,
    *,
    at: datetime,
    code: int | None,
    ms: int,
    error: str | None,
) -> None:
    """Note how an attempt ended."""
    values = {"id": one.id, "claim": one.claim, "at": at, "code": code, "ms": ms, "error": error}
    session.execute(_ATTEMPT, values)


_LOG = text("""
    select n.made_at, p.username, n.kind, n.state, n.attempts, a.code, a.error
    from notice n join person p on p.id = n.person_id
    left join lateral (select code, error from notice_attempt a where a.notice_id = n.id
        order by a.at desc limit 1) a on true
    where n.state <> 'withheld' and (cast(:username as text) is null or p.username = :username)
    order by n.made_at desc, n.id limit :limit
""")


def list_notices(session: Session, username: str | None, limit: int) -> Sequence[Any]:
    """The newest notices: made, username, kind, state, attempts, last code and error."""
    return session.execute(_LOG, {"username": username, "limit": limit}).all()
