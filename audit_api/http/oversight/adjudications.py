"""Adjudication: what waits for technical supervision, and its decisions on violations."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.vocabulary import AdjudicationDecision, Waiting
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import campaign_known, site_in_scope, territories_in_scope
from audit_api.http.law.catalog import catalog
from audit_api.http.once import once, repeatable
from audit_api.http.oversight.decisions import Reason
from audit_api.http.oversight.violations import ViolationWhole, violation_whole
from audit_api.http.paging import PageQuery, answer_rows
from audit_api.services.law.corrected_body import Correction
from audit_api.services.oversight.adjudicate import Said, adjudicate
from audit_api.storage.lists import adjudications as lists
from audit_api.storage.lists.adjudications import QueueFilter
from audit_api.storage.lists.selection import Listed

blueprint = Blueprint(
    "adjudications",
    __name__,
    description="Technical supervision confirms, corrects or overturns what a violation rests on, "
    "or has it measured again. The finding stays as it was; see docs/adjudication.md.",
)
MAX_CORRECTIONS = 20


class QueueQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    site = fields.UUID()
    kind = fields.String(validate=validate.OneOf(list(Waiting)))


class WaitingOut(Schema):
    """One thing that waits, and what to open: a violation, an inspection or a review."""

    kind = fields.String(required=True, validate=validate.OneOf(list(Waiting)))
    since = fields.AwareDateTime(required=True)
    site = fields.UUID(required=True)
    site_name = fields.Dict(required=True)
    territory = fields.String(required=True)
    territory_name = fields.Dict(required=True, allow_none=True)
    campaign = fields.String(required=True)
    element = fields.String(required=True, allow_none=True)
    violation = fields.UUID(required=True, allow_none=True)
    violation_rev = fields.Integer(required=True, allow_none=True)
    inspection = fields.UUID(required=True, allow_none=True)
    review = fields.UUID(required=True, allow_none=True)
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it is contested, if told."}
    )
    count = fields.Integer(
        required=True, metadata={"description": "How many borderline findings, or open flags."}
    )


class QueuePage(Schema):
    """One page of what waits."""

    items = fields.List(fields.Nested(WaitingOut), required=True)
    next = fields.String(required=True, allow_none=True)


class CorrectionIn(Schema):
    """One answer as it should have been."""

    measure = Text(
        200,
        required=True,
        metadata={"description": "As in the violation's `measured`.", "example": "runs.rise_mm"},
    )
    index = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, 1000),
        metadata={"description": "Which item of a repeat, from 0."},
    )
    answer = fields.Raw(
        required=True,
        metadata={
            "description": "In the form's notation. A measurement keeps its instrument unless "
            "another is named.",
            "example": {"value": 450, "unit": "mm"},
        },
    )


class AdjudicationPost(Schema):
    """A decision on the violation as it was read."""

    decision = fields.String(required=True, validate=validate.OneOf(list(AdjudicationDecision)))
    rev = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    reason = Reason(required=True)
    clause = Text(200, load_default=None, allow_none=True)
    corrections = fields.List(
        fields.Nested(CorrectionIn),
        load_default=list,
        validate=validate.Length(max=MAX_CORRECTIONS),
        metadata={"description": "Of `correct`, and of nothing else."},
    )

    @validates_schema
    def corrects_or_not(self, said: dict[str, Any], **_: Any) -> None:
        """Corrections go with `correct` alone."""
        if (said["decision"] == AdjudicationDecision.CORRECT) != bool(said["corrections"]):
            raise ValidationError("Needed by `correct`, and by it alone.", "corrections")


@blueprint.route("/adjudications/queue")
@guard(Noun.REVIEWS)
@blueprint.arguments(QueueQuery, location="query")
@blueprint.response(200, QueuePage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_queue(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """What waits for technical supervision, longest first; nobody is shown their own work."""
    return answer_rows("queue", query, queue_asked(session, actor, scope, query))


def queue_asked(session: Session, _: Actor, scope: Scope, query: dict[str, Any]) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    campaign_known(session, scope, query.get("campaign"))
    site_in_scope(session, scope, query.get("site"))
    wanted = QueueFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        **{name: query.get(name) for name in ("campaign", "site", "kind")},
    )
    return partial(lists.list_queue, session, scope, wanted, today=today(now()))


@blueprint.route("/violations/<uuid:violation>/adjudications", methods=["POST"])
@guard(Noun.VIOLATIONS, "adjudicate", writing=True)
@blueprint.arguments(AdjudicationPost)
@blueprint.response(201, ViolationWhole)
@repeatable(blueprint)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def decide(
    said: dict[str, Any], violation: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Decide on a violation; answers how it stands then. Where it goes from: docs/lives.md.

    A correction is judged again by the ruleset of the finding: still a breach confirms, within the
    limits overturns, not sure is contested and measured again.
    """
    ruling = Said(
        AdjudicationDecision(said["decision"]),
        said["rev"],
        said["reason"],
        said["clause"],
        [Correction(**one) for one in said["corrections"]],
    )

    def work() -> UUID:
        adjudicate(session, actor, scope, violation, ruling, catalog=catalog(), at=now())
        return violation

    answer = violation_whole(session, actor, scope, once(session, actor, work))
    answer.status_code = 201
    return answer
