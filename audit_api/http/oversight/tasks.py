"""Remediation tasks: what an LSG must repair, how, and by which day."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight.escalation import EscalationStep
from audit_api.domain.vocabulary import TaskState, TaskTrack
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, YesNo, problems
from audit_api.http.filters import campaign_known, site_in_scope, territories_in_scope
from audit_api.http.law.catalog import catalog
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.http.places import LocationOut
from audit_api.storage.lists import tasks as lists
from audit_api.storage.lists.selection import Listed
from audit_api.storage.lists.tasks import TaskFilter, TaskOrder

blueprint = Blueprint("tasks", __name__, description="Remediation tasks.")


class TaskQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    site = fields.UUID()
    track = fields.String(validate=validate.OneOf(list(TaskTrack)))
    state = fields.String(validate=validate.OneOf(list(TaskState)))
    overdue = YesNo()
    escalated = fields.String(
        validate=validate.OneOf(list(EscalationStep)),
        metadata={"description": "Came to this step for the deadline that counts."},
    )
    extension_asked = YesNo(
        metadata={"description": "Whether a later day is asked for and not answered yet."}
    )
    order = fields.Enum(
        TaskOrder,
        by_value=True,
        load_default=TaskOrder.DUE,
        metadata={"description": "`due`: first due first; `priority`: highest first."},
    )


class NoticeOut(Schema):
    """A new deadline beside the one that was served."""

    was = fields.Date(required=True, metadata={"description": "The deadline that counted before."})
    due_on = fields.Date(required=True)
    reason = fields.String(required=True)
    decided_at = fields.AwareDateTime(required=True)


class EscalationOut(Schema):
    """A step taken because a repair was not done."""

    step = fields.String(required=True, validate=validate.OneOf(list(EscalationStep)))
    due_on = fields.Date(required=True, metadata={"description": "The deadline that counted."})
    at = fields.AwareDateTime(required=True)


class ExtensionOut(Schema):
    """A later day that an LSG head asks for."""

    due_on = fields.Date(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class TaskOut(Schema):
    """One element to be put right by a day, with what is wrong and what helps."""

    id = fields.UUID(required=True)
    rev = fields.Integer(required=True)
    site = fields.UUID(required=True)
    site_name = fields.Dict(required=True)
    territory = fields.String(required=True)
    territory_name = fields.Dict(required=True, allow_none=True)
    stations = fields.List(fields.Dict(), required=True)
    address = fields.String(required=True)
    location = fields.Nested(LocationOut, required=True, allow_none=True)
    campaign = fields.String(required=True)
    element = fields.UUID(required=True)
    element_type = fields.String(required=True)
    element_label = fields.String(required=True)
    track = fields.String(required=True, validate=validate.OneOf(list(TaskTrack)))
    state = fields.String(required=True, validate=validate.OneOf(list(TaskState)))
    due_on = fields.Date(
        required=True,
        metadata={"description": "As served, or as a coordinator set it for this task alone."},
    )
    current_due_on = fields.Date(
        required=True,
        metadata={"description": "The deadline that counts: `due_on`, or that of a later notice."},
    )
    notices = fields.List(
        fields.Nested(NoticeOut),
        required=True,
        metadata={"description": "After a moved election day; oldest first."},
    )
    escalations = fields.List(fields.Nested(EscalationOut), required=True)
    overdue = fields.Boolean(required=True)
    priority = fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "The highest of its live violations' (see there), as reckoned by the "
            "worker every five minutes; 0 until then, and for a verified task. Null for whoever "
            "may not see the needs map."
        },
    )
    assigned_at = fields.AwareDateTime(required=True)
    cost_som = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The LSG's newest estimate, in Kyrgyz som."},
    )
    extension_asked = fields.Nested(ExtensionOut, required=True, allow_none=True)
    violations = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "What is wrong: clause, edition, weight, confidence, what was "
            "measured, its tolerance, what is required; with title and remedies in three "
            "languages. A temporary task tells the temporary remedies alone."
        },
    )


class TaskEventOut(Schema):
    """One move of the task, as in docs/lives.md."""

    move = fields.String(
        required=True, allow_none=True, metadata={"description": "Null in old events."}
    )
    source = fields.String(
        required=True, allow_none=True, data_key="from", validate=validate.OneOf(list(TaskState))
    )
    to = fields.String(required=True, validate=validate.OneOf(list(TaskState)))
    reason = fields.String(required=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "Null: the clock."})
    at = fields.AwareDateTime(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    cost_som = fields.Integer(required=True, allow_none=True)
    photos = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Each with sha256, bytes, content_type; whoever reads the task reads "
            "them at `/api/v1/photos/<sha256>`, once they are here."
        },
    )


class TaskWhole(TaskOut):
    """A task with everything that was said and done about it."""

    events = fields.List(
        fields.Nested(TaskEventOut), required=True, metadata={"description": "The newest last."}
    )


class TaskPage(Schema):
    """One page of tasks."""

    items = fields.List(fields.Nested(TaskOut), required=True)
    next = fields.String(required=True, allow_none=True)


def _remedied() -> Callable[[str], str]:
    """Gives each violation of a task its requirement's title and the remedies of its track.

    Made anew for each page: what a requirement says is spelt once on it.
    """
    laws = catalog()

    @cache
    def spelt(standard: str, edition: str, name: str, track: str) -> dict[str, msgspec.Raw]:
        found = laws.requirement(standard, edition, name)
        remedies = [
            {"kind": r.kind, "text": dict(r.text), "conditions": r.conditions}
            for r in found.remedies
            if r.kind == TaskTrack.TEMPORARY or track == TaskTrack.PERMANENT
        ]
        told = {"title": dict(found.title), "remedies": remedies}
        return {member: msgspec.Raw(msgspec.json.encode(said)) for member, said in told.items()}

    def remedied(doc: str) -> str:
        task = msgspec.json.decode(doc)
        for violation in task["violations"]:
            violation |= spelt(
                violation["standard"], violation["edition"], violation["requirement"], task["track"]
            )
        return msgspec.json.encode(task).decode()

    return remedied


@blueprint.route("/tasks")
@guard(Noun.TASKS)
@blueprint.arguments(TaskQuery, location="query")
@blueprint.response(200, TaskPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_tasks(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Tasks, first due first or by priority."""
    listed, remedied = tasks_asked(session, actor, scope, query), _remedied()
    return answer_rows(
        f"tasks by {query['order']}", query, listed, doc=lambda row: remedied(row[0])
    )


def tasks_asked(session: Session, actor: Actor, scope: Scope, query: dict[str, Any]) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    campaign_known(session, scope, query.get("campaign"))
    site_in_scope(session, scope, query.get("site"))
    wanted = TaskFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        campaign=query.get("campaign"),
        site=query.get("site"),
        track=query.get("track"),
        state=query.get("state"),
        overdue=query.get("overdue"),
        escalated=query.get("escalated"),
        extension_asked=query.get("extension_asked"),
    )
    return partial(
        lists.list_tasks,
        session,
        scope,
        wanted,
        needs=scope_of(actor, Noun.NEEDS_MAP),
        order=query["order"],
        today=today(now()),
    )


@blueprint.route("/tasks/<uuid:task>")
@guard(Noun.TASKS)
@blueprint.response(200, TaskWhole)
@problems(blueprint, 401, 403, 404, 503)
def get_task(task: UUID, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """One task, with its events."""
    return task_whole(session, actor, scope, task)


def task_whole(session: Session, actor: Actor, scope: Scope, task: UUID) -> Response:
    """One task as `TaskWhole` has it. NotFound outside the scope."""
    found = lists.find_task(session, scope, scope_of(actor, Noun.NEEDS_MAP), task, today(now()))
    if found is None:
        raise NotFound
    return answer_json(_remedied()(found))
