"""The server's public keys: every one that ever signed stays known."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.evidence.signing import Signer
from audit_api.storage.base import Base, Instant, is_sha256


class ReceiptKey(Base):
    """A public key (Ed25519, 32 bytes) under its id. Rows are only ever added."""

    __tablename__ = "receipt_key"
    # As long as a SHA-256.
    __table_args__ = (is_sha256("public_key"),)

    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    first_used_at: Mapped[Instant]


def note_key(session: Session, signer: Signer, *, at: datetime) -> None:
    """Remember the key that this process signs with; harmless when it is known."""
    values = {"key": signer.key, "public_key": signer.public_key, "first_used_at": at}
    session.execute(insert(ReceiptKey).values(values).on_conflict_do_nothing())


def known_keys(session: Session) -> list[ReceiptKey]:
    """Every key that ever signed, oldest first."""
    return list(
        session.scalars(select(ReceiptKey).order_by(ReceiptKey.first_used_at, ReceiptKey.key))
    )
