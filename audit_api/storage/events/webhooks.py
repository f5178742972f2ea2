"""Webhooks: who is told of which types at which address. What is sent is in `deliveries`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    insert,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Texts, Word, one_of


class DisabledFor(StrEnum):
    """Why nothing is sent to a webhook any more."""

    GONE = "gone"
    FAILING = "failing"
    GRANTS_LOST = "grants_lost"
    KEY_CHANGED = "key_changed"


class Webhook(Base):
    """An address that is told what its owner may read. `cursor`: the outbox up to where it is.

    `sealed`: the secret, encrypted; `old_sealed` signs too until `old_until`. `failures` in a row,
    of any delivery, since `failing_since`; nothing is tried before `resume_at`.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        one_of("disabled_for", DisabledFor),
        CheckConstraint("(disabled_at is null) = (disabled_for is null)", name="disabled"),
        CheckConstraint("(old_sealed is null) = (old_until is null)", name="old"),
        CheckConstraint("cardinality(types) > 0", name="types"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    url: Mapped[str]
    types: Mapped[Texts]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_until: Mapped[Instant | None]
    created_at: Mapped[Instant]
    cursor: Mapped[int] = mapped_column(BigInteger)
    disabled_at: Mapped[Instant | None]
    disabled_for: Mapped[Word | None]
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[Instant | None]
    resume_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook that may be sent to now."""

    id: UUID
    owner: UUID
    url: str
    types: list[str]
    sealed: bytes
    old_sealed: bytes | None


_NEWEST = text("select coalesce(max(n), 0) from outbox_event")


def add_webhook(
    session: Session, owner: UUID, *, url: str, types: Sequence[str], sealed: bytes, at: datetime
) -> UUID:
    """Make a webhook; it is told what is derived from now on."""
    made = uuid4()
    session.execute(
        insert(Webhook).values(
            id=made,
            owner_id=owner,
            url=url,
            types=list(types),
            sealed=sealed,
            created_at=at,
            cursor=session.scalar(_NEWEST),
            failures=0,
        )
    )
    return made


_DOC = text("""
    select json_build_object('id', w.id, 'url', w.url, 'types', w.types,
        'created_at', w.created_at, 'disabled_at', w.disabled_at, 'disabled_for', w.disabled_for,
        'failures', w.failures, 'failing_since', w.failing_since,
        'old_secret_until', case when w.old_until > :at then w.old_until end)::text, w.id
    from webhook w where w.owner_id = :owner and (cast(:id as uuid) is null or w.id = :id)
    order by w.created_at, w.id
""")


def webhooks_of(
    session: Session, owner: UUID, *, at: datetime, webhook: UUID | None = None
) -> list[str]:
    """A person's own webhooks, or the one asked for, as JSON texts. Never a secret."""
    values = {"owner": owner, "id": webhook, "at": at}
    return [row[0] for row in session.execute(_DOC, values)]


_HOLD = text("select id from webhook where id = :id and owner_id = :owner for update")


def hold_own(session: Session, owner: UUID, webhook: UUID) -> bool:
    """Hold a person's own webhook until commit; False: there is none."""
    return session.execute(_HOLD, {"id": webhook, "owner": owner}).first() is not None


_ROTATE = text("""
    update webhook set old_sealed = case when :until > :at then sealed end,
        old_until = case when :until > :at then cast(:until as timestamptz) end, sealed = :sealed
    where id = :id
""")


def rotate(
    session: Session, webhook: UUID, sealed: bytes, *, until: datetime, at: datetime
) -> None:
    """Give it another secret; the one it had signs too until an instant."""
    session.execute(_ROTATE, {"id": webhook, "sealed": sealed, "until": until, "at": at})


_DELETE = text("delete from webhook where id = :id")


def delete_webhook(session: Session, webhook: UUID) -> None:
    """Forget a webhook with everything that was sent to it."""
    session.execute(_DELETE, {"id": webhook})


_ENABLE = (
    text("""
        update webhook set disabled_at = null, disabled_for = null, failures = 0,
            failing_since = null, resume_at = null
        where id = :id
    """),
    text("""
        update webhook_delivery set due_at = :at, attempts = 0
        where webhook_id = :id and state = 'pending'
    """),
)


def enable(session: Session, webhook: UUID, *, at: datetime) -> None:
    """Go on where it stopped: nothing of what happened meanwhile is left out."""
    for statement in _ENABLE:
        session.execute(statement, {"id": webhook, "at": at})


_DISABLE = text("""
    update webhook set disabled_at = :at, disabled_for = :why
    where id = :id and disabled_at is null returning owner_id
""")


def disable(session: Session, webhook: UUID, why: DisabledFor, *, at: datetime) -> UUID | None:
    """Send nothing more; returns the owner, None when it was disabled before."""
    found: UUID | None = session.scalar(_DISABLE, {"id": webhook, "why": why.value, "at": at})
    return found


_READY = text("""
    select id from webhook where disabled_at is null and (resume_at is null or resume_at <= :at)
    order by id
""")
_RECEIVER = text("""
    select id, owner_id, url, types, sealed, case when old_until > :at then old_sealed end
    from webhook where id = :id and disabled_at is null and (resume_at is null or resume_at <= :at)
""")


def ready_webhooks(session: Session, at: datetime) -> list[UUID]:
    """Those that may be sent to now."""
    return list(session.scalars(_READY, {"at": at}))


def receiver(session: Session, webhook: UUID, at: datetime) -> Receiver | None:
    """A webhook as it is sent to; None when it may not be now."""
    row: Any = session.execute(_RECEIVER, {"id": webhook, "at": at}).one_or_none()
    return None if row is None else Receiver(*row)
