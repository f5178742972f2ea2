"""Figures for the headquarters."""

from typing import Any

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.vocabulary import TaskTrack
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import campaign_known
from audit_api.http.paging import answer_json
from audit_api.storage.lists.progress import progress
from audit_api.storage.lists.task_figures import task_figures

blueprint = Blueprint("statistics", __name__, description="Figures.")


class ProgressQuery(Schema):
    """Which campaign, and how to group."""

    campaign = Text(40, required=True)
    by = fields.String(
        load_default="territory", validate=validate.OneOf(["territory", "constituency"])
    )


class FiguresOut(Schema):
    """How far a group of stations is."""

    territory = fields.String()
    constituency = fields.Integer()
    name = fields.Dict()
    stations = fields.Integer(required=True)
    voters = fields.Integer(required=True)
    inspected = fields.Integer(required=True)
    awaiting_photos = fields.Integer(required=True)
    compliant = fields.Integer(required=True)
    usable_with_temporary_measures = fields.Integer(
        required=True, metadata={"description": "Has only violations that such measures bridge."}
    )
    not_remediable_in_time = fields.Integer(
        required=True,
        metadata={"description": "Has a critical violation without a temporary remedy: relocate."},
    )
    not_assessed = fields.Integer(
        required=True, metadata={"description": "Inspected, but what decides is not measured."}
    )
    has_ramp = fields.Integer(
        required=True, metadata={"description": "A ramp was seen, whatever it is like."}
    )
    ramp_conforms = fields.Integer(
        required=True, metadata={"description": "Its ramp keeps everything that binds."}
    )
    with_open_violations = fields.Integer(required=True)
    open_violations = fields.Integer(required=True)
    usable_on_the_day = fields.Integer(
        required=True,
        metadata={
            "description": "Stations all of whose open violations have a temporary remedy that is "
            "measured; from the day after election day 0."
        },
    )
    assigned = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Stations with an assignment that stands; null: not for you."},
    )
    assigned_inspected = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of those, the ones that their inspector has visited since."},
    )
    with_needs_map = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Stations with a needs map; null: not for you."},
    )
    needs = fields.Dict(
        keys=fields.String(),
        required=True,
        allow_none=True,
        metadata={
            "description": "Their voters with disabilities, by user group. "
            "A voter may be in more than one group. Null: not for you."
        },
    )


class ProgressOut(Schema):
    """Figures by group and in all."""

    items = fields.List(fields.Nested(FiguresOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Nested(FiguresOut, required=True)


class TaskFiguresQuery(ProgressQuery):
    """Which campaign, how to group, and of which track."""

    track = fields.String(validate=validate.OneOf(list(TaskTrack)))


class TaskFiguresOut(Schema):
    """How many tasks a group of stations has, in which states."""

    territory = fields.String()
    constituency = fields.Integer()
    name = fields.Dict()
    tasks = fields.Integer(required=True)
    states = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "How many of each state."}
    )
    overdue = fields.Integer(required=True)
    escalated = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "How many came to each step, by the deadline that counts."},
    )


class TaskFiguresPage(Schema):
    """Tasks by group and in all."""

    items = fields.List(fields.Nested(TaskFiguresOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Nested(TaskFiguresOut, required=True)


@blueprint.route("/statistics/tasks")
@guard(Noun.TASKS)
@blueprint.arguments(TaskFiguresQuery, location="query")
@blueprint.response(200, TaskFiguresPage)
@problems(blueprint, 401, 403, 404, 422, 503)
def get_task_figures(
    query: dict[str, Any], *, session: Session, scope: Scope, **_: Any
) -> Response:
    """Remediation tasks by state, those that are late, and how far they were escalated."""
    campaign_known(session, scope, query["campaign"])
    groups, total = task_figures(
        session,
        scope,
        query["campaign"],
        by=query["by"],
        track=query.get("track"),
        today=today(now()),
    )
    return answer_json(f'{{"items":[{",".join(groups)}],"next":null,"total":{total}}}')


@blueprint.route("/statistics/progress")
@guard(Noun.CATALOG)
@blueprint.arguments(ProgressQuery, location="query")
@blueprint.response(200, ProgressOut)
@problems(blueprint, 401, 403, 404, 422, 503)
def get_progress(
    query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Stations, voters, inspections and open violations by territory or by constituency."""
    groups, total = progress_asked(session, actor, scope, query)
    return answer_json(f'{{"items":[{",".join(groups)}],"next":null,"total":{total}}}')


def progress_asked(
    session: Session, actor: Actor, scope: Scope, query: dict[str, Any]
) -> tuple[list[str], str]:
    """The groups and the total that a query asks for. NotFound for a campaign outside the scope."""
    campaign_known(session, scope, query["campaign"])
    return progress(
        session,
        scope,
        scope_of(actor, Noun.VIOLATIONS),
        scope_of(actor, Noun.ASSIGNMENTS),
        scope_of(actor, Noun.NEEDS_MAP),
        query["campaign"],
        by=query["by"],
        today=today(now()),
    )
