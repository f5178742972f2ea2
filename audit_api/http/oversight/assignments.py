"""Assignments: who inspects which station by which day."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.vocabulary import AssignmentState
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import campaign_known, site_in_scope, territories_in_scope
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.services.oversight.assign import Wanted, assign, withdraw_assignment
from audit_api.storage.lists import assignments as lists
from audit_api.storage.lists.assignments import AssignmentFilter

blueprint = Blueprint("assignments", __name__, description="Who inspects which station by when.")

MOST_LINES = 200


class AssignmentQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    site = fields.UUID()
    inspector = Text(100, metadata={"description": "A user name."})
    state = fields.String(validate=validate.OneOf(list(AssignmentState)))


class AssignmentOut(Schema):
    """One site of a campaign that an inspector visits by a day."""

    id = fields.UUID(required=True)
    campaign = fields.String(required=True)
    site = fields.UUID(required=True)
    site_name = fields.Dict(required=True)
    territory = fields.String(required=True)
    territory_name = fields.Dict(required=True, allow_none=True)
    stations = fields.List(fields.Dict(), required=True)
    inspector = fields.String(required=True, metadata={"description": "A user name."})
    inspector_name = fields.String(required=True)
    due_on = fields.Date(required=True)
    note = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(list(AssignmentState)))
    inspected_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "When the first visit came that was received since `assigned_at`."
        },
    )
    assigned_by = fields.String(required=True)
    assigned_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_by = fields.String(required=True, allow_none=True)
    withdrawn_reason = fields.String(required=True, allow_none=True)


class AssignmentPage(Schema):
    """One page of assignments."""

    items = fields.List(fields.Nested(AssignmentOut), required=True)
    next = fields.String(required=True, allow_none=True)


class AssignmentPost(Schema):
    """One line: who inspects what by when."""

    campaign = Text(40, required=True)
    site = fields.UUID(required=True)
    inspector = Text(100, required=True, metadata={"description": "A user name."})
    due_on = fields.Date(required=True, metadata={"description": "Election day at the latest."})
    note = Text(500, load_default=None, allow_none=True)


class AssignmentsPost(Schema):
    """Up to 200 lines; all are assigned, or none."""

    items = fields.List(
        fields.Nested(AssignmentPost), required=True, validate=validate.Length(1, MOST_LINES)
    )


class AssignedOut(Schema):
    """The assignments, in the order of the lines."""

    items = fields.List(fields.Nested(AssignmentOut), required=True)


class WithdrawalPost(Schema):
    """Why it stands no longer; the inspector reads it."""

    reason = Text(500, required=True)


@blueprint.route("/assignments")
@guard(Noun.ASSIGNMENTS)
@blueprint.arguments(AssignmentQuery, location="query")
@blueprint.response(200, AssignmentPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_assignments(
    query: dict[str, Any], *, session: Session, scope: Scope, **_: Any
) -> Response:
    """Assignments, first due first; an inspector's own."""
    campaign_known(session, scope, query.get("campaign"))
    site_in_scope(session, scope, query.get("site"))
    wanted = AssignmentFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        campaign=query.get("campaign"),
        site=query.get("site"),
        inspector=query.get("inspector"),
        state=query.get("state"),
    )
    return answer_rows(
        "assignments",
        query,
        partial(lists.list_assignments, session, scope, wanted, today=today(now())),
    )


@blueprint.route("/assignments/<uuid:assignment>")
@guard(Noun.ASSIGNMENTS)
@blueprint.response(200, AssignmentOut)
@problems(blueprint, 401, 403, 404, 503)
def get_assignment(assignment: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """One assignment."""
    found = lists.find_assignments(session, scope, [assignment], today=today(now()))
    if assignment not in found:
        raise NotFound
    return answer_json(found[assignment])


@blueprint.route("/assignments", methods=["POST"])
@guard(Noun.ASSIGNMENTS, "write", writing=True)
@blueprint.arguments(AssignmentsPost)
@blueprint.response(201, AssignedOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def make_assignments(
    said: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Assign stations to inspectors: all lines or none. Sending the same again is harmless."""
    at = now()
    ids = assign(session, actor, scope, [Wanted(**line) for line in said["items"]], at=at)
    docs = lists.find_assignments(session, scope, ids, today=today(at))
    answer = answer_json(f'{{"items":[{",".join(docs[one] for one in ids)}]}}')
    answer.status_code = 201
    return answer


@blueprint.route("/assignments/<uuid:assignment>/withdrawals", methods=["POST"])
@guard(Noun.ASSIGNMENTS, "write", writing=True)
@blueprint.arguments(WithdrawalPost)
@blueprint.response(200, AssignmentOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def withdraw(
    said: dict[str, str], assignment: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Take an assignment back; the inspector sees it with the reason. Repeating it is harmless."""
    at = now()
    withdraw_assignment(session, actor, scope, assignment, reason=said["reason"], at=at)
    found = lists.find_assignments(session, scope, [assignment], today=today(at))
    return answer_json(found[assignment])
