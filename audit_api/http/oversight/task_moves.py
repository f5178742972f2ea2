"""What people say about tasks: LSG heads, technical supervision, coordinators, each their words."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.law.catalog import catalog
from audit_api.http.oversight.decisions import Reason
from audit_api.http.oversight.tasks import TaskWhole, task_whole
from audit_api.services.oversight.move_task import VERBS, TaskWord, Told, move_task
from audit_api.services.oversight.open_temporary import open_temporary

blueprint = Blueprint(
    "task_moves",
    __name__,
    description="The words that move a task, each an event with who, when and why; from where they "
    "go says docs/lives.md. Nobody's word verifies: only a measurement does.",
)
MAX_PHOTOS = 50
MOST_SOM = 10**12


class MovePost(Schema):
    """Of the task as it was read."""

    rev = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))


class NotedPost(MovePost):
    """A move that may be explained."""

    reason = Text(2000, load_default="", data_key="note")


class ReasonedPost(MovePost):
    """A move that has to be explained."""

    reason = Reason(required=True)


class ReportPost(NotedPost):
    """What shows that it is done."""

    photos = fields.List(
        fields.String(validate=validate.Regexp(r"^[0-9a-f]{64}\Z")),
        required=True,
        validate=validate.Length(1, MAX_PHOTOS),
        metadata={
            "description": "SHA-256 of originals that were handed in for this task "
            "(`POST /api/v1/tasks/<id>/photos`), or by the caller's tablets."
        },
    )


class EstimatePost(NotedPost):
    """What the repair will cost, in Kyrgyz som."""

    cost_som = fields.Integer(required=True, strict=True, validate=validate.Range(0, MOST_SOM))


class DayPost(ReasonedPost):
    """A day that is asked for, or set."""

    due_on = fields.Date(required=True)


def _route(path: str, word: TaskWord, schema: type[Schema], doc: str) -> None:
    """One word as a route: `POST /tasks/<id>/<path>`, for whoever has its verb."""

    def view(
        said: dict[str, Any], task: UUID, *, session: Session, actor: Actor, scope: Scope
    ) -> Response:
        told = Told(**{**said, "photos": tuple(said.get("photos", ()))})
        move_task(session, actor, scope, task, word, told, at=now())
        return task_whole(session, actor, scope_of(actor, Noun.TASKS), task)

    view.__name__, view.__doc__ = word.value, doc
    made: Callable[..., Any] = problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)(view)
    made = blueprint.response(200, TaskWhole)(made)
    made = blueprint.arguments(schema)(made)
    made = guard(Noun.TASKS, VERBS[word], writing=True)(made)
    blueprint.route(f"/tasks/<uuid:task>/{path}", methods=["POST"])(made)


_route(
    "acknowledgements",
    TaskWord.ACKNOWLEDGE,
    NotedPost,
    "The LSG head has seen the task.",
)
_route("starts", TaskWord.START, NotedPost, "The LSG head says that the repair has begun.")
_route(
    "reports",
    TaskWord.REPORT_DONE,
    ReportPost,
    "The LSG head reports it done, with a photo; its violations are `remedied`: claimed, and for "
    "the inspector to measure.",
)
_route("estimates", TaskWord.ESTIMATE, EstimatePost, "The LSG head says what it will cost.")
_route(
    "extension-requests",
    TaskWord.ASK_EXTENSION,
    DayPost,
    "The LSG head asks for a later day; nothing moves until a coordinator sets it.",
)
_route(
    "declines",
    TaskWord.DECLINE,
    ReasonedPost,
    "The LSG head says why it is not theirs, or no breach: what supervision has not confirmed is "
    "`contested` and waits for adjudication.",
)
_route(
    "returns",
    TaskWord.RETURN,
    ReasonedPost,
    "Technical supervision does not accept the report; not by whoever measured it.",
)
_route(
    "deadlines",
    TaskWord.SET_DEADLINE,
    DayPost,
    "A coordinator sets another day for the task and its living violations: a new notice, never a "
    "silent change. It answers a request for an extension, whichever day it sets.",
)


@blueprint.route("/tasks/<uuid:task>/temporary", methods=["POST"])
@guard(Noun.TASKS, "temporary", writing=True)
@blueprint.arguments(NotedPost)
@blueprint.response(201, TaskWhole)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def open_temporary_task(
    said: dict[str, Any], task: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """A temporary task beside this permanent one, for election day, where a remedy is known.

    An LSG head opens it, or a coordinator orders it. It lapses the day after election day.
    """
    opened = open_temporary(
        session, actor, scope, task, said["rev"], said["reason"], catalog=catalog(), at=now()
    )
    answer = task_whole(session, actor, scope_of(actor, Noun.TASKS), opened)
    answer.status_code = 201
    return answer
