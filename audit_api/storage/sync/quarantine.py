"""What is held back, and what was decided on it. The operation's own row stays as first answered.

An operation is held when it was kept but not applied. It may be tried again more than once; it is
settled once: applied, left to a review as a branch, or refused.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import OperationStatus, QuarantineDecision
from audit_api.storage.base import Base, Id, Instant, Json, Sha256, Word, ask, one_of

HELD: Final = frozenset(
    {OperationStatus.REJECTED, OperationStatus.QUARANTINED, OperationStatus.CONFLICT}
)
"""Kept, not applied."""
APPLIED: Final = frozenset({OperationStatus.APPLIED, OperationStatus.MERGED})
SETTLED_WORDS = "'applied', 'merged', 'conflict'"
SETTLES = f"(status is null or status in ({SETTLED_WORDS}))"
"""Whether a decision is the last word on its operation; in SQL."""
_D_SETTLES = SETTLES.replace("status", "d.status")


class HeldOperation(Base):
    """What a held operation names: `site_id` as the tablet said, and the one that it waits for.

    That is the operation it edits, or the one at fault in its group.
    """

    __tablename__ = "held_operation"

    op: Mapped[Id] = mapped_column(ForeignKey("operation.op"), primary_key=True)
    site_id: Mapped[Id | None] = mapped_column(index=True)
    waits_for: Mapped[Id | None] = mapped_column(index=True)


class Decision(Base):
    """One decision on a held operation. `status` is what a replay came to; null: refused.

    A person's decision is the last word. The system may try in vain more than once: what it
    found then is told in place of what was found first.
    """

    __tablename__ = "quarantine_decision"
    __table_args__ = (
        one_of("decision", QuarantineDecision),
        CheckConstraint(
            f"status in ({SETTLED_WORDS}) or status in ('rejected', 'quarantined') "
            "and decision = 'replayed'",
            name="status",
        ),
        CheckConstraint("(decision = 'refused') = (status is null)", name="refused"),
        CheckConstraint("(status is null) = (result is null)", name="result"),
        CheckConstraint("(decision = 'replayed') = (decided_by is null)", name="by_a_person"),
        CheckConstraint("(decision = 'replayed') = (reason is null)", name="with_a_reason"),
        CheckConstraint("btrim(reason) <> ''", name="reason"),
        CheckConstraint(
            "(decision = 'repaired') = (body is not null) "
            "and (body is null) = (body_sha256 is null) and (mended is null or body is not null)",
            name="mended",
        ),
        CheckConstraint("body_sha256 = sha256(body)", name="body_sha256"),
        Index(
            "uq_quarantine_decision_settled",
            "op",
            unique=True,
            postgresql_where=text(SETTLES),
        ),
        Index("ix_quarantine_decision_op_n", "op", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    op: Mapped[Id] = mapped_column(ForeignKey("held_operation.op"))
    decision: Mapped[Word]
    reason: Mapped[str | None]
    decided_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_sha256: Mapped[Sha256 | None]
    mended: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    status: Mapped[Word | None]
    result: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))


_HOLD = """
    insert into held_operation (op, site_id, waits_for)
    values (%(op)s, coalesce(cast(%(site)s as uuid),
        (select site_id from remediation_task where id = %(entity)s and %(kind)s = 'task'),
        (select site_id from element where id = %(entity)s and %(kind)s = 'element')),
        cast(%(waits_for)s as uuid))
"""


def hold(
    session: Session,
    op: UUID,
    *,
    kind: str | None,
    entity: UUID | None,
    site: UUID | None,
    waits_for: UUID | None,
) -> None:
    """Note an operation that was settled as held; `site`: the one that it names, if any."""
    values = {"op": op, "kind": kind, "entity": entity, "site": site, "waits_for": waits_for}
    ask(session, _HOLD, values)


@dataclass(frozen=True, slots=True)
class Settled:
    """The last word on a held operation."""

    decision: str
    reason: str | None
    decided_by: str | None
    """The person's name; None: the system."""
    decided_at: datetime
    status: str | None


_LOCK = "select pg_advisory_xact_lock(hashtextextended(%(op)s::text, 0))"
_settled = text(f"""
    select d.decision, d.reason, p.full_name, d.decided_at, d.status
    from quarantine_decision d left join person p on p.id = d.decided_by
    where d.op = :op and {_D_SETTLES}
""")


def claim(session: Session, op: UUID) -> Settled | None:
    """Hold an operation until commit; the last word on it, if it was said already."""
    ask(session, _LOCK, {"op": op})
    row = session.execute(_settled, {"op": op}).one_or_none()
    return Settled(*row) if row else None


@dataclass(frozen=True, slots=True)
class Held:
    """A held operation as it was kept, with whose it is and how it stands."""

    op: UUID
    device: UUID
    owner: UUID
    site: UUID | None
    raw: bytes
    envelope_sha256: bytes
    not_before: datetime | None
    not_after: datetime | None
    clock_off: bool
    channel: str
    """The one that the device hands in by."""
    status: str
    """As the newest try left it."""
    result: dict[str, Any]


NEWEST_TRY = """
    left join lateral (select d.n, d.decided_at, d.status, d.result from quarantine_decision d
        where d.op = o.op and d.status in ('rejected', 'quarantined')
        order by d.n desc limit 1) again on true"""
_held = text(f"""
    select o.op, o.device_id, device.owner_id, h.site_id, o.raw, o.envelope_sha256,
        o.not_before, o.not_after, o.clock_off, device.channel,
        coalesce(again.status, o.status), coalesce(again.result, o.result)
    from operation o join held_operation h on h.op = o.op
    join device on device.id = o.device_id {NEWEST_TRY}
    where o.op = :op
""")


def find_held(session: Session, op: UUID) -> Held | None:
    """A held operation, whatever was decided on it; ask `claim` for that."""
    row = session.execute(_held, {"op": op}).one_or_none()
    return Held(*row) if row else None


def decide(session: Session, values: dict[str, Any]) -> None:
    """Write a decision; `values` by column. The second last word on an operation is refused."""
    session.execute(insert(Decision).values(**values))


_STANDS = """
    select case when exists (select from review r where r.op = o.op and r.decision = 'mine')
        then 'applied' else coalesce((select d.status from quarantine_decision d
            where d.op = o.op and d.status in ('applied', 'merged')), o.status) end
    from operation o where o.op = %(op)s
"""


def standing(session: Session, op: UUID) -> OperationStatus | None:
    """How an operation stands now, decisions counted in; None when it has not come."""
    row = ask(session, _STANDS, {"op": op}).fetchone()
    return OperationStatus(row[0]) if row else None


_together = text(f"""
    with asked as (
        select o.op, case when coalesce(again.result, o.result) ->> 'reason' = 'group'
            then h.waits_for else o.op end as leader
        from operation o join held_operation h on h.op = o.op {NEWEST_TRY} where o.op = :op
    )
    select o.op from asked cross join operation o join held_operation h on h.op = o.op {NEWEST_TRY}
    where o.op = asked.op or o.status in ('rejected', 'quarantined')
        and (o.op = asked.leader or h.waits_for = asked.leader
            and coalesce(again.result, o.result) ->> 'reason' = 'group')
        and not exists (select from quarantine_decision d where d.op = o.op and {_D_SETTLES})
    order by o.seq, o.op
""")


def together(session: Session, op: UUID) -> list[UUID]:
    """The operations that go in with `op` or not at all, itself among them, in their order."""
    return list(session.scalars(_together, {"op": op}))


_followers = text(f"""
    select h.op from held_operation h join operation o on o.op = h.op {NEWEST_TRY}
    where h.waits_for = :op and coalesce(again.status, o.status) = 'quarantined'
        and coalesce(again.result, o.result) ->> 'reason' in ('base-not-applied', 'group')
        and not exists (select from quarantine_decision d where d.op = h.op and {_D_SETTLES})
    order by o.received_at, o.seq, o.op
""")


def waiting_for(session: Session, op: UUID) -> list[UUID]:
    """Operations that are held for nothing but that `op`, their base or fellow, was not applied."""
    return list(session.scalars(_followers, {"op": op}))


_waiting = text(f"""
    select o.op from operation o join held_operation h on h.op = o.op {NEWEST_TRY}
    where o.status in ('rejected', 'quarantined')
        and coalesce(again.status, o.status) = 'quarantined'
        and (coalesce(again.result, o.result) ->> 'reason' = any(:reasons)
            or coalesce(again.result, o.result) ->> 'reason' = 'base-not-applied' and exists (
                select from operation b where b.op = h.waits_for and (b.status in
                    ('applied', 'merged') or exists (select from quarantine_decision d
                        where d.op = b.op and d.status in ('applied', 'merged'))
                    or exists (select from review r where r.op = b.op and r.decision = 'mine'))))
        and not exists (select from quarantine_decision d where d.op = o.op and {_D_SETTLES})
    order by o.received_at, o.seq, o.op
""")


def held_for(session: Session, reasons: tuple[str, ...]) -> list[UUID]:
    """Open operations held for one of these reasons, or whose base was applied since."""
    return list(session.scalars(_waiting, {"reasons": list(reasons)}))


@dataclass(frozen=True, slots=True)
class Repair:
    """What a person put in the place of a body, and of what names it."""

    body_bytes: bytes
    members: dict[str, Any]

    @property
    def body(self) -> Any:
        """The mended body, read."""
        return msgspec.json.decode(self.body_bytes)


_repair = select(Decision.body, Decision.mended).where(
    Decision.op == bindparam("op"), Decision.body.is_not(None)
)


def repair_of(session: Session, op: UUID) -> Repair | None:
    """How an operation was repaired, if somebody did."""
    row = session.execute(_repair, {"op": op}).one_or_none()
    if row is None or row[0] is None:
        return None
    members = dict(row[1] or {})
    if "id" in members:
        members["id"] = UUID(members["id"])
    return Repair(row[0], members)
