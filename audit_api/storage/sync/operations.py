"""What tablets handed in: one row per operation, the kernel of exactly-once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    String,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.sync.operations import Entry
from audit_api.domain.vocabulary import OperationStatus
from audit_api.storage import audit_log
from audit_api.storage.base import (
    Answered,
    Base,
    Id,
    Instant,
    Json,
    Sha256,
    Word,
    Xid,
    ask,
    is_sha256,
    one_of,
    xid_index,
)


class Operation(Base):
    """One operation of a device, its result, and its bytes unless an inspection holds them."""

    __tablename__ = "operation"
    __table_args__ = (
        one_of("status", OperationStatus),
        is_sha256("sha256"),
        is_sha256("envelope_sha256"),
        CheckConstraint("status = 'applied' or raw is not null", name="raw_kept"),
        Index("ix_operation_device_id_seq", "device_id", "seq"),
        xid_index("ix_operation_xid"),
        Index(
            "ix_operation_held",
            "received_at",
            postgresql_where=text("status in ('rejected', 'quarantined', 'conflict')"),
        ),
    )

    op: Mapped[Id] = mapped_column(primary_key=True)
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str | None] = mapped_column(String(40))
    entity_id: Mapped[Id | None]
    sha256: Mapped[Sha256]
    envelope_sha256: Mapped[Sha256]
    prev_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    wall: Mapped[str | None]
    mono_ms: Mapped[int | None] = mapped_column(BigInteger)
    boot: Mapped[str | None]
    not_before: Mapped[Instant | None]
    not_after: Mapped[Instant | None]
    clock_off: Mapped[bool] = mapped_column(Boolean, default=False)
    received_at: Mapped[Instant]
    status: Mapped[Word]
    result: Mapped[Json]
    raw: Mapped[bytes | None]
    xid: Mapped[Xid]


class ReusedOperation(Base):
    """Other bytes, or another device, under an operation id that was already taken: kept."""

    __tablename__ = "reused_operation"
    __table_args__ = (
        is_sha256("envelope_sha256"),
        Index("ix_reused_operation_device_id_seq", "device_id", "seq"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    op: Mapped[Id] = mapped_column(ForeignKey("operation.op"), index=True)
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
    # It came, and so its number is not owed.
    seq: Mapped[int | None] = mapped_column(BigInteger)
    envelope_sha256: Mapped[Sha256]
    received_at: Mapped[Instant]
    raw: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What is kept of an operation before it is known what becomes of it."""

    op: UUID
    device: UUID
    seq: int | None
    kind: str | None
    entity: UUID | None
    sha256: bytes
    envelope_sha256: bytes
    prev_sha256: bytes | None
    wall: str | None
    mono_ms: int | None
    boot: str | None
    not_before: datetime | None
    not_after: datetime | None
    clock_off: bool


# A lock on the id until commit, then a look with a snapshot of its own: a twin that waited for the
# first to commit sees its row. The key is 64 bits of the id: others that share it only wait.
_LOCK = "select pg_advisory_xact_lock(hashtextextended(%(op)s::text, 0))"
_TAKEN = "select exists (select from operation where op = %(op)s)"
_SETTLE = f"""
    with logged as ({audit_log.RECORD})
    insert into operation (op, device_id, seq, kind, entity_id, sha256, envelope_sha256,
        prev_sha256, wall, mono_ms, boot, not_before, not_after, clock_off, received_at, status,
        result, raw)
    values (%(op)s, %(device)s, %(seq)s, %(kind)s, %(entity)s, %(sha256)s, %(envelope_sha256)s,
        %(prev_sha256)s, %(wall)s, %(mono_ms)s, %(boot)s, %(not_before)s, %(not_after)s,
        %(clock_off)s, %(at)s, %(status)s,
        cast(%(result)s as json), %(raw)s)
"""
# Sorted, so that two pushes that share operations wait for each other in one order.
_LOCK_ALL = """
    select pg_advisory_xact_lock(hashtextextended(op::text, 0))
    from (select unnest(cast(%(ops)s as uuid[])) as op order by 1) o
"""
_ANY_TAKEN = "select exists (select from operation where op = any(cast(%(ops)s as uuid[])))"
_SETTLE_ALL = f"""
    with logged as ({audit_log.RECORD})
    insert into operation (op, device_id, seq, kind, entity_id, sha256, envelope_sha256,
        prev_sha256, wall, mono_ms, boot, not_before, not_after, clock_off, received_at, status,
        result)
    select op, device, seq, kind, entity, decode(sha256, 'hex'), decode(envelope_sha256, 'hex'),
        decode(prev_sha256, 'hex'), wall, mono_ms, boot, not_before, not_after, clock_off, %(at)s,
        %(status)s, result
    from json_to_recordset(cast(%(rows)s as json)) as r(op uuid, device uuid, seq bigint,
        kind text, entity uuid, sha256 text, envelope_sha256 text, prev_sha256 text, wall text,
        mono_ms bigint, boot text, not_before timestamptz, not_after timestamptz,
        clock_off boolean, result json)
"""
_stored = select(
    Operation.device_id, Operation.envelope_sha256, func.cast(Operation.result, String)
).where(Operation.op == bindparam("op"))
_STATUS = "select status from operation where op = %(op)s"


def claim(session: Session, op: UUID) -> Answered:
    """Hold the operation id until commit; waits for a twin that is deciding. See `is_claimed`."""
    ask(session, _LOCK, {"op": op})
    return ask(session, _TAKEN, {"op": op})


def is_claimed(claim: Answered) -> bool:
    """True when the id is ours now; False when an operation of that id was settled before."""
    return claim.fetchone() == (False,)


def claim_all(session: Session, ops: list[UUID]) -> Answered:
    """Hold several operation ids until commit, as `claim` holds one."""
    values = {"ops": f"{{{','.join(map(str, ops))}}}"}
    ask(session, _LOCK_ALL, values)
    return ask(session, _ANY_TAKEN, values)


def settle_all(
    session: Session,
    rows: Iterable[tuple[OperationFacts, str]],
    status: OperationStatus,
    logged: Iterable[Entry],
    at: datetime,
) -> None:
    """Write operations with their results (JSON text), whose bodies inspections hold."""
    said = [_row(facts, result) for facts, result in rows]
    values = {
        "rows": msgspec.json.encode(said).decode(),
        "status": status.value,
        "at": at,
        "entries": audit_log.as_values(logged),
    }
    ask(session, _SETTLE_ALL, values)


def _row(facts: OperationFacts, result: str) -> dict[str, Any]:
    previous = facts.prev_sha256
    return {
        **{name: getattr(facts, name) for name in OperationFacts.__slots__},
        "sha256": facts.sha256.hex(),
        "envelope_sha256": facts.envelope_sha256.hex(),
        "prev_sha256": previous.hex() if previous else None,
        "result": msgspec.Raw(result.encode()),
    }


def settle(
    session: Session,
    facts: OperationFacts,
    status: OperationStatus,
    result: str,
    raw: bytes | None,
    logged: Iterable[Entry],
    at: datetime,
) -> None:
    """Write an operation and what became of it; `raw` is None when an inspection holds the body.

    The primary key refuses a second one of that id, whatever happened to the claim.
    """
    values: dict[str, Any] = {
        "op": facts.op,
        "device": facts.device,
        "seq": facts.seq,
        "kind": facts.kind,
        "entity": facts.entity,
        "sha256": facts.sha256,
        "envelope_sha256": facts.envelope_sha256,
        "prev_sha256": facts.prev_sha256,
        "wall": facts.wall,
        "mono_ms": facts.mono_ms,
        "boot": facts.boot,
        "not_before": facts.not_before,
        "not_after": facts.not_after,
        "clock_off": facts.clock_off,
        "at": at,
        "status": status.value,
        "result": result,
        "raw": raw,
        "entries": audit_log.as_values(logged),
    }
    ask(session, _SETTLE, values)


def stored_result(session: Session, op: UUID) -> Row[UUID, bytes, str]:
    """Device, hash and result (JSON text) of an operation that was settled before."""
    return session.execute(_stored, {"op": op}).one()


def has_come(session: Session, op: UUID) -> bool:
    """Whether an operation is here, whatever became of it."""
    return ask(session, _STATUS, {"op": op}).fetchone() is not None


def stored_status(session: Session, op: UUID) -> OperationStatus:
    """What became of an operation that was settled before."""
    row = ask(session, _STATUS, {"op": op}).fetchone()
    if row is None:
        raise RuntimeError("an operation whose id is taken is gone")
    return OperationStatus(row[0])


def keep_reused(session: Session, facts: OperationFacts, raw: bytes, at: datetime) -> None:
    """Keep the bytes that came under a taken operation id, once."""
    taken = select(ReusedOperation.id).where(
        ReusedOperation.op == facts.op,
        ReusedOperation.device_id == facts.device,
        ReusedOperation.envelope_sha256 == facts.envelope_sha256,
    )
    if session.scalar(taken) is None:
        session.execute(
            insert(ReusedOperation).values(
                id=uuid4(),
                op=facts.op,
                device_id=facts.device,
                seq=facts.seq,
                envelope_sha256=facts.envelope_sha256,
                received_at=at,
                raw=raw,
            )
        )
