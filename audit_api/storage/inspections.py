"""Inspections: immutable revisions whose body is kept to the byte, and their assessments."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
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


class InspectionReturn(Base):
    """A revision that technical supervision sent back for correction; the next one answers it."""

    __tablename__ = "inspection_return"
    __table_args__ = (
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
    )

    inspection_id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    reason: Mapped[str]
    returned_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    returned_at: Mapped[Instant]


BORDERLINE: Final = '[" ]b(?=-?[0-9]*(#[0-9]+)?[" ])'
"""A stored outcome that begins with b (`field_schema.findings`), and no id that does; a regex."""
HAS_BORDERLINE: Final = f"{{}}.findings::text ~ '{BORDERLINE}'"
"""Whether a row of assessments has one, in the form of its index; SQL, `{}` names the row."""


class Assessment(Base):
    """One inspection revision judged by one set of requirements. Immutable."""

    __tablename__ = "assessment"
    __table_args__ = (
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
        CheckConstraint("index between 0 and 100", name="index"),
        CheckConstraint("coverage_permille between 0 and 1000", name="coverage"),
        Index(
            "ix_assessment_borderline",
            "assessed_at",
            "inspection_id",
            postgresql_where=text(HAS_BORDERLINE.format("assessment")),
        ),
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
        %(device)s, %(inspector)s, %(channel)s, %(at)s, %(started_at)s, %(finished_at)s, %(lat)s,
        %(lon)s, %(accuracy)s, %(flags)s, cast(%(body)s as json), %(sha256)s)
"""


# A label that somebody corrected as such stays: the next inspector's tablet may not know it yet.
_UPDATE_ELEMENTS = """
    with told as (
        select e.id, e.advice, was.label as old, case when exists (
                select from field_change f join operation o on o.op = f.op
                where f.entity_id = e.id and o.kind = 'element')
            then was.label else e.label end as label
        from json_to_recordset(cast(%(elements)s as json)) as e(id uuid, label text, advice json)
        join element was on was.id = e.id
    ), renamed as (
        update site set rev = rev + 1, updated_at = %(at)s
        where id = %(site)s and exists (select from told where label <> old) returning rev
    ), traced as (
        insert into field_change (entity_kind, entity_id, rev, field, old, new, op, person_id,
            device_id, at)
        select 'element', told.id, renamed.rev, 'label', to_json(told.old), to_json(told.label),
            %(op)s, %(inspector)s, %(device)s, %(at)s
        from told cross join renamed where told.label <> told.old
    )
    update element set label = told.label, advice = told.advice from told
    where element.id = told.id
"""
_SUPERSEDE = "update inspection set is_current = false where id = %(id)s and is_current"


def supersede(session: Session, inspection: UUID) -> None:
    """The current revision is current no longer; `add_revision` follows."""
    ask(session, _SUPERSEDE, {"id": inspection})


def update_elements(
    session: Session, elements: list[dict[str, Any]], visit: Mapping[str, Any]
) -> None:
    """Give elements (`id`, `label`, `advice`) what a later visit found of them.

    `visit` says site, op, inspector, device and at. The site has to be held. A label that changes
    leaves a trace.
    """
    names = ("site", "op", "inspector", "device", "at")
    values = {name: visit[name] for name in names}
    ask(
        session,
        _UPDATE_ELEMENTS,
        values | {"elements": msgspec.json.encode(elements).decode()},
    )


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
