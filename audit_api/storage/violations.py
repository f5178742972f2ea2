"""Violations and recommendations: the cases that live on between visits."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.schema import SchemaItem

from audit_api.domain.vocabulary import (
    ENDED_VIOLATION_STATES,
    RecommendationState,
    Severity,
    ViolationState,
)
from audit_api.storage.base import Base, Id, Instant, Json, Texts, Word, one_of


class _Case:
    """What a violation and a recommendation have in common: one requirement at one element."""

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    element_id: Mapped[Id]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), type_=String(40))
    requirement: Mapped[str]
    standard: Mapped[str]
    edition: Mapped[str]
    clause: Mapped[str | None]
    clause_hint: Mapped[str | None]
    confidence: Mapped[str]
    severity: Mapped[Word]
    user_groups: Mapped[Texts]
    measured: Mapped[Json]
    required: Mapped[Json]
    photos: Mapped[Texts]
    state: Mapped[Word]
    first_seen_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    first_inspection_id: Mapped[Id]
    first_inspector_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    last_inspection_id: Mapped[Id]
    last_inspection_rev: Mapped[int]
    last_inspector_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    rev: Mapped[int] = mapped_column(Integer, default=1)


def _case_args(table: str) -> tuple[SchemaItem, ...]:
    return (
        UniqueConstraint("element_id", "standard", "edition", "requirement"),
        ForeignKeyConstraint(["element_id", "site_id"], ["element.id", "element.site_id"]),
        ForeignKeyConstraint(
            ["last_inspection_id", "last_inspection_rev"], ["inspection.id", "inspection.rev"]
        ),
        one_of("severity", Severity),
        CheckConstraint("rev > 0", name="rev"),
        Index(f"ix_{table}_first_seen_at_id", "first_seen_at", "id"),
        Index(f"ix_{table}_site_id", "site_id"),
    )


_ENDED = ", ".join(sorted(f"'{state.value}'" for state in ENDED_VIOLATION_STATES))


class Violation(_Case, Base):
    """One binding requirement broken at one element, until a measurement closes it."""

    __tablename__ = "violation"
    __table_args__ = (
        *_case_args(__tablename__),
        one_of("state", ViolationState),
        CheckConstraint(f"(ended_at is not null) = (state in ({_ENDED}))", name="ended"),
        # Only binding requirements make violations; recalled ones can never be binding.
        CheckConstraint("confidence <> 'recalled, not verified'", name="confidence"),
        Index("ix_violation_live_due_on", "due_on", postgresql_where=text("ended_at is null")),
    )

    due_on: Mapped[date]
    task_id: Mapped[Id] = mapped_column(ForeignKey("remediation_task.id"), index=True)


class Recommendation(_Case, Base):
    """One reference requirement not met at one element: advice, listed apart."""

    __tablename__ = "recommendation"
    __table_args__ = (
        *_case_args(__tablename__),
        one_of("state", RecommendationState),
        CheckConstraint("(ended_at is null) = (state = 'open')", name="ended"),
    )


_COLUMNS = """id uuid, element_id uuid, requirement text, standard text, edition text, clause text,
    clause_hint text, confidence text, severity text, user_groups text[], measured json,
    required json, photos text[], state text, ended boolean, task_id uuid"""
_NEW = """id, site_id, element_id, campaign_id, requirement, standard, edition, clause, clause_hint,
    confidence, severity, user_groups, measured, required, photos, state, first_seen_at,
    last_seen_at, first_inspection_id, first_inspector_id, last_inspection_id,
    last_inspection_rev, last_inspector_id, rev"""
_NEW_VALUES = """id, :site, element_id, :campaign, requirement, standard, edition, clause,
    clause_hint, confidence, severity, user_groups, measured, required, photos, state, :at, :at,
    :inspection, :inspector, :inspection, :inspection_rev, :inspector, 1"""
_MOVED = """state = excluded.state, measured = excluded.measured, required = excluded.required,
    photos = excluded.photos, last_seen_at = :at, last_inspection_id = :inspection,
    last_inspection_rev = :inspection_rev, last_inspector_id = :inspector,
    rev = {table}.rev + 1,
    ended_at = case when excluded.ended_at is null then null
        else coalesce({table}.ended_at, excluded.ended_at) end"""

_REVIVED = "violation.ended_at is not null and excluded.ended_at is null"

_save_cases = text(f"""
    with new_task as (
        insert into remediation_task (id, site_id, element_id, campaign_id, track, state, due_on,
            assigned_at, rev)
        select id, :site, element_id, :campaign, 'permanent', 'assigned', :due_on, :at, 1
        from json_to_recordset(cast(:tasks as json)) as t(id uuid, element_id uuid)
        returning id
    ), new_event as (
        insert into task_event (task_id, at, person_id, from_state, to_state, reason)
        select id, :at, :inspector, null, 'assigned', 'found by an inspection' from new_task
    ), violations as (
        insert into violation ({_NEW}, ended_at, due_on, task_id)
        select {_NEW_VALUES}, case when ended then cast(:at as timestamptz) end, :due_on, task_id
        from json_to_recordset(cast(:violations as json)) as v({_COLUMNS})
        on conflict (element_id, standard, edition, requirement) do update set
            {_MOVED.format(table="violation")}, task_id = excluded.task_id,
            due_on = case when {_REVIVED} then excluded.due_on else violation.due_on end,
            campaign_id = case when {_REVIVED} then excluded.campaign_id
                else violation.campaign_id end
    )
    insert into recommendation ({_NEW}, ended_at)
    select {_NEW_VALUES}, case when ended then cast(:at as timestamptz) end
    from json_to_recordset(cast(:recommendations as json)) as r({_COLUMNS})
    on conflict (element_id, standard, edition, requirement) do update set
        {_MOVED.format(table="recommendation")}
""")
_verify_tasks = text("""
    with verified as (
        update remediation_task t set state = 'verified', rev = rev + 1
        where t.id = any(:tasks) and t.state <> 'verified' and not exists (
            select from violation v where v.task_id = t.id and v.ended_at is null)
        returning t.id, (select o.state from remediation_task o where o.id = t.id) as was
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason)
    select id, :at, :person, was, 'verified', 'measured within the limits' from verified
    returning task_id
""")


def save_cases(
    session: Session,
    *,
    violations: list[dict[str, Any]],
    recommendations: list[dict[str, Any]],
    tasks: list[dict[str, Any]],
    visit: dict[str, Any],
) -> None:
    """Open and move the cases of one visit and open its tasks, in one statement.

    Rows carry the columns of `_COLUMNS`; `visit` says site, campaign, inspection,
    inspection_rev, inspector, due_on and at.
    """
    rows = {"violations": violations, "recommendations": recommendations, "tasks": tasks}
    as_json = {name: msgspec.json.encode(value).decode() for name, value in rows.items()}
    session.execute(_save_cases, visit | as_json)


def verify_finished_tasks(
    session: Session, tasks: list[UUID], *, person: UUID, at: datetime
) -> list[UUID]:
    """Close the tasks none of whose violations is alive any more; only a measurement does this."""
    values = {"tasks": tasks, "person": person, "at": at}
    return list(session.scalars(_verify_tasks, values))
