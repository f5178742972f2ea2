"""Photos that are here: one row per original, known by its SHA-256."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Sha256, Xid, is_sha256, xid_index


class Photo(Base):
    """An original in the bucket. Never deleted by this program."""

    __tablename__ = "photo"
    __table_args__ = (
        is_sha256("sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        xid_index("ix_photo_xid"),
        Index("ix_photo_device_id_received_at", "device_id", "received_at"),
    )

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str]
    received_at: Mapped[Instant]
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
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


def add_photo(
    session: Session, sha256: bytes, *, size: int, content_type: str, device: UUID, at: datetime
) -> bool:
    """Note an original that lies in the bucket; False if it was known."""
    added = session.execute(
        insert(Photo)
        .values(
            sha256=sha256, bytes=size, content_type=content_type, received_at=at, device_id=device
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
        .returning(Photo.sha256)
    )
    return added.first() is not None


def photos_after(session: Session, sha256: bytes, *, limit: int) -> list[bytes]:
    """The next hashes of originals behind one, in their order."""
    statement = select(Photo.sha256).where(Photo.sha256 > sha256)
    return list(session.scalars(statement.order_by(Photo.sha256).limit(limit)))


def count_photos(session: Session) -> int:
    """How many originals are here."""
    return session.scalar(select(func.count()).select_from(Photo)) or 0
