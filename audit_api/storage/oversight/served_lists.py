"""Served lists: what a prosecutor served, frozen. Rows are only ever added."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    insert,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import AddresseeKind
from audit_api.storage.base import Base, Id, Instant, Sha256, Word, is_sha256, one_of

SERIES = "served_list"


class ServedList(Base):
    """A list as it was served. `document`: its canonical JSON, which `sha256` is of.

    `fixed`: the violations of the list before it that had been closed by then.
    """

    __tablename__ = "served_list"
    __table_args__ = (
        UniqueConstraint("office_id", "campaign_id", "number"),
        one_of("addressee_kind", AddresseeKind),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("(addressee_kind = 'lsg_body') = (addressee_name is null)", name="named"),
        is_sha256("sha256"),
        CheckConstraint("sha256 = sha256(document)", name="sha256"),
        Index("ix_served_list_territory_id", "territory_id"),
        Index("ix_served_list_served_at_id", "served_at", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), type_=String(40))
    office_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    number: Mapped[int] = mapped_column(Integer)
    territory_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    addressee_kind: Mapped[Word]
    addressee_name: Mapped[str | None]
    served_on: Mapped[date]
    served_at: Mapped[Instant]
    served_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    fixed: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[Sha256]


class ServedViolation(Base):
    """A violation in a list."""

    __tablename__ = "served_violation"
    __table_args__ = (
        ForeignKeyConstraint(["list_id"], ["served_list.id"]),
        Index("ix_served_violation_violation_id", "violation_id"),
    )

    list_id: Mapped[Id] = mapped_column(primary_key=True)
    violation_id: Mapped[Id] = mapped_column(ForeignKey("violation.id"), primary_key=True)


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Lists of one office to one addressee in one campaign: they are compared with each other."""

    office: UUID
    campaign: str
    territory: UUID
    kind: str
    name: str | None

    @property
    def columns(self) -> dict[str, Any]:
        """What a letter's row says of it."""
        return {
            "campaign_id": self.campaign,
            "office_id": self.office,
            "territory_id": self.territory,
            "addressee_kind": self.kind,
            "addressee_name": self.name,
        }


@dataclass(frozen=True, slots=True)
class EarlierList:
    """A list that a later one is compared with, and how each of its violations stands now."""

    id: UUID
    number: int
    served_on: date
    states: dict[UUID, str]


_OF = """l.office_id = :office and l.campaign_id = :campaign and l.territory_id = :territory
    and l.addressee_kind = :kind and l.addressee_name is not distinct from :name"""
_EARLIER = text(f"""
    select l.id, l.number, l.served_on,
        (select json_agg(json_build_array(v.id, v.state)) from served_violation s
            join violation v on v.id = s.violation_id where s.list_id = l.id)
    from served_list l where {_OF} and (cast(:number as int) is null or l.number = :number)
    order by l.number desc limit 1
""")


def earlier_list(
    session: Session, of: Correspondence, number: int | None = None
) -> EarlierList | None:
    """The last list of a correspondence, or that of a number; None when there is none."""
    row = session.execute(_EARLIER, _values(of) | {"number": number}).one_or_none()
    if row is None:
        return None
    states = {UUID(violation): state for violation, state in row[3]}
    return EarlierList(row[0], row[1], row[2], states)


# What was served was confirmed: only a measurement or a new law makes it open again.
_SERVED = text(f"""
    select s.violation_id, bool_or(exists (
        select from served_list k where k.office_id = l.office_id
        and k.campaign_id = l.campaign_id and k.territory_id = l.territory_id
        and k.addressee_kind = l.addressee_kind
        and k.addressee_name is not distinct from l.addressee_name
        and k.number > l.number and s.violation_id = any(k.fixed))
        or exists (select from adjudication a where a.violation_id = s.violation_id
            and a.decided_at > l.served_at and a.from_state = 'open'))
    from served_violation s join (
        select s.violation_id, max(l.number) as number from served_violation s
        join served_list l on l.id = s.list_id
        where {_OF} and s.violation_id = any(:violations) group by s.violation_id
    ) last on last.violation_id = s.violation_id
    join served_list l on l.id = s.list_id and l.number = last.number and {_OF}
    group by s.violation_id
""")


def served_before(
    session: Session, of: Correspondence, violations: Collection[UUID]
) -> dict[UUID, bool]:
    """Which of these a list of the correspondence had, and whether they were broken anew since.

    That is: a later list said them fixed, or supervision had to decide on them as open again.
    """
    values = _values(of) | {"violations": list(violations)}
    return {row[0]: row[1] for row in session.execute(_SERVED, values)}


def _values(of: Correspondence) -> dict[str, object]:
    return {
        "office": of.office,
        "campaign": of.campaign,
        "territory": of.territory,
        "kind": of.kind,
        "name": of.name,
    }


def add_list(
    session: Session,
    of: Correspondence,
    *,
    served: UUID,
    number: int,
    violations: Sequence[UUID],
    fixed: Sequence[UUID],
    document: bytes,
    sha256: bytes,
    person: UUID,
    on: date,
    at: datetime,
) -> None:
    """Keep a list, for ever as it is."""
    session.execute(
        insert(ServedList).values(
            id=served,
            number=number,
            **of.columns,
            served_on=on,
            served_at=at,
            served_by=person,
            fixed=list(fixed),
            document=document,
            sha256=sha256,
        )
    )
    rows = [{"list_id": served, "violation_id": violation} for violation in violations]
    session.execute(insert(ServedViolation), rows)


@dataclass(frozen=True, slots=True)
class CitedList:
    """A list that an act is issued over, and how each of its violations stands now."""

    id: UUID
    number: int
    campaign: str
    kind: str
    territory: str
    name: str | None
    served_on: date
    sha256: bytes
    states: dict[UUID, str]


_CITED = text("""
    select l.id, l.number, l.campaign_id, l.addressee_kind, t.code, l.addressee_name, l.served_on,
        l.sha256, (select json_agg(json_build_array(v.id, v.state)) from served_violation s
            join violation v on v.id = s.violation_id where s.list_id = l.id)
    from served_list l join territory t on t.id = l.territory_id
    where l.id = :id and l.territory_id = any(:whole)
""")


def find_to_cite(session: Session, scope: Scope, served: UUID) -> CitedList | None:
    """A list in the scope's territories; None outside."""
    values = {"id": served, "whole": list(scope.territories)}
    row = session.execute(_CITED, values).one_or_none()
    if row is None:
        return None
    found = CitedList(*row)
    return replace(found, states={UUID(violation): state for violation, state in row[8]})
