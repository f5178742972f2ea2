"""Moving a campaign's election day: every deadline it changes, and notices by a named decision."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.deadlines import (
    FINAL_CHECK_MILESTONE,
    REPAIR_MILESTONE,
    day_task_due_on,
    milestone_day,
    repair_due_on,
    today,
)
from audit_api.domain.errors import DecisionRefused
from audit_api.domain.vocabulary import Role
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.places.correct_day import decider
from audit_api.storage import audit_log
from audit_api.storage.people import granted_roles
from audit_api.storage.places import election_day
from audit_api.storage.places.campaigns import Campaign
from audit_api.storage.places.day_corrections import corrected_days
from audit_api.storage.places.territory_tree import subtree_of
from audit_api.storage.sync import feed

_ROLES = (Role.COORDINATOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class MovedMilestone:
    """A milestone and its day before and after."""

    id: str
    was: date
    day: date


@dataclass(frozen=True, slots=True)
class MovedTask:
    """A repair that gets a new deadline. `was`: the one that counted so far."""

    id: UUID
    territory: str
    station: int | None
    element: str
    track: str
    was: date
    due_on: date


@dataclass(frozen=True, slots=True)
class ElectionDayMoved:
    """Every deadline that a day changes. `assignments_after`: visits due after the new day."""

    was: date
    day: date
    milestones: list[MovedMilestone]
    tasks: list[MovedTask]
    assignments_after: int

    @property
    def nothing(self) -> bool:
        """The same day as before, and no repair is due otherwise."""
        return self.was == self.day and not self.tasks


def move_election_day(
    session: Session, campaign_id: str, day: date, *, by: str, reason: str, at: datetime
) -> ElectionDayMoved:
    """Move the day and give notice of every deadline of a repair that it changes.

    A served deadline keeps its day; the notice stands beside it and counts from now on. With the
    day as it is, only repairs due otherwise get notices: after a corrected calendar. A preview is
    this in a transaction that is not committed. `by`: a coordinator or administrator of the
    campaign's territory. Raises DecisionRefused.
    """
    person = decider(session, by, *_ROLES)
    campaign = session.get(Campaign, campaign_id, with_for_update={"key_share": True})
    if campaign is None or not _within(session, person.id, campaign, today(at)):
        raise DecisionRefused(f"There is no campaign {campaign_id!r} in the grants of {by}.")
    if campaign.closed_at is not None:
        raise DecisionRefused(f"{campaign_id} is closed; its deadlines stay.")
    if not reason.strip():
        raise DecisionRefused("A moved election day needs its reason: name the decision.")
    _same_law(session, campaign, day)
    election_day.hold_sites(session, campaign_id)
    was, campaign.election_day = campaign.election_day, day
    moved, due_on, temporary = _changes(session, campaign_id, was, day, today(at))
    if moved.nothing:
        return moved
    tasks = [task.id for task in moved.tasks]
    election_day.add_move(
        session,
        campaign_id,
        was=was,
        day=day,
        reason=reason.strip(),
        by=person.id,
        at=at,
        tasks=tasks,
        due_on=due_on,
        temporary=temporary,
    )
    audit_log.record(
        session,
        "election_day_moved",
        campaign_id,
        at=at,
        person=person.id,
        was=was.isoformat(),
        day=day.isoformat(),
        notices=len(tasks),
    )
    feed.publish(session, task=tasks)
    return moved


def _within(session: Session, person: UUID, campaign: Campaign, on: date) -> bool:
    return any(
        campaign.territory_id in subtree_of(session, grant["territory"], on)
        for grant in granted_roles(session, person)
        if grant["role"] in _ROLES
    )


def _same_law(session: Session, campaign: Campaign, day: date) -> None:
    """Refuse a day on which other editions are in force: inspections were judged by these."""
    profile = CatalogKeeper().current(session).profile(campaign.profile)
    other = [
        standard
        for standard in profile.standards
        if profile.in_force(standard, campaign.election_day) != profile.in_force(standard, day)
    ]
    if other:
        raise DecisionRefused(
            f"On {day} other editions of {', '.join(other)} are in force than on "
            f"{campaign.election_day}. Adopt for the new day first (docs/standards.md)."
        )


def _changes(
    session: Session, campaign: str, was: date, day: date, on: date
) -> tuple[ElectionDayMoved, date, date | None]:
    """What changes, and the day of permanent and of temporary tasks.

    Those of temporary ones move with election day alone: as the days go by, the final check passes,
    and the same decision again must not put off what is late.
    """
    calendar = corrected_days(session)
    milestones = []
    due_on = repair_due_on(day, None)
    temporary = None if day == was else day
    for milestone, days_before, in_working_days in election_day.milestones_of(session, campaign):
        working = calendar if in_working_days else None
        new = milestone_day(day, days_before, working)
        milestones.append(MovedMilestone(milestone, milestone_day(was, days_before, working), new))
        if milestone == REPAIR_MILESTONE:
            due_on = new
        if milestone == FINAL_CHECK_MILESTONE and temporary is not None:
            temporary = day_task_due_on(day, days_before, working, today=on)
    tasks = [
        MovedTask(task, territory, station, f"{kind} {label}".strip(), *days)
        for task, territory, station, kind, label, *days in election_day.tasks_due_otherwise(
            session, campaign, due_on, temporary
        )
    ]
    later = election_day.assignments_after(session, campaign, day)
    return ElectionDayMoved(was, day, milestones, tasks, later), due_on, temporary
