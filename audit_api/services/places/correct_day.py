"""Correcting the calendar of working days by a named decision."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from audit_api.domain.errors import DecisionRefused
from audit_api.domain.vocabulary import Role
from audit_api.domain.working_days import DayKind
from audit_api.storage import audit_log
from audit_api.storage.people import Person, holds_role, person_by_username
from audit_api.storage.places.day_corrections import add_correction, newest_correction


def decider(session: Session, username: str, *roles: Role) -> Person:
    """The person who decides; DecisionRefused without one of the roles."""
    person = person_by_username(session, username)
    if person is None or not any(holds_role(session, person.id, role) for role in roles):
        wanted = " or ".join(role.value for role in roles)
        raise DecisionRefused(f"{username!r} is no {wanted}. Name somebody who may decide this.")
    return person


def correct_day(
    session: Session, day: date, kind: DayKind, *, by: str, reason: str, at: datetime
) -> bool:
    """Say what a day is after all; False when that was said before. `by`: an administrator.

    Deadlines that were given stay; the days of new ones are counted by it.
    """
    person = decider(session, by, Role.ADMINISTRATOR)
    if not reason.strip():
        raise DecisionRefused("A correction needs its reason: name the announcement.")
    before = newest_correction(session, day)
    if (before.kind if before else DayKind.COMPUTED) == kind:
        return False
    add_correction(session, day, kind, reason=reason.strip(), by=person.id, at=at)
    audit_log.record(session, "day_corrected", day.isoformat(), at=at, person=person.id, kind=kind)
    return True
