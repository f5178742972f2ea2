"""Inspections: immutable revisions whose body is kept to the byte, and their assessments."""

from dataclasses import dataclass
from datetime import date
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
    Answered,
    Base,
    Id,
    Instant,
    Json,
    Sha256,
    Texts,
    Word,
    ask,
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
    op: Mapped[Id] = mapped_column(
        ForeignKey("operation.op", deferrable=True, initially="DEFERRED"), unique=True
    )
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
    # The building as it was judged; null in assessments older than these columns.
    building_status: Mapped[Word | None]
    built_on: Mapped[date | None]
    altered_on: Mapped[date | None]
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


@dataclass(frozen=True, slots=True)
class KnownState:
    """What the server holds about the things an inspection names."""

    rev: int | None
    """The inspection's current revision; None when it is new."""
    inspector: UUID | None
    """Who made that revision."""
    visited: UUID | None
    """The site of that revision."""
    elements: dict[UUID, tuple[UUID, str, str]]
    """Element id -> site, type, label."""
    advice: dict[UUID, list[dict[str, Any]]]
    """Element id -> its recommendations."""
    violations: list[dict[str, Any]]
    tasks: dict[UUID, UUID]
    """Element id -> its open task."""
    photos: set[str]
    """Hex hashes of the announced photos that are here."""
    catalog_version: int
    """Asked behind the lock: whatever became law while it was awaited is law."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What was asked of the database before an inspection is stored; not yet waited for."""

    site: Answered
    state: Answered


_LOCK_SITE = """
    select s.territory_id, s.building_status, s.built_on, s.altered_on, c.election_day, c.profile,
        c.closed_at is not null, m.days_before
    from site s
    join campaign c on c.id = %(campaign)s
    left join milestone m on m.campaign_id = c.id and m.id = %(milestone)s
    where s.id = %(site)s and exists (
        select from station st where st.site_id = s.id and st.campaign_id = c.id)
    for no key update of s
"""
_KNOWN_STATE = """
    select i.rev, i.inspector_id, i.site_id,
        (select json_agg(json_build_array(id, site_id, type, label, advice)) from element
            where id = any(cast(%(elements)s as uuid[]))),
        (select json_agg(json_build_object('id', id, 'element', element_id, 'standard', standard,
            'edition', edition, 'requirement', requirement, 'state', state, 'task', task_id))
            from violation where element_id = any(cast(%(elements)s as uuid[]))),
        (select json_object_agg(element_id, id) from remediation_task
            where element_id = any(cast(%(elements)s as uuid[])) and track = 'permanent'
                and state <> 'verified'),
        (select json_agg(encode(sha256, 'hex')) from photo where sha256 in
            (select decode(hex, 'hex') from unnest(cast(%(photos)s as text[])) as t(hex))),
        (select coalesce(max(n), 0) from catalog_document)
    from (select) always
    left join inspection i on i.id = %(inspection)s and i.is_current
"""


def ask_situation(
    session: Session,
    *,
    inspection: UUID,
    site: UUID,
    campaign: str,
    milestone: str,
    elements: list[UUID],
    photos: list[str],
) -> Situation:
    """Hold a site until commit, so that its cases move one inspection at a time; then look.

    `photos` are hex hashes. Two statements in this order: what the second sees is fresh, however
    long the first waited.
    """
    return Situation(
        ask(session, _LOCK_SITE, {"site": site, "campaign": campaign, "milestone": milestone}),
        ask(
            session,
            _KNOWN_STATE,
            {
                "inspection": inspection,
                "elements": f"{{{','.join(map(str, elements))}}}",
                "photos": f"{{{','.join(photos)}}}",
            },
        ),
    )


def site_facts(situation: Situation) -> SiteFacts | None:
    """None when the site is no station of the campaign, or one of them does not exist."""
    row = situation.site.fetchone()
    return SiteFacts(*row) if row else None


def known_state(situation: Situation) -> KnownState:
    """What is known of the inspection, its elements and photos."""
    row = situation.state.fetchone()
    if row is None:
        raise RuntimeError("a select that always has one row had none")
    return KnownState(
        row[0],
        row[1],
        row[2],
        {UUID(i): (UUID(site), kind, label) for i, site, kind, label, _ in row[3] or ()},
        {UUID(known[0]): known[4] for known in row[3] or () if known[4]},
        row[4] or [],
        {UUID(element): UUID(task) for element, task in (row[5] or {}).items()},
        set(row[6] or ()),
        row[7],
    )


_ADD_REVISION = """
    with new_element as (
        insert into element (id, site_id, type, label, created_at, advice)
        select id, %(site)s, type, label, %(at)s, advice
        from json_to_recordset(cast(%(elements)s as json))
            as e(id uuid, type text, label text, advice json)
    ), announced as (
        insert into announced_photo (inspection_id, rev, id, element_id, question, sha256, bytes,
            content_type)
        select %(id)s, %(rev)s, id, element, question, decode(sha256, 'hex'), bytes, content_type
        from json_to_recordset(cast(%(photos)s as json)) as p(id uuid, element uuid, question text,
            sha256 text, bytes bigint, content_type text)
    ), assessed as (
        insert into assessment (inspection_id, rev, ruleset_digest, profile, assessed_at,
            building_status, built_on, altered_on, station_state, index, coverage_permille, score,
            findings)
        values (%(id)s, %(rev)s, %(digest)s, %(profile)s, %(at)s, %(building_status)s,
            %(built_on)s, %(altered_on)s, %(station_state)s, %(index)s, %(coverage)s,
            cast(%(score)s as json), cast(%(findings)s as json))
    ), packed as (
        insert into packed_inspection (inspection_id, rev, site_id, campaign_id, shape, measures)
        values (%(id)s, %(rev)s, %(site)s, %(campaign)s, %(shape)s, %(measures)s)
        on conflict (inspection_id) do update set rev = excluded.rev,
            shape = excluded.shape, measures = excluded.measures
    )
    insert into inspection (id, rev, corrects_rev, is_current, op, site_id, campaign_id, form,
        device_id, inspector_id, channel, received_at, started_at, finished_at, lat, lon,
        accuracy_m, flags, body, body_sha256)
    values (%(id)s, %(rev)s, %(corrects)s, true, %(op)s, %(site)s, %(campaign)s, %(form)s,
        %(device)s, %(inspector)s, 'sync', %(at)s, %(started_at)s, %(finished_at)s, %(lat)s,
        %(lon)s, %(accuracy)s, %(flags)s, cast(%(body)s as json), %(sha256)s)
"""


_UPDATE_ELEMENTS = """
    update element set label = e.label, advice = e.advice
    from json_to_recordset(cast(%(elements)s as json)) as e(id uuid, label text, advice json)
    where element.id = e.id
"""
_SUPERSEDE = "update inspection set is_current = false where id = %(id)s and is_current"


def supersede(session: Session, inspection: UUID) -> None:
    """The current revision is current no longer; `add_revision` follows."""
    ask(session, _SUPERSEDE, {"id": inspection})


def update_elements(session: Session, elements: list[dict[str, Any]]) -> None:
    """Give elements (`id`, `label`, `advice`) what a later visit found of them."""
    ask(session, _UPDATE_ELEMENTS, {"elements": msgspec.json.encode(elements).decode()})


def add_revision(session: Session, values: dict[str, Any]) -> None:
    """Write a revision with its elements, announced photos and assessment, in one statement.

    `values` are the bind parameters of the statement; `elements` (new ones) and `photos` are
    lists of objects, `score` and `findings` JSON-able, `body` the text exactly as it was sent.
    """
    as_json = {
        name: msgspec.json.encode(values[name]).decode()
        for name in ("elements", "photos", "score", "findings")
    }
    ask(session, _ADD_REVISION, values | as_json)
