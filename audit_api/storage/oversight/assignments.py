"""Assignments: who inspects which site in a campaign, and by which day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, String, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id, Instant


class Assignment(Base):
    """A site of a campaign that an inspector visits by a day. Withdrawn ones stay on record."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("(withdrawn_at is null) = (withdrawn_by is null)", name="withdrawn_by"),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_reason is null)", name="withdrawn"),
        CheckConstraint("withdrawn_at >= assigned_at", name="order"),
        Index(
            "uq_assignment_live",
            "campaign_id",
            "site_id",
            "inspector_id",
            unique=True,
            postgresql_where=text("withdrawn_at is null"),
        ),
        Index("ix_assignment_due_on_id", "due_on", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), type_=String(40))
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"), index=True)
    inspector_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    due_on: Mapped[date]
    note: Mapped[str | None]
    assigned_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[Instant]
    withdrawn_at: Mapped[Instant | None]
    withdrawn_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_reason: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class StationFacts:
    """What assigning a site of a campaign has to know of it."""

    territory: UUID
    election_day: date
    closed: bool


def stations(
    session: Session, wanted: Iterable[tuple[UUID, str]], territories: frozenset[UUID]
) -> dict[tuple[UUID, str], StationFacts]:
    """Of these pairs of site and campaign those that are stations in the territories."""
    pairs = list(set(wanted))
    rows = session.execute(
        _STATIONS,
        {
            "sites": [site for site, _ in pairs],
            "campaigns": [campaign for _, campaign in pairs],
            "territories": list(territories),
        },
    )
    return {(row[0], row[1]): StationFacts(row[2], row[3], row[4]) for row in rows}


_STATIONS = text("""
    select site.id, campaign.id, site.territory_id, campaign.election_day,
        campaign.closed_at is not null
    from unnest(cast(:sites as uuid[]), cast(:campaigns as text[])) as wanted (site, campaign)
    join site on site.id = wanted.site and site.territory_id = any(:territories)
    join campaign on campaign.id = wanted.campaign
    where exists (select from station s where s.site_id = site.id and s.campaign_id = campaign.id)
""")

# The territory tree of each day asked for: an aimak may belong to another district by then.
_INSPECTORS = text("""
    with recursive day as (select distinct unnest(cast(:days as date[])) as day), parent as (
        select distinct on (day.day, v.territory_id) day.day, v.territory_id, v.parent_id
        from day join territory_version v on v.valid_from <= day.day
        order by day.day, v.territory_id, v.valid_from desc
    ), above (day, node, root) as (
        select day.day, t.node, t.node
        from day cross join (select unnest(cast(:territories as uuid[])) as node) t
        union
        select a.day, a.node, p.parent_id from above a
        join parent p on p.day = a.day and p.territory_id = a.root where p.parent_id is not null
    )
    select distinct p.username, p.id, a.day, a.node
    from person p join person_grant g on g.person_id = p.id
    join above a on a.root = g.territory_id
    where p.username = any(:usernames) and p.disabled_at is null
        and g.role = 'inspector' and g.revoked_at is null
""")


def inspectors(
    session: Session,
    usernames: Iterable[str],
    territories: Iterable[UUID],
    days: Iterable[date],
) -> dict[tuple[str, UUID, date], UUID]:
    """Who of these people inspects in which of the territories on which day: (user name,
    territory, day) -> person. The grant is live now; the tree is that of the day.
    """
    rows = session.execute(
        _INSPECTORS,
        {
            "usernames": list(set(usernames)),
            "territories": list(set(territories)),
            "days": list(set(days)),
        },
    )
    return {(username, node, day): person for username, person, day, node in rows}


def hold_for_assigning(session: Session, people: Iterable[UUID]) -> None:
    """Let nobody else assign to these people until commit: what is looked up next stays true."""
    session.execute(_HOLD, {"people": sorted(set(people))})


_HOLD = text("select from person where id = any(:people) order by id for no key update")


def live_assignments(
    session: Session, people: Iterable[UUID]
) -> dict[tuple[str, UUID, UUID], Assignment]:
    """The assignments of these people that stand: (campaign, site, inspector) -> it."""
    found = session.scalars(
        select(Assignment).where(
            Assignment.inspector_id.in_(set(people)), Assignment.withdrawn_at.is_(None)
        )
    )
    return {(one.campaign_id, one.site_id, one.inspector_id): one for one in found}


def add_assignments(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Write new assignments, given by column."""
    session.execute(insert(Assignment), rows)


def find_assignment(
    session: Session, assignment: UUID, territories: frozenset[UUID]
) -> Row[UUID, UUID, datetime | None] | None:
    """One assignment as (id, inspector, withdrawn at), held until commit; None outside."""
    return session.execute(
        _FIND, {"id": assignment, "territories": list(territories)}
    ).one_or_none()


_FIND = text("""
    select a.id, a.inspector_id, a.withdrawn_at
    from assignment a join site on site.id = a.site_id
    where a.id = :id and site.territory_id = any(:territories) for no key update of a
""")


def withdraw(session: Session, assignment: UUID, *, by: UUID, reason: str, at: datetime) -> None:
    """Let an assignment stand no longer."""
    session.execute(
        update(Assignment)
        .where(Assignment.id == assignment, Assignment.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_by=by, withdrawn_reason=reason)
    )
