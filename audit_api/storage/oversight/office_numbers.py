"""Numbers that a prosecutor's office gives out: one after the other, without a gap.

A sequence would leave a gap behind each transaction that is rolled back. The row of a series is
held until commit instead: whoever numbers in the same series waits.
"""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Word


class OfficeNumber(Base):
    """The last number of a series: an office (its territory) in a campaign."""

    __tablename__ = "office_number"
    __table_args__ = (CheckConstraint("last > 0", name="last"),)

    office_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(
        ForeignKey("campaign.id"), type_=String(40), primary_key=True
    )
    series: Mapped[Word] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


_NEXT = text("""
    insert into office_number (office_id, campaign_id, series, last)
    values (:office, :campaign, :series, 1)
    on conflict (office_id, campaign_id, series) do update set last = office_number.last + 1
    returning last
""")


def next_number(session: Session, office: UUID, campaign: str, series: str) -> int:
    """The next number of a series, from 1; the series is held until commit."""
    values = {"office": office, "campaign": campaign, "series": series}
    return int(session.execute(_NEXT, values).scalar_one())
