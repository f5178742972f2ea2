"""A campaign's burn-up with the days that its milestones fall on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.deadlines import milestone_day, today
from audit_api.domain.oversight.burn_up import Day, burn_up
from audit_api.storage.lists.burn_up import what_happened
from audit_api.storage.places.campaigns import milestones_by_day
from audit_api.storage.places.day_corrections import corrected_days


@dataclass(frozen=True, slots=True)
class MilestoneDay:
    """A milestone's id, its name by language, and the day it falls on."""

    id: str
    name: Mapping[str, str]
    day: date


@dataclass(frozen=True, slots=True)
class BurnUp:
    """How far the stations were by each day; `days` is never empty."""

    election_day: date
    stations: int
    milestones: Sequence[MilestoneDay]
    days: Sequence[Day]


def tell_burn_up(
    session: Session,
    scope: Scope,
    seen: Scope,
    campaign: str,
    *,
    territories: frozenset[UUID] | None,
    constituency: int | None,
    at: datetime,
) -> BurnUp:
    """The burn-up of the stations in scope; inspections and violations as far as `seen` allows."""
    happened = what_happened(
        session, scope, seen, campaign, territories=territories, constituency=constituency
    )
    calendar = corrected_days(session)
    milestones = [
        MilestoneDay(
            one.id,
            {"ky": one.name_ky, "ru": one.name_ru, "en": one.name_en},
            milestone_day(
                happened.election_day, one.days_before, calendar if one.working_days else None
            ),
        )
        for one in milestones_by_day(session, campaign)
    ]
    days = burn_up(
        happened.days,
        election_day=happened.election_day,
        today=today(at),
        milestones=[milestone.day for milestone in milestones],
    )
    return BurnUp(happened.election_day, happened.stations, milestones, days)
