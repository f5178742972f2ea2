"""Fabrication flags: which revisions were looked at, what was found, what a person set aside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.oversight.fabrication import Flag, Side
from audit_api.domain.oversight.measured import MeasuredElement
from audit_api.domain.vocabulary import FlagKind
from audit_api.storage.base import Base, Id, Instant, Json, Word, one_of


class FabricationCheck(Base):
    """A revision that was looked at, and how many of its photos had been examined by then.

    `measured`: the digest of what was measured at an element -> `element`, `type`, `values`.
    """

    __tablename__ = "fabrication_check"
    __table_args__ = (
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
        CheckConstraint("examined between 0 and announced", name="examined"),
    )

    inspection_id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    checked_at: Mapped[Instant]
    announced: Mapped[int]
    examined: Mapped[int]
    measured: Mapped[Any] = mapped_column(JSONB)


class FabricationFlag(Base):
    """One sign at one revision; a sign that compares two stands at both, in a row each.

    Found once, it stays: a later look only adds. It stays visible, too, when it was set aside.
    """

    __tablename__ = "fabrication_flag"
    __table_args__ = (
        one_of("kind", FlagKind),
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
        ForeignKeyConstraint(
            ["other_inspection_id", "other_rev"], ["inspection.id", "inspection.rev"]
        ),
        CheckConstraint(
            "num_nulls(other_inspection_id, other_rev) in (0, 2)", name="other_revision"
        ),
        CheckConstraint("num_nulls(reason, set_aside_by, set_aside_at) in (0, 3)", name="aside"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_fabrication_flag_inspection_id_rev", "inspection_id", "rev"),
        Index("ix_fabrication_flag_found_at", "found_at", "inspection_id"),
        Index(
            "ix_fabrication_flag_open",
            "found_at",
            "inspection_id",
            postgresql_where=text("set_aside_at is null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    inspection_id: Mapped[Id]
    rev: Mapped[int]
    kind: Mapped[Word]
    photo: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    element_id: Mapped[Id | None]
    other_inspection_id: Mapped[Id | None]
    other_rev: Mapped[int | None]
    other_photo: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    other_element_id: Mapped[Id | None]
    figures: Mapped[Json]
    found_at: Mapped[Instant]
    reason: Mapped[str | None]
    set_aside_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    set_aside_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class DueRevision:
    """A current revision to be looked at; `received_at` and `inspection` are the list's key."""

    inspection: UUID
    rev: int
    received_at: datetime


# Counts, not instants: an examination may commit after a later one, or after a check.
_EXAMINED = """(select count(distinct a.sha256) from announced_photo a
    join photo_examination e on e.sha256 = a.sha256
    where a.inspection_id = i.id and a.rev = i.rev)"""
_DUE = text(f"""
    select i.id, i.rev, i.received_at from inspection i
    left join fabrication_check c on c.inspection_id = i.id and c.rev = i.rev
    where i.is_current and (c.inspection_id is null
        or (c.examined < c.announced and c.examined < {_EXAMINED}))
        and (cast(:at as timestamptz) is null or (i.received_at, i.id) > (:at, :id))
    order by i.received_at, i.id limit :limit
""")
_LOCK = 7_205_461_833


def due_revisions(session: Session, *, after: DueRevision | None, limit: int) -> list[DueRevision]:
    """Current revisions never looked at, or whose photos were examined since; oldest first."""
    values = {
        "at": after.received_at if after else None,
        "id": after.inspection if after else None,
        "limit": limit,
    }
    return [DueRevision(*row) for row in session.execute(_DUE, values)]


def hold_checks(session: Session) -> None:
    """Be the only one who looks, until commit: of two revisions the later look sees the earlier."""
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def note_check(
    session: Session,
    side: Side,
    *,
    announced: int,
    examined: int,
    measured: Iterable[MeasuredElement],
    at: datetime,
) -> None:
    """Note that a revision was looked at, in the place of any earlier look."""
    told = {
        one.digest: {"element": str(one.element), "type": one.type, "values": one.values}
        for one in measured
    }
    values: Mapping[str, Any] = {
        "checked_at": at,
        "announced": announced,
        "examined": examined,
        "measured": told,
    }
    statement = insert(FabricationCheck).values(
        inspection_id=side.inspection, rev=side.rev, **values
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=["inspection_id", "rev"], set_=values)
    )


def add_flags(session: Session, flags: Iterable[Flag], *, at: datetime) -> int:
    """Add those that are not there yet; returns how many."""
    rows = [_row(flag, at) for flag in flags]
    if not rows:
        return 0
    statement = insert(FabricationFlag).on_conflict_do_nothing().returning(FabricationFlag.id)
    return len(session.scalars(statement, rows).all())


def _row(flag: Flag, at: datetime) -> dict[str, Any]:
    return {
        "id": flag.id,
        "kind": flag.kind.value,
        "inspection_id": flag.side.inspection,
        "rev": flag.side.rev,
        "photo": flag.side.photo,
        "element_id": flag.side.element,
        "other_inspection_id": flag.other.inspection if flag.other else None,
        "other_rev": flag.other.rev if flag.other else None,
        "other_photo": flag.other.photo if flag.other else None,
        "other_element_id": flag.other.element if flag.other else None,
        "figures": dict(flag.figures),
        "found_at": at,
    }


@dataclass(frozen=True, slots=True)
class HeldFlag:
    """A flag held until commit, and what somebody decided on it."""

    id: UUID
    kind: str
    rev: int
    reason: str | None
    set_aside_by: str | None
    set_aside_at: datetime | None


_HOLD = text("""
    select f.id from fabrication_flag f
    join inspection i on i.id = f.inspection_id and i.rev = f.rev and i.is_current
    where f.inspection_id = :inspection and f.id = :id for update of f
""")
_HELD = text("""
    select f.id, f.kind, f.rev, f.reason, p.full_name, f.set_aside_at
    from fabrication_flag f left join person p on p.id = f.set_aside_by where f.id = :id
""")
_SET_ASIDE = text("""
    update fabrication_flag set reason = :reason, set_aside_by = :person, set_aside_at = :at
    where id = :id
""")


def hold_flag(session: Session, inspection: UUID, flag: UUID) -> HeldFlag | None:
    """Hold a flag of an inspection's current revision; waits for whoever decides just now."""
    # Two statements: what the second sees is fresh.
    if session.execute(_HOLD, {"inspection": inspection, "id": flag}).first() is None:
        return None
    return HeldFlag(*session.execute(_HELD, {"id": flag}).one())


def set_aside(session: Session, flag: UUID, *, reason: str, person: UUID, at: datetime) -> None:
    """Write that a person set a held flag aside."""
    session.execute(_SET_ASIDE, {"id": flag, "reason": reason, "person": person, "at": at})
