"""Reviews: what two sides said differently waits here for technical supervision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import (
    EntityKind,
    ReviewDecision,
    ReviewKind,
    ReviewState,
)
from audit_api.storage.base import Base, Id, Instant, Json, Word, ask, one_of


class Review(Base):
    """One operation that was kept because the server had something else; a person decides.

    `op` is the operation whose side is `mine`; its bytes lie in the operation's row. `mine` and
    `server` are what both sides had at that moment, as they are shown: of a field or law-relevant
    review `{field: value}`, of a branch and a task see docs/sync.md; `server` always has `rev`.
    Who may see it follows from where the site lies now, also when it has moved since.
    """

    __tablename__ = "review"
    __table_args__ = (
        one_of("kind", ReviewKind),
        one_of("entity_kind", EntityKind),
        one_of("state", ReviewState),
        one_of("decision", ReviewDecision),
        CheckConstraint(
            "case state when 'open' then num_nonnulls(decision, reason, decided_by, decided_at) = 0"
            " else num_nulls(decision, reason, decided_by, decided_at) = 0 end",
            name="decided",
        ),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("decided_at >= opened_at", name="decided_later"),
        CheckConstraint("(kind = 'branch') = (entity_kind = 'inspection')", name="branch"),
        CheckConstraint("(kind = 'task') = (entity_kind = 'task')", name="task"),
        CheckConstraint("kind <> 'law-relevant' or entity_kind = 'site'", name="law_relevant"),
        Index(
            "ix_review_open",
            "opened_at",
            "id",
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_review_opened_at_id", "opened_at", "id"),
        Index("ix_review_entity_id", "entity_id"),
        Index("ix_review_site_id", "site_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    entity_kind: Mapped[Word]
    entity_id: Mapped[Id]
    op: Mapped[Id] = mapped_column(
        ForeignKey("operation.op", deferrable=True, initially="DEFERRED"), unique=True
    )
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    mine: Mapped[Json]
    server: Mapped[Json]
    opened_at: Mapped[Instant]
    state: Mapped[Word]
    decision: Mapped[Word | None]
    reason: Mapped[str | None]
    decided_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant | None]


class FieldChange(Base):
    """One field of a thing that changed: from what to what, by whose operation.

    Of an import there is neither an operation nor a person; the audit log names the file.
    """

    __tablename__ = "field_change"
    __table_args__ = (
        one_of("entity_kind", EntityKind),
        CheckConstraint("rev > 1", name="rev"),
        CheckConstraint("(op is null) = (person_id is null)", name="author"),
        Index("ix_field_change_entity_id_rev", "entity_id", "rev"),
        Index("ix_field_change_op", "op"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entity_kind: Mapped[Word]
    entity_id: Mapped[Id]
    rev: Mapped[int] = mapped_column(BigInteger)
    field: Mapped[str] = mapped_column(String(40))
    old: Mapped[Json | None]
    new: Mapped[Json | None]
    op: Mapped[Id | None] = mapped_column(
        ForeignKey("operation.op", deferrable=True, initially="DEFERRED")
    )
    person_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    device_id: Mapped[Id | None] = mapped_column(ForeignKey("device.id"))
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to be opened; see `Review` for what its members mean."""

    id: UUID
    kind: ReviewKind
    entity_kind: EntityKind
    entity: UUID
    op: UUID
    site: UUID
    mine: Mapping[str, Any]
    server: Mapping[str, Any]


_OPEN = """
    insert into review (id, kind, entity_kind, entity_id, op, site_id, mine, server, opened_at,
        state)
    values (%(id)s, %(kind)s, %(entity_kind)s, %(entity)s, %(op)s, %(site)s,
        cast(%(mine)s as json), cast(%(server)s as json), %(at)s, 'open')
"""


def open_review(session: Session, review: NewReview, *, at: datetime) -> None:
    """Let an operation wait for a person; the operation's own row may follow until commit."""
    ask(
        session,
        _OPEN,
        {
            "id": review.id,
            "kind": review.kind.value,
            "entity_kind": review.entity_kind.value,
            "entity": review.entity,
            "op": review.op,
            "site": review.site,
            "mine": msgspec.json.encode(review.mine).decode(),
            "server": msgspec.json.encode(review.server).decode(),
            "at": at,
        },
    )
