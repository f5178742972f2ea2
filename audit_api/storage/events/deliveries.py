"""What is sent to webhooks: one delivery for each event, with every attempt at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Actor
from audit_api.storage.base import Base, Id, Instant, one_of
from audit_api.storage.events.claims import CLAIM, FREE, Tried, end_claim, new_claim
from audit_api.storage.events.outbox import PLACE, READABLE, readable_by
from audit_api.storage.lists.selection import AnyRow


class DeliveryState(StrEnum):
    """Where a delivery stands. `withheld`: the owner could not read it when its turn came."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    WITHHELD = "withheld"


class WebhookDelivery(Tried, Base):
    """An event on its way to a webhook."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_n"),
        one_of("state", DeliveryState),
        Index(
            "ix_webhook_delivery_pending",
            "webhook_id",
            "object_id",
            "event_n",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_delivery_due",
            "webhook_id",
            "event_n",
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    webhook_id: Mapped[Id] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event_n: Mapped[int] = mapped_column(BigInteger, ForeignKey("outbox_event.n"))
    object_id: Mapped[Id]


class WebhookAttempt(Base):
    """One attempt, as it ended: a status, or what went wrong in a few fixed words."""

    __tablename__ = "webhook_attempt"

    delivery_id: Mapped[Id] = mapped_column(
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"), primary_key=True
    )
    claim: Mapped[Id] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    status: Mapped[int | None] = mapped_column(Integer)
    ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker sends now; `readable`: its owner may read it now."""

    id: UUID
    claim: UUID
    attempts: int
    event: UUID
    payload: Mapping[str, Any]
    readable: bool


_FAN_OUT = text(f"""
    with upto as (
        select max(n) as n from (select n from outbox_event
            where n > (select cursor from webhook where id = :webhook) order by n limit :most) later
    ), moved as (
        update webhook set cursor = upto.n from upto where id = :webhook and upto.n is not null
        returning webhook.cursor
    )
    insert into webhook_delivery (id, webhook_id, event_n, object_id, state, attempts, due_at)
    select gen_random_uuid(), :webhook, e.n, e.object_id, 'pending', 0, :at
    from outbox_event e {PLACE}
    where e.n > (select cursor from webhook where id = :webhook) and e.n <= (select n from upto)
        and e.type = any(:types) and {READABLE}
    order by e.n
""")
_LOCK = text("select id from webhook where id = :webhook for update skip locked")


def fan_out(
    session: Session,
    webhook: UUID,
    types: Sequence[str],
    actor: Actor,
    *,
    at: datetime,
    most: int = 2_000,
) -> int:
    """Make deliveries of the next `most` events, as far as the owner may read them now.

    Returns how many were made. Nothing while another worker does the same.
    """
    if session.execute(_LOCK, {"webhook": webhook}).first() is None:
        return 0
    values = {"webhook": webhook, "types": list(types), "at": at, "most": most}
    made = session.execute(_FAN_OUT, values | readable_by(actor))
    return int(made.rowcount)  # type: ignore[attr-defined]


# An event of an object waits until the one before it is delivered or given up. Looked up for one
# candidate after the other: `not exists` would be a join of everything that is pending.
_CLAIM = text(f"""
    with due as (
        select d.id from webhook_delivery d where d.webhook_id = :webhook and {FREE}
            and d.event_n = (select b.event_n from webhook_delivery b
                where b.webhook_id = d.webhook_id and b.object_id = d.object_id
                and b.state = 'pending' order by b.event_n limit 1)
        order by d.event_n limit 1 for update of d skip locked
    ), claimed as (
        update webhook_delivery d set {CLAIM} from due where d.id = due.id
        returning d.id, d.attempts, d.event_n
    )
    select c.id, c.attempts, e.id, e.payload, {READABLE}
    from claimed c join outbox_event e on e.n = c.event_n {PLACE}
""")


def claim_next(
    session: Session, webhook: UUID, actor: Actor, *, at: datetime, lease: timedelta
) -> Claimed | None:
    """Claim the next delivery that is due; after the lease another worker may send it again."""
    claim = new_claim(at, lease)
    values = claim | {"webhook": webhook} | readable_by(actor)
    row = session.execute(_CLAIM, values).one_or_none()
    if row is None:
        return None
    delivery, attempts, event, payload, readable = row
    return Claimed(delivery, claim["claim"], attempts, event, payload, readable)


_ATTEMPT = text("""
    insert into webhook_attempt (delivery_id, claim, at, status, ms, error)
    select id, :claim, :at, :status, :ms, :error from webhook_delivery where id = :id
    for key share on conflict do nothing
""")
_WENT_WELL = text("""
    update webhook set failures = 0, failing_since = null, resume_at = null
    where id = :webhook and failures > 0
""")
_FAILED = text("""
    update webhook set failures = failures + 1, failing_since = coalesce(failing_since, :at),
        resume_at = greatest(cast(:resume_at as timestamptz), :at + case when failures < :patience
            then interval '0' else least(interval '5 minutes',
                interval '1 second' * power(2, least(failures - :patience, 10))) end)
    where id = :webhook returning failing_since
""")
PATIENCE = 4
"""Failures in a row, of whichever object, after which a webhook is tried less and less often."""


def note_attempt(
    session: Session,
    claimed: Claimed,
    *,
    at: datetime,
    state: DeliveryState,
    status: int | None,
    ms: int,
    error: str | None,
    due_at: datetime | None = None,
) -> None:
    """Note how an attempt ended. Of one whose claim was taken over only the attempt is noted, of
    one that was deleted meanwhile nothing.
    """
    values = {"id": claimed.id, "claim": claimed.claim, "at": at}
    session.execute(_ATTEMPT, values | {"status": status, "ms": ms, "error": error})
    end_claim(session, WebhookDelivery, claimed, state, at=at, due_at=due_at)


def note_withheld(session: Session, claimed: Claimed, *, at: datetime) -> None:
    """The owner may not read it: it is not sent, and no attempt."""
    end_claim(session, WebhookDelivery, claimed, DeliveryState.WITHHELD, at=at)


def note_health(
    session: Session, webhook: UUID, *, well: bool, at: datetime, resume_at: datetime | None = None
) -> datetime | None:
    """Count failures in a row, and slow down after some; returns since when it fails."""
    if well:
        session.execute(_WENT_WELL, {"webhook": webhook})
        return None
    values = {"webhook": webhook, "at": at, "resume_at": resume_at, "patience": PATIENCE}
    found: datetime | None = session.scalar(_FAILED, values)
    return found


_LOG = f"""
    select json_build_object('id', d.id, 'event', e.id, 'type', e.type, 'object', e.object_id,
        'happened_at', e.at, 'state', d.state, 'attempts', (select coalesce(json_agg(
            json_build_object('at', a.at, 'status', a.status, 'ms', a.ms, 'error', a.error)
            order by a.at, a.claim), '[]'::json)
            from webhook_attempt a where a.delivery_id = d.id),
        'next_attempt_at', case when d.state = 'pending' then d.due_at end,
        'ended_at', d.ended_at)::text, e.n
    from webhook_delivery d join outbox_event e on e.n = d.event_n {PLACE}
    where d.webhook_id = :webhook and d.state <> 'withheld' and {READABLE}
        and (cast(:state as text) is null or d.state = cast(:state as text))
        and (cast(:before as bigint) is null or e.n < :before)
        and (cast(:delivery as uuid) is null or d.id = :delivery)
    order by e.n desc limit :limit
"""


def list_deliveries(
    session: Session,
    webhook: UUID,
    actor: Actor,
    *,
    limit: int,
    state: str | None = None,
    before: int | None = None,
    delivery: UUID | None = None,
) -> Sequence[AnyRow]:
    """The newest first, of what the owner may read now: (JSON text, number); one row more."""
    values = {
        "webhook": webhook,
        "state": state,
        "before": before,
        "delivery": delivery,
        "limit": limit + 1,
    }
    return session.execute(text(_LOG), values | readable_by(actor)).all()


_AGAIN = text("""
    update webhook_delivery set state = 'pending', due_at = :at, attempts = 0, ended_at = null
    where id = :id and state <> 'withheld'
""")


def send_again(session: Session, delivery: UUID, *, at: datetime) -> None:
    """Let a delivery be sent once more, with the same id, whatever became of it."""
    session.execute(_AGAIN, {"id": delivery, "at": at})
