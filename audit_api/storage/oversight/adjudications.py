"""Adjudications: what technical supervision decided about a violation, beside its finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import AdjudicationDecision, ViolationState
from audit_api.storage.base import Base, Id, Instant, Json, Word, ask, one_of


class Adjudication(Base):
    """One decision on a violation as it stood at `rev`. Append-only.

    `measured` is what the violation showed then; of a correction `corrections` are the answers as
    they were said, `corrected` is what is read instead, and `verdict` what came of it. The finding
    itself stays in its assessment.
    """

    __tablename__ = "adjudication"
    __table_args__ = (
        one_of("decision", AdjudicationDecision),
        one_of("from_state", ViolationState),
        one_of("to_state", ViolationState),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(decision = 'correct') = (corrected is not null)", name="corrected"),
        CheckConstraint("(corrected is null) = (verdict is null)", name="verdict"),
        # None in those that were recorded before the answers themselves were kept.
        CheckConstraint("corrections is null or decision = 'correct'", name="corrections"),
        ForeignKeyConstraint(
            ["inspection_id", "inspection_rev"], ["inspection.id", "inspection.rev"]
        ),
        Index("ix_adjudication_violation_id_n", "violation_id", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    violation_id: Mapped[Id] = mapped_column(ForeignKey("violation.id"))
    rev: Mapped[int] = mapped_column(Integer)
    decision: Mapped[Word]
    move: Mapped[Word]
    reason: Mapped[str]
    clause: Mapped[str | None]
    inspection_id: Mapped[Id]
    inspection_rev: Mapped[int] = mapped_column(Integer)
    measured: Mapped[Json]
    corrected: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    verdict: Mapped[Word | None]
    corrections: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    from_state: Mapped[Word]
    to_state: Mapped[Word]
    decided_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class HeldCase:
    """A violation whose site is held until commit."""

    id: UUID
    rev: int
    state: str
    element: UUID
    label: str
    standard: str
    edition: str
    requirement: str
    measured: dict[str, Any]
    task: UUID
    inspection: UUID
    inspection_rev: int
    inspectors: frozenset[UUID]
    """Who made its first and its last finding."""


_HOLD = text("""
    select from site where id = (select site_id from violation where id = :id)
        and territory_id = any(:territories) for no key update
""")
_CASE = text("""
    select v.id, v.rev, v.state, v.element_id, e.label, v.standard, v.edition, v.requirement,
        v.measured, v.task_id, v.last_inspection_id, v.last_inspection_rev,
        array[v.first_inspector_id, v.last_inspector_id]
    from violation v join element e on e.id = v.element_id where v.id = :id
""")


def hold_case(session: Session, scope: Scope, violation: UUID) -> HeldCase | None:
    """A violation, its site held as an inspection holds it; None outside the scope."""
    values = {"id": violation, "territories": list(scope.territories)}
    if session.execute(_HOLD, values).first() is None:
        return None
    *told, inspectors = session.execute(_CASE, {"id": violation}).one()
    return HeldCase(*[*told, frozenset(inspectors)])


@dataclass(frozen=True, slots=True)
class JudgedBody:
    """An inspection's body and how its newest assessment judged it."""

    body: str
    ruleset: str
    building_status: str
    built_on: date | None
    altered_on: date | None


# Assessments older than the columns of the building were judged by what the site says.
_JUDGED = text("""
    select i.body::text, a.ruleset_digest,
        coalesce(a.building_status, s.building_status),
        case when a.building_status is null then s.built_on else a.built_on end,
        case when a.building_status is null then s.altered_on else a.altered_on end
    from inspection i join assessment a on a.inspection_id = i.id and a.rev = i.rev
    join site s on s.id = i.site_id
    where i.id = :id and i.rev = :rev order by a.assessed_at desc, a.ruleset_digest limit 1
""")


def judged_body(session: Session, inspection: UUID, rev: int) -> JudgedBody:
    """What a finding was made from."""
    return JudgedBody(*session.execute(_JUDGED, {"id": inspection, "rev": rev}).one())


_ADJUDICATE = """
    with moved as (
        update violation set state = %(to_state)s, rev = rev + 1,
            ended_at = case when %(ended)s then coalesce(ended_at, %(at)s) end,
            measured = coalesce(f.finding -> 'measured', measured),
            tolerance = coalesce(f.finding -> 'tolerance', tolerance),
            required = coalesce(f.finding -> 'required', required)
        from (select cast(%(finding)s as json) as finding) f
        where id = %(id)s
    )
    insert into adjudication (violation_id, rev, decision, move, reason, clause, inspection_id,
        inspection_rev, measured, corrected, verdict, corrections, from_state, to_state, decided_by,
        decided_at)
    select v.id, v.rev, %(decision)s, %(move)s, %(reason)s, %(clause)s, v.last_inspection_id,
        v.last_inspection_rev, v.measured, cast(%(corrected)s as json), %(verdict)s,
        cast(%(corrections)s as json), v.state, %(to_state)s, %(person)s, %(at)s
    from violation v where v.id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class NewAdjudication:
    """A decision to be recorded; members as of `Adjudication`."""

    decision: str
    move: str
    reason: str
    clause: str | None
    to_state: str
    corrected: Mapping[str, Any] | None = None
    verdict: str | None = None
    corrections: Sequence[Mapping[str, Any]] | None = None


def adjudicate_case(
    session: Session,
    violation: UUID,
    said: NewAdjudication,
    *,
    ended: bool,
    finding: Mapping[str, Any] | None,
    person: UUID,
    at: datetime,
) -> None:
    """Record a decision and move the violation, whose site is held.

    `finding`: measured, tolerance and required that the violation shows from now on, or None.
    """
    ask(
        session,
        _ADJUDICATE,
        {
            "id": violation,
            "decision": said.decision,
            "move": said.move,
            "reason": said.reason,
            "clause": said.clause,
            "to_state": said.to_state,
            "corrected": _json(said.corrected),
            "verdict": said.verdict,
            "corrections": _json(said.corrections),
            "ended": ended,
            "finding": _json(finding),
            "person": person,
            "at": at,
        },
    )


def _json(value: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
