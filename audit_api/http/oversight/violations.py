"""Violations: the list that prosecutors and supervisors work from."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight.priority import VotersFrom
from audit_api.domain.vocabulary import (
    AdjudicationDecision,
    Severity,
    UserGroup,
    ViolationState,
)
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, WholeNumber, YesNo, problems
from audit_api.http.filters import campaign_known, site_in_scope, territories_in_scope
from audit_api.http.law.catalog_words import recalled
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.http.places import LocationOut
from audit_api.storage.lists import violations as lists
from audit_api.storage.lists.selection import Listed
from audit_api.storage.lists.violations import CaseFilter
from field_schema.logic import VERDICTS

blueprint = Blueprint("violations", __name__, description="Binding requirements that are broken.")


class CaseQuery(Schema):
    """What this list and that of recommendations may be narrowed by."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    constituency = WholeNumber()
    site = fields.UUID()
    requirement = Text(100)
    standard = Text(100)
    severity = fields.String(validate=validate.OneOf(list(Severity)))
    user_group = fields.String(validate=validate.OneOf(list(UserGroup)))


class ViolationQuery(CaseQuery, PageQuery):
    """Filters and page."""

    state = fields.String(validate=validate.OneOf(list(ViolationState)))
    overdue = YesNo()
    usable_on_the_day = YesNo(
        metadata={"description": "With a temporary remedy that is measured, until it lapses."}
    )


class CaseOut(Schema):
    """One requirement not met at one element."""

    id = fields.UUID(required=True)
    site = fields.UUID(required=True)
    site_name = fields.Dict(required=True)
    territory = fields.String(required=True)
    territory_name = fields.Dict(required=True, allow_none=True)
    campaign = fields.String(required=True)
    stations = fields.List(fields.Dict(), required=True)
    address = fields.String(required=True)
    location = fields.Nested(LocationOut, required=True, allow_none=True)
    element = fields.UUID(required=True)
    element_type = fields.String(required=True)
    element_label = fields.String(required=True)
    requirement = fields.String(required=True)
    standard = fields.String(required=True)
    edition = fields.String(required=True)
    clause = fields.String(required=True, allow_none=True)
    clause_hint = fields.String(required=True, allow_none=True)
    confidence = fields.String(
        required=True,
        metadata={"description": "How sure the threshold is.", "example": "read in source text"},
    )
    weight = fields.String(required=True, validate=validate.OneOf(["binding", "reference"]))
    severity = fields.String(required=True, validate=validate.OneOf(list(Severity)))
    user_groups = fields.List(fields.String(), required=True)
    measured = fields.Raw(
        required=True, allow_none=True, metadata={"description": "What was read, by measure."}
    )
    required = fields.Raw(
        required=True,
        allow_none=True,
        metadata={"description": "What had to hold: measure, op, value, unit; of a ratio `of`."},
    )
    tolerance = fields.Dict(
        required=True,
        metadata={
            "description": "How far off each reading may be, by measure, in the measure's unit.",
            "example": {"width_mm": 3},
        },
    )
    recalled = recalled()
    state = fields.String(required=True)
    first_seen_at = fields.AwareDateTime(required=True)
    last_seen_at = fields.AwareDateTime(required=True)
    inspection = fields.UUID(required=True)
    photos = fields.List(fields.String(), required=True)


class PriorityOut(Schema):
    """Severity x voters affected / days left, with what it is made of."""

    value = fields.Float(required=True)
    voters = fields.Integer(
        required=True,
        metadata={
            "description": "Of the user groups that the requirement serves, by the needs map."
        },
    )
    voters_from = fields.String(
        required=True,
        validate=validate.OneOf(list(VotersFrom)),
        metadata={"description": "`station`: it has no needs map yet; all its voters count."},
    )
    days_left = fields.Integer(required=True, metadata={"description": "1 at least."})


class UsableOut(Schema):
    """A temporary remedy that was measured within the limits and photographed in place."""

    inspection = fields.UUID(required=True)
    inspection_rev = fields.Integer(required=True)
    seen_at = fields.AwareDateTime(required=True)
    measured = fields.Dict(required=True, metadata={"description": "As read with it in place."})
    photos = fields.List(fields.String(), required=True)
    lapses_on = fields.Date(
        required=True,
        metadata={"description": "The day after election day: from then on it counts no more."},
    )


class ViolationOut(CaseOut):
    """A binding requirement broken at an element."""

    rev = fields.Integer(required=True)
    due_on = fields.Date(
        required=True,
        metadata={"description": "As served, or as a coordinator set it for its task."},
    )
    notice_due_on = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "By the newest notice of its task, which counts then."},
    )
    overdue = fields.Boolean(required=True)
    priority = fields.Nested(
        PriorityOut,
        required=True,
        allow_none=True,
        metadata={"description": "Null when ended, or for whoever may not see the needs map."},
    )
    usable_on_the_day = fields.Nested(
        UsableOut,
        required=True,
        allow_none=True,
        metadata={"description": "Null: no temporary remedy counts. The state is untouched by it."},
    )
    task = fields.UUID(required=True)
    follows = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The violation of a replaced edition that this one goes on with."},
    )
    followed_by = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The violation of the new edition, when this one is superseded."},
    )


class AdjudicationOut(Schema):
    """What technical supervision decided about the violation, beside its finding."""

    rev = fields.Integer(required=True, metadata={"description": "The violation's, as it was."})
    decision = fields.String(required=True, validate=validate.OneOf(list(AdjudicationDecision)))
    move = fields.String(required=True, metadata={"description": "As in docs/lives.md."})
    reason = fields.String(required=True)
    clause = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What it rests on, where that is not the violation's own clause."},
    )
    inspection = fields.UUID(required=True)
    inspection_rev = fields.Integer(required=True)
    measured = fields.Dict(required=True, metadata={"description": "What the violation showed."})
    corrected = fields.Dict(
        required=True, allow_none=True, metadata={"description": "What was read instead."}
    )
    verdict = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(list(VERDICTS)),
        metadata={"description": "What came of the corrected answers."},
    )
    source = fields.String(
        required=True, data_key="from", validate=validate.OneOf(list(ViolationState))
    )
    to = fields.String(required=True, validate=validate.OneOf(list(ViolationState)))
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class ViolationWhole(ViolationOut):
    """A violation with its history of decisions."""

    adjudications = fields.List(
        fields.Nested(AdjudicationOut),
        required=True,
        metadata={"description": "Every decision, the newest last; the finding stays as it was."},
    )


class ViolationPage(Schema):
    """One page of violations."""

    items = fields.List(fields.Nested(ViolationOut), required=True)
    next = fields.String(required=True, allow_none=True)


def case_filter(session: Session, scope: Scope, query: dict[str, Any]) -> CaseFilter:
    """The filter that a query asks for; NotFound for a place outside the scope."""
    campaign_known(session, scope, query.get("campaign"))
    site_in_scope(session, scope, query.get("site"))
    return CaseFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        **{
            name: query.get(name)
            for name in (
                "campaign", "constituency", "site", "requirement", "standard", "severity",
                "user_group", "state", "overdue", "usable_on_the_day",
            )
        },
    )  # fmt: skip


@blueprint.route("/violations")
@guard(Noun.VIOLATIONS)
@blueprint.arguments(ViolationQuery, location="query")
@blueprint.response(200, ViolationPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_violations(
    query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Broken binding requirements, oldest first."""
    return answer_rows("violations", query, violations_asked(session, actor, scope, query))


def violations_asked(session: Session, actor: Actor, scope: Scope, query: dict[str, Any]) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    wanted = case_filter(session, scope, query)
    needs = scope_of(actor, Noun.NEEDS_MAP)
    return partial(lists.list_violations, session, scope, wanted, needs=needs, today=today(now()))


@blueprint.route("/violations/<uuid:violation>")
@guard(Noun.VIOLATIONS)
@blueprint.response(200, ViolationWhole)
@problems(blueprint, 401, 403, 404, 503)
def get_violation(violation: UUID, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """One violation, with what technical supervision decided about it."""
    return violation_whole(session, actor, scope, violation)


def violation_whole(session: Session, actor: Actor, scope: Scope, violation: UUID) -> Response:
    """One violation as `ViolationWhole` has it. NotFound outside the scope."""
    found = lists.find_violation(
        session, scope, scope_of(actor, Noun.NEEDS_MAP), violation, today(now())
    )
    if found is None:
        raise NotFound
    return answer_json(found)
