"""Corrections of the calendar of working days: by whom, when, why. Rows are only ever added."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.working_days import DayKind, WorkingDays
from audit_api.storage.base import Base, Id, Instant, Word, one_of


class DayCorrection(Base):
    """What a day is after all. The newest of a day counts."""

    __tablename__ = "day_correction"
    __table_args__ = (one_of("kind", DayKind), Index("ix_day_correction_day_n", "day", "n"))

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    day: Mapped[date]
    kind: Mapped[Word]
    reason: Mapped[str]
    decided_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant]


_CORRECTIONS = """(select coalesce(json_object_agg(newest.day, newest.kind = 'working'), '{}'::json)
    from (select distinct on (day) day, kind from day_correction order by day, n desc) newest
    where newest.kind <> 'computed')"""
CORRECTIONS_OF_MILESTONE = f"case when m.working_days then {_CORRECTIONS} end"
"""What `domain.working_days.working_days` reads, of a row `m` of milestones; SQL."""


def corrected_days(session: Session) -> WorkingDays:
    """The calendar with all corrections."""
    return WorkingDays.corrected(session.execute(text(f"select {_CORRECTIONS}")).scalar_one())


def corrections_of(session: Session, year: int) -> list[DayCorrection]:
    """What was said last of each day of a year, by day; those taken back are not among them."""
    in_year = DayCorrection.day.between(date(year, 1, 1), date(year, 12, 31))
    said = session.scalars(select(DayCorrection).where(in_year).order_by(DayCorrection.n))
    newest = {one.day: one for one in said}
    return [newest[day] for day in sorted(newest) if newest[day].kind != DayKind.COMPUTED]


def newest_correction(session: Session, day: date) -> DayCorrection | None:
    """What was said of a day last."""
    of_day = select(DayCorrection).where(DayCorrection.day == day)
    return session.scalar(of_day.order_by(DayCorrection.n.desc()).limit(1))


def add_correction(
    session: Session, day: date, kind: DayKind, *, reason: str, by: UUID, at: datetime
) -> None:
    """Add a correction; one at a time, so that the newest is the last that was decided."""
    session.execute(text("lock table day_correction in share row exclusive mode"))
    session.add(
        DayCorrection(day=day, kind=kind.value, reason=reason, decided_by=by, decided_at=at)
    )
    session.flush()
