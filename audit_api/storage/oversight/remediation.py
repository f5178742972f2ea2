"""Remediation tasks: what an LSG must do about the violations of one element."""

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from audit_api.domain.vocabulary import ENDED_TASK_STATES, TaskState, TaskTrack
from audit_api.storage.base import Base, Id, Instant, Json, Texts, Word, one_of

# Of two that matter the same, the cheaper one; what nobody has estimated last.
CHEAPNESS: Final = "- coalesce(cost_som, 4611686018427387904)"
ENDED_TASKS = ", ".join(sorted(f"'{state.value}'" for state in ENDED_TASK_STATES))
"""The states in which a task has ended; SQL. Spelt as its index has it."""
OF_TASK = "(v.task_id = remediation_task.id or v.id = any(remediation_task.relieves))"
"""Which rows `v` of violations a row `remediation_task` is about; SQL."""
IDLE_TASKS = f"""t.id in (select unnest(cast(%(tasks)s as uuid[])) union all
        select d.id from remediation_task p join remediation_task d
            on d.element_id = p.element_id and d.track = '{TaskTrack.TEMPORARY}'
            and d.state not in ({ENDED_TASKS}) where p.id = any(cast(%(tasks)s as uuid[])))
    and t.state not in ({ENDED_TASKS})
    and not exists (select from violation v where v.task_id = t.id and v.ended_at is null)
    and not exists (select from violation v where v.id = any(t.relieves) and v.ended_at is null)"""
"""Which rows `t` of `tasks` and of the temporary tasks beside them have nothing left to do; SQL."""


class RemediationTask(Base):
    """One element to be put right by a day. At most one is open for an element and track.

    `priority`: as the worker reckoned it last (`storage.priority`); 0 before, and when verified.
    `due_on` stays as it was served, unless a coordinator sets it for this task alone; a notice of
    a moved election day gives `noticed_due_on`, which counts then. `relieves`: of a temporary task,
    the violations for whose remedies of the day it was opened; they stay those of a permanent one.
    """

    __tablename__ = "remediation_task"
    __table_args__ = (
        one_of("state", TaskState),
        one_of("track", TaskTrack),
        ForeignKeyConstraint(["element_id", "site_id"], ["element.id", "element.site_id"]),
        Index(
            "uq_remediation_task_open",
            "element_id",
            "track",
            unique=True,
            postgresql_where=text(f"state not in ({ENDED_TASKS})"),
        ),
        Index("ix_remediation_task_current_due_on_id", "current_due_on", "id"),
        Index("ix_remediation_task_site_id", "site_id"),
        Index("ix_remediation_task_by_priority", "priority", text(f"({CHEAPNESS})"), "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[Id]
    element_id: Mapped[Id]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), type_=String(40))
    track: Mapped[Word]
    state: Mapped[Word]
    due_on: Mapped[date]
    noticed_due_on: Mapped[date | None]
    current_due_on: Mapped[date] = mapped_column(
        Date, Computed("coalesce(noticed_due_on, due_on)", persisted=True)
    )
    assigned_at: Mapped[Instant]
    cost_som: Mapped[int | None] = mapped_column(BigInteger)
    rev: Mapped[int] = mapped_column(Integer, default=1)
    relieves: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    priority: Mapped[Decimal] = mapped_column(Numeric(14, 2), server_default="0", default=0)


class TaskEvent(Base):
    """A move of a task (`domain.lives`): who, when, from where to where, why.

    Of a tablet's command: `op`, its note as the reason, and `photos` (sha256, bytes, content_type
    each), which come like those of an inspection. `due_on`: the day that is asked for or set.
    `cost_som`: an estimate in Kyrgyz som. Rows older than the column have no `move`.
    What the clock did has no person.
    """

    __tablename__ = "task_event"
    __table_args__ = (
        one_of("to_state", TaskState),
        Index("ix_task_event_task_id_n", "task_id", "n"),
        Index(
            "ix_task_event_asked",
            "task_id",
            "n",
            postgresql_where=text("move = 'ask_extension'"),
        ),
        Index("ix_task_event_declined", "at", "task_id", postgresql_where=text("move = 'decline'")),
        Index("ix_task_event_shown", "shown", postgresql_using="gin"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    task_id: Mapped[Id] = mapped_column(ForeignKey("remediation_task.id"))
    at: Mapped[Instant]
    person_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    from_state: Mapped[Word | None]
    to_state: Mapped[Word]
    reason: Mapped[str]
    op: Mapped[Id | None] = mapped_column(
        ForeignKey("operation.op", deferrable=True, initially="DEFERRED"), index=True
    )
    photos: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    # The hashes of `photos` (hex), to find who may see an original.
    shown: Mapped[Texts | None]
    move: Mapped[Word | None]
    due_on: Mapped[date | None]
    cost_som: Mapped[int | None] = mapped_column(BigInteger)
