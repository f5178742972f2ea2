"""Photos that are here: one row per original, known by its SHA-256."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.sync.operations import Entry
from audit_api.storage import audit_log
from audit_api.storage.base import Base, Id, Instant, Sha256, Xid, ask, is_sha256, xid_index


class Photo(Base):
    """An original in the bucket. Never deleted by this program.

    Sent by a tablet, or by a person without one.
    """

    __tablename__ = "photo"
    __table_args__ = (
        is_sha256("sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint("(device_id is null) <> (person_id is null)", name="sender"),
        xid_index("ix_photo_xid"),
        Index("ix_photo_device_id_received_at", "device_id", "received_at"),
    )

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str]
    received_at: Mapped[Instant]
    device_id: Mapped[Id | None] = mapped_column(ForeignKey("device.id"))
    person_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    xid: Mapped[Xid]


def held(session: Session, hashes: Iterable[bytes]) -> set[bytes]:
    """Which of these photos are here."""
    wanted = list(hashes)
    if not wanted:
        return set()
    return set(session.scalars(select(Photo.sha256).where(Photo.sha256.in_(wanted))))


def find_photo(session: Session, sha256: bytes) -> Photo | None:
    """The photo with that hash."""
    return session.scalar(select(Photo).where(Photo.sha256 == sha256))


# An original arrives while an inspection that announces it is accepted: without these locks neither
# transaction sees the other, and the inspection would wait for a photo that is here.
_ANNOUNCE = """
    select pg_advisory_xact_lock_shared(hashtextextended(hex, 0))
    from (select distinct hex from unnest(cast(%(photos)s as text[])) as t(hex) order by 1) as asked
"""
_ARRIVE = "select pg_advisory_xact_lock(hashtextextended(%(hex)s, 0))"


def ask_with_arrivals(session: Session, photos: Sequence[str]) -> None:
    """Let originals (hex hashes) arrive wholly before or wholly after the rest of the transaction.

    Goes along with what looks whether they are here, in front of it.
    """
    if photos:
        ask(session, _ANNOUNCE, {"photos": f"{{{','.join(photos)}}}"})


def hold_arrival(session: Session, sha256: bytes) -> None:
    """Let that original arrive before this transaction or after it."""
    ask(session, _ARRIVE, {"hex": sha256.hex()})


_ADD = f"""
    with added as (
        insert into photo (sha256, bytes, content_type, received_at, device_id, person_id)
        values (%(sha256)s, %(bytes)s, %(content_type)s, %(at)s, %(device)s, %(sender)s)
        on conflict (sha256) do nothing returning sha256
    ), logged as ({audit_log.RECORD} where exists (select from added))
    select exists (select from added)
"""
_WAITING = "select distinct inspection_id from announced_photo where sha256 = %(sha256)s"


def add_photo(
    session: Session,
    sha256: bytes,
    *,
    size: int,
    content_type: str,
    person: UUID,
    device: UUID | None,
    at: datetime,
    **detail: str,
) -> tuple[bool, list[UUID]]:
    """Note an original that lies in the bucket, in the audit log too.

    `device` None: the person sent it without a tablet. `detail` stands in the entry too. Returns
    whether it was unknown, and the inspections that announce it. One exchange with the server.
    """
    entry = Entry("photo_received", sha256.hex(), at, person, device, {"bytes": size} | detail)
    values = {
        "sha256": sha256,
        "bytes": size,
        "content_type": content_type,
        "device": device,
        "sender": person if device is None else None,
        "at": at,
        "entries": audit_log.as_values([entry]),
    }
    hold_arrival(session, sha256)
    added = ask(session, _ADD, values)
    waiting = ask(session, _WAITING, {"sha256": sha256})
    [(new,)] = added
    return new, [row[0] for row in waiting]


def photos_after(session: Session, sha256: bytes, *, limit: int) -> list[bytes]:
    """The next hashes of originals behind one, in their order."""
    statement = select(Photo.sha256).where(Photo.sha256 > sha256)
    return list(session.scalars(statement.order_by(Photo.sha256).limit(limit)))


def count_photos(session: Session) -> int:
    """How many originals are here."""
    return session.scalar(select(func.count()).select_from(Photo)) or 0
