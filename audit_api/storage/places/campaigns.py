"""Campaigns: election day, milestones, constituencies, and the stations that sites serve as."""

from datetime import date

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    false,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Texts, Word


class Campaign(Base):
    """One election: its day, and the forms and the profile of standards it inspects by."""

    __tablename__ = "campaign"
    __table_args__ = (CheckConstraint("id ~ '^[a-z0-9-]{1,40}$'", name="id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name_ky: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]
    election_day: Mapped[date]
    territory_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    profile: Mapped[str]
    forms: Mapped[Texts]
    closed_at: Mapped[Instant | None]


class Milestone(Base):
    """A deadline of a campaign, in calendar or working days before election day."""

    __tablename__ = "milestone"
    __table_args__ = (CheckConstraint("days_before >= 0", name="days_before"),)

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    id: Mapped[Word] = mapped_column(primary_key=True)
    days_before: Mapped[int]
    working_days: Mapped[bool] = mapped_column(Boolean, server_default=false(), default=False)
    name_ky: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]


class Constituency(Base):
    """An electoral district of a campaign. Not a node of the territory tree."""

    __tablename__ = "constituency"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name_ky: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]


class Station(Base):
    """A polling station: what a site serves as in a campaign."""

    __tablename__ = "station"
    __table_args__ = (
        ForeignKeyConstraint(
            ["campaign_id", "constituency_number"],
            ["constituency.campaign_id", "constituency.number"],
        ),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("voters >= 0", name="voters"),
        Index("ix_station_site_id_campaign_id", "site_id", "campaign_id"),
        Index("ix_station_constituency", "campaign_id", "constituency_number", "site_id"),
    )

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    voters: Mapped[int]
    constituency_number: Mapped[int]


def campaign_ids(
    session: Session, *, profile: str | None = None, campaign: str | None = None
) -> list[str]:
    """The ids of the campaigns, of one profile or one campaign if these are said."""
    wanted = select(Campaign.id).order_by(Campaign.id)
    if profile is not None:
        wanted = wanted.where(Campaign.profile == profile)
    if campaign is not None:
        wanted = wanted.where(Campaign.id == campaign)
    return list(session.scalars(wanted))


def milestones_by_day(session: Session, campaign: str) -> list[Milestone]:
    """A campaign's milestones, the farthest from election day first."""
    return list(
        session.scalars(
            select(Milestone)
            .where(Milestone.campaign_id == campaign)
            .order_by(Milestone.days_before.desc(), Milestone.id)
        )
    )
