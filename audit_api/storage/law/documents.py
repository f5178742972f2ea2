"""Documents that came after the shipped files: imported editions and later versions of profiles.

Append-only: a trigger refuses changes. `n` counts them without a gap, so the highest one is the
version of the catalog.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import Weight
from audit_api.storage.base import Base, Id, Instant, Sha256, Word, ask, is_sha256, one_of

# Any constant will do; whoever adds a document holds it until commit.
_LOCK = 7_205_461_831


class CatalogDocument(Base):
    """One document, byte for byte as it was imported or made by an adoption."""

    __tablename__ = "catalog_document"
    __table_args__ = (
        is_sha256("sha256"),
        CheckConstraint("kind in ('edition', 'profile')", name="kind"),
        CheckConstraint("n > 0", name="n"),
        # An edition is written once; a profile has many versions.
        Index(
            "uq_catalog_document_edition", "id", unique=True, postgresql_where="kind = 'edition'"
        ),
    )

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(Integer, unique=True)
    kind: Mapped[Word]
    id: Mapped[str]
    data: Mapped[bytes]
    imported_at: Mapped[Instant]
    imported_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))


class AdoptionRecord(Base):
    """A decision that adopted an edition, and who recorded it. Its words are in the document."""

    __tablename__ = "adoption"
    __table_args__ = (
        is_sha256("document"),
        one_of("weight", Weight),
        Index("ix_adoption_profile", "profile", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    profile: Mapped[str]
    standard: Mapped[str]
    edition: Mapped[str]
    replaces: Mapped[str | None]
    weight: Mapped[Word]
    in_force_from: Mapped[date]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    document: Mapped[Sha256] = mapped_column(ForeignKey("catalog_document.sha256"))
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))


_VERSION = "select coalesce(max(n), 0) from catalog_document"
_ADD = """
    insert into catalog_document (sha256, n, kind, id, data, imported_at, imported_by)
    select %(sha256)s, coalesce(max(n), 0) + 1, %(kind)s, %(id)s, %(data)s, %(at)s, %(person)s
    from catalog_document
"""


def catalog_version(session: Session) -> int:
    """How many documents have come: the version of the catalog."""
    row = ask(session, _VERSION, {}).fetchone()
    return int(row[0]) if row else 0


def hold_catalog(session: Session) -> None:
    """Wait until nobody else adds documents, and keep others waiting until commit."""
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def all_documents(session: Session) -> list[tuple[str, str, str, bytes]]:
    """Kind, id, SHA-256 in hex and bytes of every document, in the order in which they came."""
    rows = session.execute(
        select(
            CatalogDocument.kind, CatalogDocument.id, CatalogDocument.sha256, CatalogDocument.data
        ).order_by(CatalogDocument.n)
    )
    return [(kind, name, sha256.hex(), data) for kind, name, sha256, data in rows]


def add_document(
    session: Session,
    kind: str,
    name: str,
    sha256: str,
    data: bytes,
    *,
    person: UUID | None,
    at: datetime,
) -> None:
    """Add a document; the catalog has to be held (`hold_catalog`)."""
    values: dict[str, Any] = {
        "sha256": bytes.fromhex(sha256),
        "kind": kind,
        "id": name,
        "data": data,
        "person": person,
        "at": at,
    }
    ask(session, _ADD, values)


def adoptions_of(session: Session, profile: str) -> list[AdoptionRecord]:
    """The recorded adoptions of a profile, the first one first."""
    return list(
        session.scalars(
            select(AdoptionRecord)
            .where(AdoptionRecord.profile == profile)
            .order_by(AdoptionRecord.n)
        )
    )
