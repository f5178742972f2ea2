"""Working days and their corrections; a campaign's election day, and what moving it changes."""

from dataclasses import asdict
from datetime import date
from typing import Any

import msgspec
from flask import Response
from marshmallow import ValidationError, fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.vocabulary import TaskTrack
from audit_api.domain.working_days import DayKind
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, WholeNumber, problems
from audit_api.http.filters import campaign_within
from audit_api.http.oversight.decisions import Reason
from audit_api.http.paging import PageQuery, answer_json, answer_listed
from audit_api.services.places.correct_day import correct_day
from audit_api.services.places.move_election_day import ElectionDayMoved, move_election_day
from audit_api.storage.places.day_corrections import (
    DayCorrection,
    corrected_days,
    corrections_of,
)

blueprint = Blueprint(
    "days",
    __name__,
    description="Working days of Kyrgyzstan, and election days. See docs/deadlines.md.",
)

FIRST_YEAR, LAST_YEAR = 2021, 2100


def _known(day: date) -> None:
    """Refuses a day whose calendar nobody knows."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(f"Name a day of the years {FIRST_YEAR} to {LAST_YEAR}.")


class DaysQuery(PageQuery):
    """Which year."""

    year = WholeNumber(required=True, validate=validate.Range(FIRST_YEAR, LAST_YEAR))


class CalendarDayOut(Schema):
    """A day that is off though no ordinary weekend, or that somebody corrected."""

    day = fields.Date(required=True)
    working = fields.Boolean(required=True)
    name = fields.String(
        required=True, allow_none=True, metadata={"description": "Of the holiday, in English."}
    )
    correction = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "The newest: kind, reason, decided_at. Null: as computed."},
    )


class CalendarDayPage(Schema):
    """One page of days."""

    items = fields.List(fields.Nested(CalendarDayOut), required=True)
    next = fields.String(required=True, allow_none=True)


class DayCorrectionPost(Schema):
    """What a day is after all."""

    day = fields.Date(required=True, validate=_known)
    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(DayKind)),
        metadata={"description": "computed takes an earlier correction back."},
    )
    reason = Reason(required=True, metadata={"description": "The announcement: who, when."})


class ElectionDayPost(Schema):
    """The new day, and the decision that moved it."""

    day = fields.Date(required=True, validate=_known)
    reason = Reason(required=True, metadata={"description": "The decision: whose, number, day."})


class MilestoneMoved(Schema):
    """A milestone and its day before and after."""

    id = fields.String(required=True)
    was = fields.Date(required=True)
    day = fields.Date(required=True)


class TaskMoved(Schema):
    """A repair that gets a notice of a new deadline. `was`: the one that counted so far."""

    id = fields.UUID(required=True)
    territory = fields.String(required=True)
    station = fields.Integer(required=True, allow_none=True)
    element = fields.String(required=True)
    track = fields.String(required=True, validate=validate.OneOf(list(TaskTrack)))
    was = fields.Date(required=True)
    due_on = fields.Date(required=True)


class ElectionDayOut(Schema):
    """Every deadline that the day changes; all empty when it changes none."""

    campaign = fields.String(required=True)
    was = fields.Date(required=True)
    day = fields.Date(required=True)
    milestones = fields.List(fields.Nested(MilestoneMoved), required=True)
    tasks = fields.List(fields.Nested(TaskMoved), required=True)
    assignments_after = fields.Integer(
        required=True, metadata={"description": "Visits that are due after the new day: see to it."}
    )


@blueprint.route("/days")
@guard()
@blueprint.arguments(DaysQuery, location="query")
@blueprint.response(200, CalendarDayPage)
@problems(blueprint, 400, 401, 403, 422, 503)
def list_days(query: dict[str, Any], *, session: Session, **_: Any) -> Response:
    """The days off of a year that are no ordinary weekend, and what was corrected; for everybody.

    Deadlines in working days are counted by it.
    """
    said = {correction.day: correction for correction in corrections_of(session, query["year"])}
    off = dict(corrected_days(session).days_off(query["year"]))
    items = [
        _day(day, said.get(day), working=day not in off, name=None if day in said else off[day])
        for day in sorted({*off, *said})
    ]
    return answer_listed(
        items,
        query,
        purpose="days",
        key=lambda item: [item["day"]],
        doc=lambda item: msgspec.json.encode(item).decode(),
    )


@blueprint.route("/days", methods=["POST"])
@guard(Noun.CALENDAR, "correct", writing=True)
@blueprint.arguments(DayCorrectionPost)
@blueprint.response(201, CalendarDayOut, description="It is so from now on.")
@blueprint.alt_response(200, schema=CalendarDayOut, description="It was said before.")
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def correct(said: dict[str, Any], *, session: Session, actor: Actor, **_: Any) -> Response:
    """Say that a day is off or working: an Ait, a moved day of rest. For the whole country.

    Deadlines that were given stay; those given from now on are counted by it.
    """
    day, kind = said["day"], DayKind(said["kind"])
    made = correct_day(session, day, kind, by=actor.username, reason=said["reason"], at=now())
    newest = {one.day: one for one in corrections_of(session, day.year)}.get(day)
    calendar = corrected_days(session)
    name = None if newest else dict(calendar.days_off(day.year)).get(day)
    told = _day(day, newest, working=calendar.is_working(day), name=name)
    answer = answer_json(msgspec.json.encode(told).decode())
    answer.status_code = 201 if made else 200
    return answer


@blueprint.route("/campaigns/<string:campaign>/election-day/previews", methods=["POST"])
@guard(Noun.CALENDAR, "move", writing=True)
@blueprint.arguments(ElectionDayPost)
@blueprint.response(200, ElectionDayOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def preview(
    said: dict[str, Any], campaign: str, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Every deadline that another election day would change; stores nothing."""
    campaign_within(session, scope, campaign)
    with session.begin_nested() as tried:
        moved = _move(session, actor, campaign, said)
        tried.rollback()
    return _told(campaign, moved)


@blueprint.route("/campaigns/<string:campaign>/election-day", methods=["POST"])
@guard(Noun.CALENDAR, "move", writing=True)
@blueprint.arguments(ElectionDayPost)
@blueprint.response(200, ElectionDayOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def move(
    said: dict[str, Any], campaign: str, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Move election day, and give notice of every deadline that it changes.

    A served deadline keeps its day; the notice stands beside it and counts from now on. The same
    again changes nothing. With the day as it is: notices for what a corrected calendar makes due
    otherwise.
    """
    campaign_within(session, scope, campaign)
    return _told(campaign, _move(session, actor, campaign, said))


def _move(session: Session, actor: Actor, campaign: str, said: dict[str, Any]) -> ElectionDayMoved:
    return move_election_day(
        session, campaign, said["day"], by=actor.username, reason=said["reason"], at=now()
    )


def _told(campaign: str, moved: ElectionDayMoved) -> Response:
    text = msgspec.json.encode({"campaign": campaign, **asdict(moved)}).decode()
    return answer_json(text)


def _day(
    day: date, correction: DayCorrection | None, *, working: bool, name: str | None
) -> dict[str, Any]:
    said = None
    if correction is not None:
        said = {
            "kind": correction.kind,
            "reason": correction.reason,
            "decided_at": correction.decided_at.isoformat(),
        }
    return {"day": day.isoformat(), "working": working, "name": name, "correction": said}
