"""The append-only log of what was received, its signed checkpoints, and which have a backup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    LargeBinary,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Sha256, is_sha256

LOCK = 7_205_461_832
"""Whoever adds leaves holds this advisory lock: their numbers have no gaps."""


_PIECE = 5_000


class LogLeaf(Base):
    """A leaf: its text, and the operation or the photo that it is about. Rows are only added."""

    __tablename__ = "log_leaf"
    __table_args__ = (
        CheckConstraint("n >= 0", name="n"),
        CheckConstraint("(op is null) <> (photo is null)", name="about_one"),
    )

    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    op: Mapped[Id | None] = mapped_column(unique=True)
    photo: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    leaf: Mapped[str]


class Checkpoint(Base):
    """A signed checkpoint. Rows are only added.

    `edge` is the tree's right edge (`merkle.Tree`), so that the next one need not hash all
    leaves. Every operation of this epoch and of a transaction below `below_xid` is covered.
    """

    __tablename__ = "checkpoint"
    __table_args__ = (CheckConstraint("size >= 0", name="size"), is_sha256("root"))

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[Sha256]
    edge: Mapped[bytes]
    epoch: Mapped[Id]
    below_xid: Mapped[int] = mapped_column(BigInteger)
    signed_at: Mapped[Instant]
    note: Mapped[str]


class BackupMark(Base):
    """A backup that was begun behind a checkpoint; `done_at` once the operator has it whole."""

    __tablename__ = "backup_mark"
    __table_args__ = (CheckConstraint("done_at >= begun_at", name="order"),)

    token: Mapped[str] = mapped_column(primary_key=True)
    checkpoint: Mapped[int] = mapped_column(ForeignKey("checkpoint.n"))
    begun_at: Mapped[Instant]
    done_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """A leaf to be: its text, and what it is about."""

    op: UUID | None
    photo: bytes | None
    leaf: str


_OPERATION = """
    'audit_api leaf v1' || chr(10) || 'operation ' || o.op || chr(10) || 'device ' || o.device_id
    || chr(10) || 'seq ' || coalesce(o.seq::text, '-') || chr(10)
    || 'sha256 ' || encode(o.sha256, 'hex') || chr(10)
    || 'record ' || encode(o.envelope_sha256, 'hex') || chr(10)
    || 'previous ' || coalesce(encode(o.prev_sha256, 'hex'), '-') || chr(10)
    || 'received_at ' || {at}
"""
_PHOTO = """
    'audit_api leaf v1' || chr(10) || 'photo ' || encode(p.sha256, 'hex') || chr(10)
    || 'bytes ' || p.bytes || chr(10)
    || coalesce('device ' || p.device_id, 'person ' || p.person_id) || chr(10)
    || 'received_at ' || {at}
"""
_AT = """to_char({t}.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || chr(10)"""
_OPERATION_LEAF = _OPERATION.format(at=_AT.format(t="o"))
_PHOTO_LEAF = _PHOTO.format(at=_AT.format(t="p"))
_final = text(f"""
    select o.xid as xid, o.op as op, null::bytea as photo, {_OPERATION_LEAF} as leaf
    from operation o where o.xid >= :above and o.xid < :below
        and not exists (select from log_leaf l where l.op = o.op)
    union all
    select p.xid, null, p.sha256, {_PHOTO_LEAF}
    from photo p where p.xid >= :above and p.xid < :below
        and not exists (select from log_leaf l where l.photo = p.sha256)
    order by xid, op, photo limit :most
""")
_differing = text(f"""
    select l.n, l.op::text as about,
        o.op is null as gone from log_leaf l left join operation o on o.op = l.op
    where l.op is not null and l.leaf is distinct from ({_OPERATION_LEAF})
    union all
    select l.n, encode(l.photo, 'hex'), p.sha256 is null
    from log_leaf l left join photo p on p.sha256 = l.photo
    where l.photo is not null and l.leaf is distinct from ({_PHOTO_LEAF})
    order by n limit :most
""")


def hold_log(session: Session) -> None:
    """Be the only one who adds leaves, until commit."""
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})


def final_leaves(session: Session, *, above: int, below: int, most: int) -> list[NewLeaf]:
    """What has no leaf yet, of transactions from `above` on and below the feed's horizon `below`.

    Nothing that commits later can belong among them.
    """
    rows = session.execute(_final, {"above": above, "below": below, "most": most})
    return [NewLeaf(row.op, row.photo, row.leaf) for row in rows]


def add_leaves(session: Session, start: int, leaves: Sequence[NewLeaf]) -> None:
    """Add leaves with the numbers from `start` on; none is nothing to do."""
    if not leaves:
        # An empty list means one row of defaults to SQLAlchemy.
        return
    session.execute(
        insert(LogLeaf),
        [
            {"n": n, "op": leaf.op, "photo": leaf.photo, "leaf": leaf.leaf}
            for n, leaf in enumerate(leaves, start)
        ],
    )


def last_checkpoint(session: Session) -> Checkpoint | None:
    """The newest signed checkpoint."""
    return session.scalar(select(Checkpoint).order_by(Checkpoint.n.desc()).limit(1))


def checkpoints(session: Session) -> Sequence[Checkpoint]:
    """All of them, oldest first."""
    return session.scalars(select(Checkpoint).order_by(Checkpoint.n)).all()


def leaves(session: Session) -> Iterator[tuple[int, str]]:
    """Number and text of every leaf, in order; read in pieces."""
    last = -1
    while True:
        statement = select(LogLeaf.n, LogLeaf.leaf).where(LogLeaf.n > last)
        rows = session.execute(statement.order_by(LogLeaf.n).limit(_PIECE)).all()
        if not rows:
            return
        for n, leaf in rows:
            last = n
            yield n, leaf


def differing_leaves(session: Session, *, most: int) -> list[tuple[int, str, bool]]:
    """Leaves that do not say what is stored: number, what about, whether that is gone."""
    return [tuple(row) for row in session.execute(_differing, {"most": most})]


_bodies = text("""
    select op::text, wrong from (
        select o.op, case
            when o.raw is not null and sha256(o.raw) <> o.envelope_sha256 then 'raw'
            when o.raw is null and i.op is null then 'nowhere'
            when o.raw is null and sha256(convert_to(i.body::text, 'UTF8')) <> o.sha256 then 'body'
            when sha256(convert_to(i.body::text, 'UTF8')) <> i.body_sha256 then 'stored'
            when o.raw is null and i.body_sha256 <> o.sha256 then 'stored'
        end as wrong
        from operation o left join inspection i on i.op = o.op) found
    where wrong is not null order by op limit :most
""")


def differing_bodies(session: Session, *, most: int) -> list[tuple[str, str]]:
    """Operations whose kept bytes do not have the hash that was noted: id, and which bytes.

    'raw': the operation as it was sent; 'body': that of an inspection, which no other copy holds;
    'stored': an inspection's, beside its own hash; 'nowhere': nothing holds the body.
    """
    return [tuple(row) for row in session.execute(_bodies, {"most": most})]


def held_mark(session: Session, token: str) -> BackupMark | None:
    """The mark of a token, done or not, held until commit."""
    return session.scalar(select(BackupMark).where(BackupMark.token == token).with_for_update())


def add_mark(session: Session, token: str, checkpoint: int, *, at: datetime) -> None:
    """Note that a backup begins."""
    session.add(BackupMark(token=token, checkpoint=checkpoint, begun_at=at))
    session.flush()


_backed_up = (
    select(Checkpoint.size)
    .join(BackupMark, BackupMark.checkpoint == Checkpoint.n)
    .where(BackupMark.done_at.is_not(None))
    .order_by(Checkpoint.n.desc())
    .limit(1)
)


def backed_up_size(session: Session) -> int:
    """How many leaves lie under a checkpoint with a backup."""
    return session.scalar(_backed_up) or 0
