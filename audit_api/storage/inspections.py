"""Inspections: immutable revisions whose body is kept to the byte, and their assessments."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import (
    Base,
    Id,
    Instant,
    Json,
    Sha256,
    Texts,
    Word,
    is_sha256,
)


class Inspection(Base):
    """One revision of one visit. `body` is a json column: the text stays as it was sent.

    Device times that are absurd stay readable in the body and in `flags`; the columns are null.
    """

    __tablename__ = "inspection"
    __table_args__ = (
        is_sha256("body_sha256"),
        CheckConstraint("rev > 0", name="rev"),
        CheckConstraint("(rev = 1) = (corrects_rev is null)", name="corrects"),
        CheckConstraint("corrects_rev < rev", name="corrects_earlier"),
        CheckConstraint("channel in ('sync', 'openrosa')", name="channel"),
        # Two revisions from one base would be a branch: those wait for a reviewer, outside.
        UniqueConstraint("id", "corrects_rev"),
        ForeignKeyConstraint(["id", "corrects_rev"], ["inspection.id", "inspection.rev"]),
        Index("uq_inspection_current", "id", unique=True, postgresql_where=text("is_current")),
        Index("ix_inspection_site_id_received_at", "site_id", "received_at"),
        Index("ix_inspection_received_at_id", "received_at", "id"),
        Index("ix_inspection_inspector_id_site_id", "inspector_id", "site_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    corrects_rev: Mapped[int | None]
    is_current: Mapped[bool] = mapped_column(Boolean, default=True)
    op: Mapped[Id] = mapped_column(ForeignKey("operation.op"), unique=True)
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), type_=String(40))
    form: Mapped[str] = mapped_column(String(80))
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
    inspector_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[Word] = mapped_column(default="sync")
    received_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    lat: Mapped[float | None] = mapped_column(Double)
    lon: Mapped[float | None] = mapped_column(Double)
    accuracy_m: Mapped[float | None] = mapped_column(Double)
    flags: Mapped[Texts]
    body: Mapped[Json] = mapped_column(deferred=True)
    body_sha256: Mapped[Sha256]


class AnnouncedPhoto(Base):
    """A photo that an inspection names by hash and size. It may be here already, or come later."""

    __tablename__ = "announced_photo"
    __table_args__ = (
        is_sha256("sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
        ForeignKeyConstraint(["element_id"], ["element.id"]),
        Index("ix_announced_photo_sha256", "sha256"),
    )

    inspection_id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    element_id: Mapped[Id]
    question: Mapped[str | None]
    sha256: Mapped[Sha256]
    bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str]


class Assessment(Base):
    """One inspection revision judged by one set of requirements. Immutable."""

    __tablename__ = "assessment"
    __table_args__ = (
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
        CheckConstraint("index between 0 and 100", name="index"),
        CheckConstraint("coverage_permille between 0 and 1000", name="coverage"),
    )

    inspection_id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(primary_key=True)
    ruleset_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    profile: Mapped[str]
    assessed_at: Mapped[Instant]
    station_state: Mapped[Word]
    index: Mapped[int | None]
    coverage_permille: Mapped[int | None]
    score: Mapped[Json]
    findings: Mapped[Json] = mapped_column(deferred=True)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What judging an inspection needs to know of its site and campaign."""

    territory: UUID
    building_status: str
    built_on: Any
    altered_on: Any
    election_day: Any
    profile: str
    campaign_closed: bool
    repair_days_before: int | None
    rev: int | None
    """The inspection's current revision; None when it is new."""
    inspector: UUID | None
    """Who made that revision."""
    visited: UUID | None
    """The site of that revision."""


@dataclass(frozen=True, slots=True)
class KnownState:
    """What the server holds about the things an inspection names."""

    elements: dict[UUID, tuple[UUID, str, str]]
    """Element id -> site, type, label."""
    violations: list[dict[str, Any]]
    recommendations: list[dict[str, Any]]
    tasks: dict[UUID, UUID]
    """Element id -> its open task."""
    photos: set[str]
    """Hex hashes of the announced photos that are here."""


_lock_site = text("""
    select s.territory_id, s.building_status, s.built_on, s.altered_on, c.election_day, c.profile,
        c.closed_at is not null, m.days_before, i.rev, i.inspector_id, i.site_id
    from site s
    join campaign c on c.id = :campaign
    left join milestone m on m.campaign_id = c.id and m.id = :milestone
    left join inspection i on i.id = :inspection and i.is_current
    where s.id = :site and exists (
        select from station st where st.site_id = s.id and st.campaign_id = c.id)
    for no key update of s
""")
_known_state = text("""
    select
        (select json_agg(json_build_array(id, site_id, type, label)) from element
            where id = any(:elements)),
        (select json_agg(json_build_object('id', id, 'element', element_id, 'standard', standard,
            'edition', edition, 'requirement', requirement, 'state', state, 'task', task_id))
            from violation where element_id = any(:elements)),
        (select json_agg(json_build_object('id', id, 'element', element_id, 'standard', standard,
            'edition', edition, 'requirement', requirement, 'state', state))
            from recommendation where element_id = any(:elements)),
        (select json_object_agg(element_id, id) from remediation_task
            where element_id = any(:elements) and track = 'permanent' and state <> 'verified'),
        (select json_agg(encode(sha256, 'hex')) from photo where sha256 = any(:photos))
""")


def lock_site(
    session: Session, *, site: UUID, campaign: str, inspection: UUID, milestone: str
) -> SiteFacts | None:
    """Hold a site until commit, so that its cases move one inspection at a time.

    None when the site is no station of the campaign, or one of them does not exist.
    """
    row = session.execute(
        _lock_site,
        {"site": site, "campaign": campaign, "inspection": inspection, "milestone": milestone},
    ).one_or_none()
    return SiteFacts(*row) if row else None


def known_state(session: Session, elements: list[UUID], photos: list[bytes]) -> KnownState:
    """What is known of these elements and photos. Read it after `lock_site`."""
    row = session.execute(_known_state, {"elements": elements, "photos": photos}).one()
    return KnownState(
        {UUID(i): (UUID(site), kind, label) for i, site, kind, label in row[0] or ()},
        row[1] or [],
        row[2] or [],
        {UUID(element): UUID(task) for element, task in (row[3] or {}).items()},
        set(row[4] or ()),
    )


_add_revision = text("""
    with new_element as (
        insert into element (id, site_id, type, label, created_at)
        select id, :site, type, label, :at
        from json_to_recordset(cast(:elements as json)) as e(id uuid, type text, label text)
        on conflict (id) do update set label = excluded.label,
            -- Taken by another site a moment ago: null is refused, and the next try sees it.
            site_id = case when element.site_id = excluded.site_id then element.site_id end
            where element.label <> excluded.label or element.site_id <> excluded.site_id
    ), announced as (
        insert into announced_photo (inspection_id, rev, id, element_id, question, sha256, bytes,
            content_type)
        select :id, :rev, id, element, question, decode(sha256, 'hex'), bytes, content_type
        from json_to_recordset(cast(:photos as json)) as p(id uuid, element uuid, question text,
            sha256 text, bytes bigint, content_type text)
    ), assessed as (
        insert into assessment (inspection_id, rev, ruleset_digest, profile, assessed_at,
            station_state, index, coverage_permille, score, findings)
        values (:id, :rev, :digest, :profile, :at, :station_state, :index, :coverage,
            cast(:score as json), cast(:findings as json))
    )
    insert into inspection (id, rev, corrects_rev, is_current, op, site_id, campaign_id, form,
        device_id, inspector_id, channel, received_at, started_at, finished_at, lat, lon,
        accuracy_m, flags, body, body_sha256)
    values (:id, :rev, :corrects, true, :op, :site, :campaign, :form, :device, :inspector, 'sync',
        :at, :started_at, :finished_at, :lat, :lon, :accuracy, :flags, cast(:body as json), :sha256)
""")


_supersede = text("update inspection set is_current = false where id = :id and is_current")


def supersede(session: Session, inspection: UUID) -> None:
    """The current revision is current no longer; `add_revision` follows."""
    session.execute(_supersede, {"id": inspection})


def add_revision(session: Session, values: dict[str, Any]) -> None:
    """Write a revision with its elements, announced photos and assessment, in one statement.

    `values` are the bind parameters of the statement; `elements` and `photos` are lists of
    objects, `score` and `findings` JSON-able, `body` the text exactly as it was sent.
    """
    as_json = {
        name: msgspec.json.encode(values[name]).decode()
        for name in ("elements", "photos", "score", "findings")
    }
    session.execute(_add_revision, values | as_json)
