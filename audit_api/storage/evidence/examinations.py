"""What was seen of originals: claims of their EXIF, a perceptual hash, which previews exist."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Integer, delete, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Instant, Sha256, Word


class PhotoExamination(Base):
    """An original as a decoder saw it, or why none could. Derived: it can be made again.

    `taken`, the position and `camera` are claims of the file. `taken` is text as it stands there;
    `taken_at` an instant if it names its offset from UTC. `dhash` is 64 bits as a signed number.
    """

    __tablename__ = "photo_examination"
    __table_args__ = (
        CheckConstraint("(refused is null) = (format is not null)", name="seen_or_refused"),
        CheckConstraint("(lat is null) = (lon is null)", name="position_whole"),
    )

    sha256: Mapped[Sha256] = mapped_column(ForeignKey("photo.sha256"), primary_key=True)
    examined_at: Mapped[Instant]
    refused: Mapped[str | None]
    format: Mapped[Word | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    taken: Mapped[str | None]
    taken_at: Mapped[Instant | None]
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    camera: Mapped[str | None]
    dhash: Mapped[int | None] = mapped_column(BigInteger)
    previews: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))


_UNEXAMINED = text("""
    select p.sha256 from photo p
    where not exists (select from photo_examination e where e.sha256 = p.sha256)
    order by p.received_at, p.sha256 limit :limit
""")


def unexamined(session: Session, *, limit: int) -> Sequence[bytes]:
    """Hashes of originals that nobody looked at yet, the oldest first."""
    return list(session.scalars(_UNEXAMINED, {"limit": limit}))


def note_examination(session: Session, sha256: bytes, *, at: datetime, **seen: Any) -> None:
    """Note what was seen; a second look changes nothing."""
    values = {"sha256": sha256, "examined_at": at, **seen}
    session.execute(insert(PhotoExamination).values(values).on_conflict_do_nothing())


def forget_examinations(session: Session, hashes: Sequence[bytes]) -> None:
    """Let these originals be examined again: their previews are not where they were."""
    session.execute(delete(PhotoExamination).where(PhotoExamination.sha256.in_(hashes)))
