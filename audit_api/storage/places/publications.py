"""Whether the public may read what supervision has established about a campaign's stations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant


class Publication(Base):
    """A decision to publish a campaign's facts, or to withdraw them. The newest counts."""

    __tablename__ = "publication"
    __table_args__ = (Index("ix_publication_campaign_id_n", "campaign_id", "n"),)

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), ForeignKey("campaign.id"))
    public: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str]
    decided_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant]


def is_public(session: Session, campaign: str) -> bool:
    """Whether the campaign's facts are published: by the newest decision; without one, no."""
    newest = (
        select(Publication.public)
        .where(Publication.campaign_id == campaign)
        .order_by(Publication.n.desc())
        .limit(1)
    )
    return bool(session.scalar(newest))


def add_publication(
    session: Session, campaign: str, *, public: bool, reason: str, by: UUID, at: datetime
) -> None:
    """Record a decision."""
    session.add(
        Publication(
            campaign_id=campaign, public=public, reason=reason, decided_by=by, decided_at=at
        )
    )
    session.flush()
