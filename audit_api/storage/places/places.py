"""The territory tree, sites and their elements."""

from datetime import date
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from audit_api.domain.vocabulary import LSG_KINDS, BuildingStatus, TerritoryKind
from audit_api.storage.base import Base, Id, Instant, Json, Texts, Word, one_of

_LSG_WORDS = ", ".join(sorted(f"'{kind.value}'" for kind in LSG_KINDS))


class Territory(Base):
    """A node of the administrative tree, known by its SOATE code."""

    __tablename__ = "territory"
    __table_args__ = (
        one_of("kind", TerritoryKind),
        UniqueConstraint("id", "has_lsg"),
        CheckConstraint("code ~ '^[0-9A-Za-z-]{1,40}$'", name="code"),
        CheckConstraint("lat between -90 and 90 and lon between -180 and 180", name="wgs84"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[Word]
    has_lsg: Mapped[bool] = mapped_column(
        Boolean, Computed(f"kind in ({_LSG_WORDS})", persisted=True)
    )
    lat: Mapped[float | None] = mapped_column(Double)
    lon: Mapped[float | None] = mapped_column(Double)


class TerritoryVersion(Base):
    """Names and parent of a territory from a day on, until the next version begins."""

    __tablename__ = "territory_version"
    __table_args__ = (CheckConstraint("parent_id <> territory_id", name="parent"),)

    territory_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    parent_id: Mapped[Id | None] = mapped_column(ForeignKey("territory.id"), index=True)
    name_ky: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]


class Site(Base):
    """A building or place that is inspected. Its territory is one with an LSG body."""

    __tablename__ = "site"
    __table_args__ = (
        one_of("building_status", BuildingStatus),
        ForeignKeyConstraint(
            ["territory_id", "territory_has_lsg"], ["territory.id", "territory.has_lsg"]
        ),
        CheckConstraint("territory_has_lsg", name="lsg"),
        CheckConstraint("(lat is null) = (lon is null)", name="location"),
        CheckConstraint("lat between -90 and 90 and lon between -180 and 180", name="wgs84"),
        CheckConstraint("rev > 0", name="rev"),
        Index("ix_site_territory_id_id", "territory_id", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    name_ky: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]
    address: Mapped[str]
    lat: Mapped[float | None] = mapped_column(Double)
    lon: Mapped[float | None] = mapped_column(Double)
    territory_id: Mapped[Id]
    territory_has_lsg: Mapped[bool] = mapped_column(Boolean, server_default=true(), default=True)
    building_status: Mapped[Word]
    built_on: Mapped[date | None]
    altered_on: Mapped[date | None]
    synthetic: Mapped[Texts] = mapped_column(server_default="{}")
    rev: Mapped[int] = mapped_column(BigInteger, default=1)
    updated_at: Mapped[Instant]


class Element(Base):
    """One physical thing of a site that outlives an inspection.

    `advice`: its recommendations, as `audit_api.domain.law.recommendations` writes them, or null.
    """

    __tablename__ = "element"
    __table_args__ = (UniqueConstraint("site_id", "id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    type: Mapped[Word]
    label: Mapped[str]
    created_at: Mapped[Instant]
    advice: Mapped[Json | None]
