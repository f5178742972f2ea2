"""Scores as adjudications leave them, beside the assessments, which stay as they are."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    String,
    exists,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant, Json, Word


class AdjudicatedScore(Base):
    """What an assessment comes to with what supervision corrected and overturned.

    The newest counts.
    """

    __tablename__ = "adjudicated_score"
    __table_args__ = (
        ForeignKeyConstraint(
            ["inspection_id", "rev", "ruleset_digest"],
            ["assessment.inspection_id", "assessment.rev", "assessment.ruleset_digest"],
        ),
        CheckConstraint("index between 0 and 100", name="index"),
        CheckConstraint("coverage_permille between 0 and 1000", name="coverage"),
        Index("ix_adjudicated_score_assessment", "inspection_id", "rev", "ruleset_digest", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    inspection_id: Mapped[Id]
    rev: Mapped[int]
    ruleset_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[Instant]
    station_state: Mapped[Word]
    index: Mapped[int | None]
    coverage_permille: Mapped[int | None]
    score: Mapped[Json]


NEWEST = """(select s.* from adjudicated_score s where s.inspection_id = a.inspection_id
    and s.rev = a.rev and s.ruleset_digest = a.ruleset_digest order by s.n desc limit 1)"""
"""The newest one of a row `a` of assessments; SQL."""
STANDING = f"""(select coalesce(s.station_state, a.station_state) as station_state,
    case when s.n is null then a.index else s.index end as index,
    case when s.n is null then a.coverage_permille else s.coverage_permille end
        as coverage_permille,
    coalesce(s.score, a.score) as score
    from (select * from assessment where inspection_id = {{id}} and rev = {{rev}}
        order by assessed_at desc limit 1) a left join lateral {NEWEST} s on true)"""
"""How the newest assessment of a revision stands; SQL."""

_OVERTURNED = text("""
    select v.element_id, v.standard, v.requirement from violation v
    where v.state = 'overturned' and v.last_inspection_id = :id and v.last_inspection_rev = :rev
        and not exists (select from adjudication a where a.violation_id = v.id
            and a.to_state = 'overturned' and a.corrections is not null
            and a.n = (select max(l.n) from adjudication l where l.violation_id = v.id))
""")


def overturned_at(session: Session, inspection: UUID, rev: int) -> frozenset[tuple[UUID, str, str]]:
    """What this revision showed and supervision overturned as it stands, without a correction.

    As (element, standard, requirement).
    """
    rows = session.execute(_OVERTURNED, {"id": inspection, "rev": rev})
    return frozenset((row[0], row[1], row[2]) for row in rows)


def add_score(
    session: Session, inspection: UUID, rev: int, ruleset: str, score: Any, *, at: datetime
) -> None:
    """Record a score (`field_schema.scoring.Score`)."""
    session.add(
        AdjudicatedScore(
            inspection_id=inspection,
            rev=rev,
            ruleset_digest=ruleset,
            at=at,
            station_state=score.station_state,
            index=score.index,
            coverage_permille=score.coverage_permille,
            score=score.as_json(),
        )
    )
    session.flush()


def has_score(session: Session, inspection: UUID, rev: int) -> bool:
    """Whether a revision was ever scored by what supervision decided."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    AdjudicatedScore.inspection_id == inspection, AdjudicatedScore.rev == rev
                )
            )
        )
    )
