"""Unfinished uploads: where each stands, who holds it, and the bytes that came so far.

Fenced, not locked: every request that touches an upload takes its next `epoch`, and writes only
while it still has the newest. Bytes lie here until the whole is proven and goes to the bucket in
one piece (docs/decisions/0027): that the offset moved and that the bytes are kept is one commit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.sync.uploads import REFUSED_KEPT, Declared
from audit_api.storage.base import Answered, Base, Id, Instant, Sha256, ask, is_sha256


class Upload(Base):
    """An upload by one device. Complete ones stay until they expire, to answer for their offset."""

    __tablename__ = "upload"
    __table_args__ = (
        is_sha256("sha256"),
        CheckConstraint("length >= 0", name="length"),
        CheckConstraint("received >= 0", name="received"),
        # The last byte is acknowledged with the whole: offset = length means done to any client.
        CheckConstraint(
            "case when completed_at is null then length is null or received < length "
            "else received = length end",
            name="received_whole",
        ),
        Index("ix_upload_unfinished", "device_id", postgresql_where=text("completed_at is null")),
        Index("ix_upload_expires_at", "expires_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
    sha256: Mapped[Sha256]
    content_type: Mapped[str]
    metadata_: Mapped[str] = mapped_column("metadata")
    length: Mapped[int | None] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    epoch: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    # Counts how often the whole was refused; segments of earlier tries are for diagnosis alone.
    attempt: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    completed_at: Mapped[Instant | None]


class UploadSegment(Base):
    """Bytes of an upload from `start` on, as they came."""

    __tablename__ = "upload_segment"
    __table_args__ = (CheckConstraint("octet_length(bytes) > 0", name="bytes"),)

    upload_id: Mapped[Id] = mapped_column(
        ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    bytes: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[Instant]


@dataclass(slots=True)
class Held:
    """An upload as the newest request has it. Sizes in bytes; `length` None while deferred."""

    id: UUID
    epoch: int
    attempt: int
    received: int
    length: int | None
    sha256: bytes
    content_type: str
    metadata: str
    expires_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How much is here or on its way unfinished: uploads and bytes of one device, bytes of all.

    Counted in lengths, since each may still grow to its own; a deferred one to the largest.
    `known` is the size of the original with a hash that was asked for too, None if it is not here.
    """

    number: int
    bytes: int
    bytes_of_all: int
    known: int | None


_UNFINISHED = """
    select count(*) filter (where device_id = mine.id),
        coalesce(sum(coalesce(length, %(most)s)) filter (where device_id = mine.id), 0)::bigint,
        coalesce(sum(coalesce(length, %(most)s)), 0)::bigint,
        (select bytes from photo where sha256 = %(sha256)s)
    from upload left join device mine on mine.token_sha256 = %(token)s
    where completed_at is null
"""
_BEGIN = """
    insert into upload (id, device_id, sha256, content_type, metadata, length, received, epoch,
        created_at, expires_at, completed_at)
    values (%(id)s, %(device)s, %(sha256)s, %(content_type)s, %(metadata)s, %(length)s,
        %(received)s, 1, %(at)s, %(expires_at)s, %(completed_at)s)
"""
_TAKE = """
    update upload set epoch = epoch + 1
    where id = %(id)s and device_id = (select id from device where token_sha256 = %(token)s)
    returning id, epoch, attempt, received, length, sha256, content_type, metadata, expires_at,
        completed_at
"""
_KEEP = """
    with moved as (
        update upload set received = received + octet_length(%(bytes)s::bytea),
            length = coalesce(length, %(length)s::bigint), expires_at = %(expires_at)s
        where id = %(id)s and epoch = %(epoch)s and received = %(start)s and completed_at is null
        returning id, attempt
    )
    insert into upload_segment (upload_id, attempt, start, bytes, received_at)
    select id, attempt, %(start)s, %(bytes)s, %(at)s from moved returning start
"""
_COMPLETE = """
    update upload set received = %(length)s, length = %(length)s, completed_at = %(at)s
    where id = %(id)s and epoch = %(epoch)s and received = %(start)s and completed_at is null
    returning id
"""
_LET_GO = "delete from upload_segment where upload_id = %(id)s and attempt = %(attempt)s"
_LET_GO_EARLIER = "delete from upload_segment where upload_id = %(id)s and attempt < %(attempt)s"
_SET_LENGTH = """
    update upload set length = %(length)s
    where id = %(id)s and epoch = %(epoch)s and length is null and received < %(length)s
    returning id
"""
_BEGIN_AGAIN = """
    update upload set received = 0, attempt = attempt + 1
    where id = %(id)s and epoch = %(epoch)s and received = %(start)s and completed_at is null
    returning id
"""
_MINE = "id = %(id)s and epoch = %(epoch)s"


def ask_unfinished(session: Session, token_sha256: bytes, sha256: bytes, *, most: int) -> Answered:
    """Ask what is unfinished of the device with that token, and for an original.

    `most`: bytes of an upload whose length is deferred.
    """
    return ask(session, _UNFINISHED, {"token": token_sha256, "sha256": sha256, "most": most})


def unfinished(answer: Answered) -> Unfinished:
    """What came of it."""
    [row] = answer
    return Unfinished(*row)


def begin(
    session: Session,
    device: UUID,
    said: Declared,
    *,
    id: UUID,
    length: int | None,
    whole: bool,
    at: datetime,
    expires_at: datetime,
) -> Held:
    """A new upload, held by this request; `whole`: nothing needs to be sent."""
    held = Held(
        id=id,
        epoch=1,
        attempt=0,
        received=length if whole and length is not None else 0,
        length=length,
        sha256=said.sha256,
        content_type=said.content_type,
        metadata=said.metadata,
        expires_at=expires_at,
        completed_at=at if whole else None,
    )
    values: dict[str, Any] = {
        "id": held.id,
        "device": device,
        "sha256": held.sha256,
        "content_type": held.content_type,
        "metadata": held.metadata,
        "length": length,
        "received": held.received,
        "at": at,
        "expires_at": expires_at,
        "completed_at": held.completed_at,
    }
    ask(session, _BEGIN, values)
    return held


def ask_for(session: Session, token_sha256: bytes, id: UUID) -> Answered:
    """Ask for an upload of the device with that token, with its next epoch.

    Whoever had it before can write no more.
    """
    return ask(session, _TAKE, {"id": id, "token": token_sha256})


def held(answer: Answered) -> Held | None:
    """The upload that was asked for, if that device has it."""
    row = answer.fetchone()
    return Held(*row) if row else None


def keep(
    session: Session,
    held: Held,
    content: bytes,
    *,
    length: int | None,
    at: datetime,
    expires_at: datetime,
) -> bool:
    """Keep bytes and move the offset; False if somebody else has the upload now.

    `length`, if it was deferred until now, is noted too.
    """
    values = {
        "id": held.id,
        "epoch": held.epoch,
        "start": held.received,
        "bytes": content,
        "length": length,
        "at": at,
        "expires_at": expires_at,
    }
    return ask(session, _KEEP, values).fetchone() is not None


def set_length(session: Session, held: Held, length: int) -> bool:
    """Note the length that was deferred until now; False if taken over."""
    values = {"id": held.id, "epoch": held.epoch, "length": length}
    return ask(session, _SET_LENGTH, values).fetchone() is not None


def complete(session: Session, held: Held, *, length: int, at: datetime) -> Answered:
    """Note that the whole is in the bucket, and let go of its parts.

    The answer has no row if another request holds the upload now.
    """
    values = {"id": held.id, "epoch": held.epoch, "start": held.received, "length": length}
    completed = ask(session, _COMPLETE, values | {"at": at})
    if held.received:
        ask(session, _LET_GO, {"id": held.id, "attempt": held.attempt})
    return completed


def begin_again(session: Session, held: Held) -> bool:
    """Back to the first byte: the whole was not what was declared. False if taken over.

    Of refused attempts the last one alone stays for diagnosis: many must not fill the disk.
    """
    values = {"id": held.id, "epoch": held.epoch, "start": held.received}
    if ask(session, _BEGIN_AGAIN, values).fetchone() is None:
        return False
    ask(session, _LET_GO_EARLIER, {"id": held.id, "attempt": held.attempt})
    return True


def give_up(session: Session, held: Held) -> bool:
    """Forget an upload and its bytes; False if taken over. An original in the bucket stays."""
    statement = f"delete from upload where {_MINE} returning id"
    return ask(session, statement, {"id": held.id, "epoch": held.epoch}).fetchone() is not None


def segments(session: Session, held: Held, *, until: int) -> Iterator[bytes]:
    """What is kept of the present attempt below an offset, in order."""
    statement = text(
        'select "bytes" from upload_segment '
        "where upload_id = :id and attempt = :attempt and start < :end order by start"
    )
    found = session.execute(
        statement,
        {"id": held.id, "attempt": held.attempt, "end": until},
        execution_options={"yield_per": 4},
    )
    for row in found:
        yield row[0]


def sweep_uploads(session: Session, *, at: datetime) -> int:
    """Forget what has expired, and bytes of refused attempts after a day. Returns the rows."""
    gone = session.execute(text("delete from upload where expires_at < :at"), {"at": at})
    refused = session.execute(
        text(
            "delete from upload_segment s using upload u where u.id = s.upload_id "
            "and s.attempt < u.attempt and s.received_at < :before"
        ),
        {"before": at - REFUSED_KEPT},
    )
    return int(gone.rowcount + refused.rowcount)  # type: ignore[attr-defined]
