"""Statistics as pictures, and the burn-up to election day."""

from typing import Any

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.charts import StationBar, StationPoint, burn_up_chart, stations_chart, stations_map
from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.vocabulary import Language
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, WholeNumber, problems
from audit_api.http.filters import campaign_known, territories_in_scope
from audit_api.http.oversight.fabrication import asked_language
from audit_api.http.oversight.statistics import ProgressQuery
from audit_api.http.paging import answer_json
from audit_api.services.oversight.tell_burn_up import BurnUp, tell_burn_up
from audit_api.storage.lists.progress import progress, station_points
from audit_api.words import Words, words_in
from field_schema.scoring import STATION_STATES

blueprint = Blueprint("burn_up", __name__, description="Figures by day, and as pictures.")

SVG = "image/svg+xml"


class PictureQuery(Schema):
    """In which language a picture speaks."""

    language = fields.String(
        validate=validate.OneOf(list(Language)),
        metadata={"description": "Else by Accept-Language, else the caller's own."},
    )


class BurnUpQuery(Schema):
    """Of which campaign, and of which part of it."""

    campaign = Text(40, required=True)
    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    constituency = WholeNumber()


class BurnUpPictureQuery(BurnUpQuery, PictureQuery):
    """The same as a picture."""


class ProgressPictureQuery(ProgressQuery, PictureQuery):
    """Progress as a picture."""


class MapQuery(PictureQuery):
    """Of which campaign."""

    campaign = Text(40, required=True)


class MilestoneOut(Schema):
    """A milestone and the day it falls on."""

    id = fields.String(required=True)
    name = fields.Dict(required=True)
    day = fields.Date(required=True)


class DayOut(Schema):
    """What had happened by the end of a day."""

    day = fields.Date(required=True)
    inspected = fields.Integer(required=True, metadata={"description": "Stations."})
    found = fields.Integer(required=True, metadata={"description": "Violations."})
    closed = fields.Integer(
        required=True, metadata={"description": "Violations that a measurement closed."}
    )


class BurnUpOut(Schema):
    """How far the stations were by each day."""

    election_day = fields.Date(required=True)
    stations = fields.Integer(required=True)
    milestones = fields.List(fields.Nested(MilestoneOut), required=True)
    items = fields.List(
        fields.Nested(DayOut),
        required=True,
        metadata={
            "description": "Running sums, a day each, from the first milestone or visit to "
            "election day or today, the last 200 days at most. A visit counts on the day on which "
            "it began by the tablet's clock; where that was off or ahead, when it came."
        },
    )
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/statistics/burn-up")
@guard(Noun.CATALOG)
@blueprint.arguments(BurnUpQuery, location="query")
@blueprint.response(200, BurnUpOut)
@problems(blueprint, 401, 403, 404, 422, 503)
def get_burn_up(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Stations inspected, violations found and closed, by day, up to election day."""
    told = _burn_up(session, actor, scope, query)
    return answer_json(
        msgspec.json.encode(
            {
                "election_day": told.election_day,
                "stations": told.stations,
                "milestones": told.milestones,
                "items": told.days,
                "next": None,
            }
        ).decode()
    )


@blueprint.route("/statistics/burn-up.svg")
@guard(Noun.CATALOG)
@blueprint.arguments(BurnUpPictureQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=SVG)
@problems(blueprint, 401, 403, 404, 422, 503)
def get_burn_up_picture(
    query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """The burn-up as a picture."""
    say = _words(query, actor)
    told = _burn_up(session, actor, scope, query)
    return _picture(
        burn_up_chart(
            told.days,
            stations=told.stations,
            election_day=told.election_day,
            milestones={one.day: say.of(one.name) for one in told.milestones},
            say=say,
        ),
        say,
    )


@blueprint.route("/statistics/progress.svg")
@guard(Noun.CATALOG)
@blueprint.arguments(ProgressPictureQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=SVG)
@problems(blueprint, 401, 403, 404, 422, 503)
def get_progress_picture(
    query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """How the stations of each territory or constituency stand, as bars."""
    campaign_known(session, scope, query["campaign"])
    say = _words(query, actor)
    groups, _ = progress(
        session,
        scope,
        scope_of(actor, Noun.VIOLATIONS),
        Scope(),
        Scope(),
        query["campaign"],
        by=query["by"],
        today=today(now()),
    )
    bars = [_bar(msgspec.json.decode(group), say) for group in groups]
    return _picture(stations_chart(bars, title=say("Polling stations by state"), say=say), say)


@blueprint.route("/statistics/map.svg")
@guard(Noun.CATALOG)
@blueprint.arguments(MapQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=SVG)
@problems(blueprint, 401, 403, 404, 422, 503)
def get_map(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """The stations as points on a map drawn from their places alone."""
    campaign_known(session, scope, query["campaign"])
    say = _words(query, actor)
    seen = scope_of(actor, Noun.VIOLATIONS)
    found, areas = station_points(session, scope, seen, query["campaign"], today=today(now()))
    points = [StationPoint(**point) for point in found]
    names = {code: say.of(name) for code, name in areas.items()}
    return _picture(stations_map(points, names=names, say=say), say)


def _burn_up(session: Session, actor: Actor, scope: Scope, query: dict[str, Any]) -> BurnUp:
    campaign_known(session, scope, query["campaign"])
    return tell_burn_up(
        session,
        scope,
        scope_of(actor, Noun.VIOLATIONS),
        query["campaign"],
        territories=territories_in_scope(session, scope, query.get("territory")),
        constituency=query.get("constituency"),
        at=now(),
    )


def _bar(group: dict[str, Any], say: Words) -> StationBar:
    states = {state: group[state] for state in STATION_STATES}
    states["not_inspected"] = group["stations"] - group["inspected"]
    return StationBar(say.of(group["name"]), states)


def _words(query: dict[str, Any], actor: Actor) -> Words:
    return words_in(query.get("language") or asked_language(actor))


def _picture(svg: str, say: Words) -> Response:
    answer = answer_json(svg, **{"Content-Language": say.language})
    answer.content_type = f"{SVG}; charset=utf-8"
    # A picture that is opened by itself runs nothing and loads nothing.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
