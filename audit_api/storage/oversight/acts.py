"""Supervisory acts, and what happened to each. Rows are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    insert,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import ActKind, ActState, AddresseeKind
from audit_api.storage.base import Base, Id, Instant, Sha256, Word, is_sha256, one_of
from audit_api.storage.oversight.served_lists import Correspondence


class SupervisoryAct(Base):
    """An act as it was issued. Where it stands is what its last event says.

    `document`: its canonical JSON, which `sha256` is of.
    """

    __tablename__ = "supervisory_act"
    __table_args__ = (
        UniqueConstraint("office_id", "campaign_id", "kind", "number"),
        one_of("kind", ActKind),
        one_of("addressee_kind", AddresseeKind),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("(addressee_kind = 'lsg_body') = (addressee_name is null)", name="named"),
        CheckConstraint("answer_due_on >= issued_on", name="answer_due_on"),
        is_sha256("sha256"),
        CheckConstraint("sha256 = sha256(document)", name="sha256"),
        Index("ix_supervisory_act_territory_id", "territory_id"),
        Index("ix_supervisory_act_issued_at_id", "issued_at", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[Word]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), type_=String(40))
    office_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    number: Mapped[int] = mapped_column(Integer)
    territory_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    addressee_kind: Mapped[Word]
    addressee_name: Mapped[str | None]
    list_id: Mapped[Id | None] = mapped_column(ForeignKey("served_list.id"))
    issued_on: Mapped[date]
    issued_at: Mapped[Instant]
    issued_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    answer_due_on: Mapped[date]
    document: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[Sha256]


class ActViolation(Base):
    """A violation that an act covers."""

    __tablename__ = "act_violation"
    __table_args__ = (Index("ix_act_violation_violation_id", "violation_id"),)

    act_id: Mapped[Id] = mapped_column(ForeignKey("supervisory_act.id"), primary_key=True)
    violation_id: Mapped[Id] = mapped_column(ForeignKey("violation.id"), primary_key=True)


class ActEvent(Base):
    """What happened to an act: who, when, from where to where, in which words.

    `answered_on`: the day of an answer; `signed_by`: who signed it, as the letter says.
    """

    __tablename__ = "act_event"
    __table_args__ = (
        one_of("from_state", ActState),
        one_of("to_state", ActState),
        CheckConstraint("btrim(reason) <> ''", name="reason"),
        Index("ix_act_event_act_id_n", "act_id", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    act_id: Mapped[Id] = mapped_column(ForeignKey("supervisory_act.id"))
    at: Mapped[Instant]
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    move: Mapped[Word]
    from_state: Mapped[Word | None]
    to_state: Mapped[Word]
    reason: Mapped[str]
    answered_on: Mapped[date | None]
    signed_by: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class HeldAct:
    """An act, held until commit, and where it stands."""

    id: UUID
    state: str
    issued_by: UUID
    issued_on: date


_LOCK = """select a.id from supervisory_act a where a.id = :id and {seen} for update"""
_HELD = text("""
    select a.id, e.to_state, a.issued_by, a.issued_on from supervisory_act a
    join lateral (select to_state from act_event e where e.act_id = a.id
        order by e.n desc limit 1) e on true
    where a.id = :id
""")
# Only the body that was written to answers; only an office at least as high decides.
_TO_ANSWER = text(
    _LOCK.format(seen="a.addressee_kind = 'lsg_body' and a.territory_id = any(:whole)")
)
_TO_DECIDE = text(_LOCK.format(seen="a.office_id = any(:whole)"))


def hold_to_answer(session: Session, scope: Scope, act: UUID) -> HeldAct | None:
    """An act that was written to a body of local self-government in scope; None for any other."""
    return _held(session, _TO_ANSWER, scope, act)


def hold_to_decide(session: Session, scope: Scope, act: UUID) -> HeldAct | None:
    """An act of a prosecutor's office in scope; None for any other."""
    return _held(session, _TO_DECIDE, scope, act)


def _held(session: Session, lock: Any, scope: Scope, act: UUID) -> HeldAct | None:
    values = {"id": act, "whole": list(scope.territories)}
    if session.execute(lock, values).one_or_none() is None:
        return None
    # Another statement: it sees what whoever held the act before has committed.
    return HeldAct(*session.execute(_HELD, {"id": act}).one())


def add_act(
    session: Session,
    of: Correspondence,
    *,
    act: UUID,
    kind: str,
    number: int,
    served_list: UUID | None,
    violations: Sequence[UUID],
    answer_due_on: date,
    document: bytes,
    sha256: bytes,
    person: UUID,
    on: date,
    at: datetime,
) -> None:
    """Keep an act, for ever as it is."""
    session.execute(
        insert(SupervisoryAct).values(
            id=act,
            kind=kind,
            number=number,
            **of.columns,
            list_id=served_list,
            issued_on=on,
            issued_at=at,
            issued_by=person,
            answer_due_on=answer_due_on,
            document=document,
            sha256=sha256,
        )
    )
    rows = [{"act_id": act, "violation_id": violation} for violation in violations]
    session.execute(insert(ActViolation), rows)


def add_event(
    session: Session,
    act: UUID,
    move: str,
    *,
    was: str | None,
    state: str,
    reason: str,
    person: UUID,
    at: datetime,
    answered_on: date | None = None,
    signed_by: str | None = None,
) -> None:
    """Note what happened to an act."""
    session.execute(
        insert(ActEvent).values(
            act_id=act,
            at=at,
            person_id=person,
            move=move,
            from_state=was,
            to_state=state,
            reason=reason,
            answered_on=answered_on,
            signed_by=signed_by,
        )
    )
