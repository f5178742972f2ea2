"""Violations: the cases that live on between visits."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import (
    ENDED_VIOLATION_STATES,
    Severity,
    ViolationState,
)
from audit_api.storage.base import Base, Id, Instant, Json, Texts, Word, ask, one_of
from audit_api.storage.oversight.remediation import ENDED_TASKS, IDLE_TASKS

_ENDED = ", ".join(sorted(f"'{state.value}'" for state in ENDED_VIOLATION_STATES))


class Violation(Base):
    """One binding requirement broken at one element, until a measurement closes it."""

    __tablename__ = "violation"
    __table_args__ = (
        UniqueConstraint("element_id", "standard", "edition", "requirement"),
        # Only the element (with its site) and the task are held by foreign keys: the rest is copied
        # from the inspection written in the same transaction, which nothing can change or delete.
        ForeignKeyConstraint(["element_id", "site_id"], ["element.id", "element.site_id"]),
        one_of("severity", Severity),
        one_of("state", ViolationState),
        CheckConstraint("rev > 0", name="rev"),
        CheckConstraint(f"(ended_at is not null) = (state in ({_ENDED}))", name="ended"),
        # Only binding requirements make violations; recalled ones can never be binding.
        CheckConstraint("confidence <> 'recalled, not verified'", name="confidence"),
        Index("ix_violation_first_seen_at_id", "first_seen_at", "id"),
        Index("ix_violation_site_id", "site_id"),
        Index(
            "ix_violation_live_current_due_on",
            "current_due_on",
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_violation_contested",
            "last_seen_at",
            "id",
            postgresql_where=text("state = 'contested'"),
        ),
        Index("ix_violation_closed", "ended_at", "id", postgresql_where=text("state = 'closed'")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[Id]
    element_id: Mapped[Id]
    campaign_id: Mapped[str] = mapped_column(String(40))
    requirement: Mapped[str]
    standard: Mapped[str]
    edition: Mapped[str]
    clause: Mapped[str | None]
    clause_hint: Mapped[str | None]
    confidence: Mapped[str]
    severity: Mapped[Word]
    user_groups: Mapped[Texts]
    measured: Mapped[Json]
    tolerance: Mapped[Json]
    required: Mapped[Json]
    photos: Mapped[Texts]
    state: Mapped[Word]
    # What it was when the LSG claimed that it is remedied: where a returned task puts it back.
    claimed_from: Mapped[Word | None]
    first_seen_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    # When it came back after it had ended: what relieved it before relieves it no more.
    revived_at: Mapped[Instant | None]
    first_inspection_id: Mapped[Id]
    first_inspector_id: Mapped[Id]
    last_inspection_id: Mapped[Id]
    last_inspection_rev: Mapped[int]
    last_inspector_id: Mapped[Id]
    rev: Mapped[int] = mapped_column(Integer, default=1)
    due_on: Mapped[date]
    noticed_due_on: Mapped[date | None]
    current_due_on: Mapped[date] = mapped_column(
        Date, Computed("coalesce(noticed_due_on, due_on)", persisted=True)
    )
    task_id: Mapped[Id] = mapped_column(ForeignKey("remediation_task.id"), index=True)


_COLUMNS = """id uuid, element_id uuid, requirement text, standard text, edition text, clause text,
    clause_hint text, confidence text, severity text, user_groups text[], measured json,
    tolerance json, required json, photos text[], state text, ended boolean, task_id uuid"""
_NEW = """id, site_id, element_id, campaign_id, requirement, standard, edition, clause, clause_hint,
    confidence, severity, user_groups, measured, tolerance, required, photos, state, first_seen_at,
    last_seen_at, first_inspection_id, first_inspector_id, last_inspection_id,
    last_inspection_rev, last_inspector_id, rev"""
_NEW_VALUES = """id, %(site)s, element_id, %(campaign)s, requirement, standard, edition, clause,
    clause_hint, confidence, severity, user_groups, measured, tolerance, required, photos, state,
    %(at)s,
    %(at)s, %(inspection)s, %(inspector)s, %(inspection)s, %(inspection_rev)s, %(inspector)s, 1"""
_MOVED = """state = v.state, measured = v.measured, tolerance = v.tolerance,
    required = v.required, photos = v.photos,
    last_seen_at = %(at)s, last_inspection_id = %(inspection)s,
    last_inspection_rev = %(inspection_rev)s, last_inspector_id = %(inspector)s, rev = c.rev + 1,
    ended_at = case when v.ended then coalesce(c.ended_at, %(at)s) end"""
# A closed violation that is open again gets a new day; a day once given never moves otherwise.
_REVIVED = "c.ended_at is not null and not v.ended"

_OPEN_CASES = f"""
    with new_task as (
        insert into remediation_task (id, site_id, element_id, campaign_id, track, state, due_on,
            assigned_at, rev)
        select id, %(site)s, element_id, %(campaign)s, 'permanent', 'assigned', %(due_on)s,
            %(at)s, 1
        from json_to_recordset(cast(%(tasks)s as json)) as t(id uuid, element_id uuid)
        returning id
    ), new_event as (
        insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
        select id, %(at)s, %(inspector)s, null, 'assigned', 'found by an inspection', 'opened'
        from new_task
    )
    insert into violation ({_NEW}, due_on, task_id)
    select {_NEW_VALUES}, %(due_on)s, task_id
    from json_to_recordset(cast(%(violations)s as json)) as v({_COLUMNS})
"""
_MOVE_CASES = f"""
    update violation c set {_MOVED}, task_id = v.task_id,
        due_on = case when {_REVIVED} then %(due_on)s else c.due_on end,
        noticed_due_on = case when not ({_REVIVED}) then c.noticed_due_on end,
        revived_at = case when {_REVIVED} then %(at)s else c.revived_at end,
        campaign_id = case when {_REVIVED} then %(campaign)s else c.campaign_id end
    from json_to_recordset(cast(%(violations)s as json)) as v({_COLUMNS}) where c.id = v.id
"""
_VERIFY_TASKS = f"""
    with verified as (
        update remediation_task t set state = 'verified', rev = rev + 1
        where {IDLE_TASKS}
        returning t.id, (select o.state from remediation_task o where o.id = t.id) as was
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
    select id, %(at)s, %(person)s, was, 'verified', 'measured within the limits', 'verified'
    from verified
    returning task_id
"""
_VERIFY_DAY_TASKS = f"""
    with verified as (
        update remediation_task t set state = 'verified', rev = rev + 1
        where t.id = any(%(tasks)s) and t.state not in ({ENDED_TASKS})
        returning t.id, (select o.state from remediation_task o where o.id = t.id) as was
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
    select id, %(at)s, %(person)s, was, 'verified',
        'the temporary remedy is measured within the limits', 'verified'
    from verified
"""
_RETURN_TASKS = """
    with returned as (
        update remediation_task set state = 'returned', rev = rev + 1
        where id = any(%(tasks)s) and state = 'reported_done' returning id
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
    select id, %(at)s, %(person)s, 'reported_done', 'returned', 'measured outside the limits',
        'measured_outside'
    from returned
"""


def open_cases(
    session: Session,
    *,
    violations: list[dict[str, Any]],
    tasks: list[dict[str, Any]],
    visit: dict[str, Any],
) -> None:
    """Make the cases and tasks that a visit is the first to show, in one statement.

    Rows carry the columns of `_COLUMNS`; `visit` says site, campaign, inspection,
    inspection_rev, inspector, due_on and at. The site has to be locked: nobody else makes cases.
    """
    rows = {"violations": violations, "tasks": tasks}
    ask(session, _OPEN_CASES, visit | _as_json(rows))


def move_cases(
    session: Session,
    *,
    violations: list[dict[str, Any]],
    visit: dict[str, Any],
) -> None:
    """Move cases that were there before; rows and `visit` as in `open_cases`."""
    ask(session, _MOVE_CASES, visit | _as_json({"violations": violations}))


def _as_json(rows: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    return {name: msgspec.json.encode(value).decode() for name, value in rows.items()}


def verify_finished_tasks(
    session: Session, tasks: list[UUID], *, person: UUID, at: datetime
) -> list[UUID]:
    """Close the tasks none of whose violations is alive any more; only a measurement does this.

    Temporary ones of the same elements end with them. Returns those that were closed.
    """
    return [task for (task,) in ask(session, _VERIFY_TASKS, _moved(tasks, person, at))]


def verify_day_tasks(session: Session, tasks: list[UUID], *, person: UUID, at: datetime) -> None:
    """End temporary tasks all of whose violations are measured to be usable on the day."""
    ask(session, _VERIFY_DAY_TASKS, _moved(tasks, person, at))


def return_reported_tasks(
    session: Session, tasks: list[UUID], *, person: UUID, at: datetime
) -> None:
    """Return the tasks that were reported done and are measured not to be."""
    ask(session, _RETURN_TASKS, _moved(tasks, person, at))


def _moved(tasks: list[UUID], person: UUID, at: datetime) -> dict[str, Any]:
    return {"tasks": tasks, "person": person, "at": at}
