"""Reviews: two sides said different things, and a named person decides between them."""

from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.sync.branch_difference import differences
from audit_api.domain.vocabulary import EntityKind, ReviewKind, ReviewState
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import site_in_scope, territories_in_scope
from audit_api.http.law.catalog import catalogs
from audit_api.http.oversight.decisions import Reason
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.services.oversight.decide_quarantine import of_kept
from audit_api.services.oversight.decide_review import AS_ASKED, Ruling, decide_review, handed_in
from audit_api.services.sync.replay_operation import kept_operation
from audit_api.storage.lists import reviews as lists
from audit_api.storage.lists.reviews import ReviewFilter

blueprint = Blueprint(
    "reviews",
    __name__,
    description="Where a tablet's work and what the server has differ: both are kept and shown, "
    "and a technical supervisor decides. See docs/quarantine.md.",
)

_WORDS = {word: decision for decision, word in AS_ASKED.items()}


class ReviewQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    site = fields.UUID()
    kind = fields.String(validate=validate.OneOf(list(ReviewKind)))
    state = fields.String(validate=validate.OneOf(list(ReviewState)))


class ReviewOut(Schema):
    """One operation beside what the server had when it came."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(ReviewKind)))
    state = fields.String(required=True, validate=validate.OneOf(list(ReviewState)))
    entity_kind = fields.String(required=True, validate=validate.OneOf(list(EntityKind)))
    entity = fields.UUID(required=True)
    op = fields.UUID(required=True)
    device = fields.UUID(required=True)
    owner = fields.String(required=True, metadata={"description": "Whose side `mine` is."})
    received_at = fields.AwareDateTime(required=True)
    opened_at = fields.AwareDateTime(required=True)
    age_days = fields.Integer(required=True)
    site = fields.UUID(required=True)
    site_name = fields.Dict(required=True)
    territory = fields.String(required=True)
    mine = fields.Dict(required=True)
    server = fields.Dict(required=True)
    decision = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "decision, reason, decided_by, decided_at."},
    )


class ReviewPage(Schema):
    """One page of reviews."""

    items = fields.List(fields.Nested(ReviewOut), required=True)
    next = fields.String(required=True, allow_none=True)


class ReviewWhole(ReviewOut):
    """A review with both sides in full."""

    mine_body = fields.String(
        required=True, metadata={"description": "The operation's body as it was sent."}
    )
    mine_sha256 = fields.String(required=True)
    server_body = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of a branch: the body of the revision it stands beside."},
    )
    server_sha256 = fields.String(required=True, allow_none=True)
    server_rev = fields.Integer(required=True, allow_none=True)
    differences = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Of a branch: element, state, label, question, mine, server; of fields: "
            "question is the field, server what is there now or, once decided, what was there when "
            "it came. Null on a side: nothing there."
        },
    )
    note = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What deciding does not do by itself."},
    )


class RulingIn(Schema):
    """Whose side is taken, and why."""

    decision = fields.String(required=True, validate=validate.OneOf(list(_WORDS)))
    reason = Reason(required=True)


@blueprint.route("/reviews")
@guard(Noun.REVIEWS)
@blueprint.arguments(ReviewQuery, location="query")
@blueprint.response(200, ReviewPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_reviews(query: dict[str, Any], *, session: Session, scope: Scope, **_: Any) -> Response:
    """Reviews, longest open first."""
    site_in_scope(session, scope, query.get("site"))
    wanted = ReviewFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        site=query.get("site"),
        kind=query.get("kind"),
        state=query.get("state"),
    )
    return answer_rows(
        "reviews", query, partial(lists.list_reviews, session, scope, wanted, today=today(now()))
    )


@blueprint.route("/reviews/<uuid:review>")
@guard(Noun.REVIEWS)
@blueprint.response(200, ReviewWhole)
@problems(blueprint, 401, 403, 404, 409, 503)
def get_review(review: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """One review, both sides shown, and where they differ."""
    return _whole(session, scope, review)


@blueprint.route("/reviews/<uuid:review>/decisions", methods=["POST"])
@guard(Noun.REVIEWS, "decide", writing=True)
@blueprint.arguments(RulingIn)
@blueprint.response(200, ReviewWhole)
@problems(blueprint, 400, 401, 403, 404, 409, 422, 503)
def decide(
    said: dict[str, Any], review: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Take the tablet's side, or keep what the server has; answers how it stands then.

    A branch that is taken becomes a revision that corrects the current one. What cannot be
    applied is a problem that says why, and nothing is changed.
    """
    if lists.find_review(session, scope, review, today(now())) is None:
        raise NotFound
    ruling = Ruling(_WORDS[said["decision"]], said["reason"])
    decide_review(session, actor, scope, review, ruling, catalogs=catalogs(), at=now())
    return _whole(session, scope, review)


_LAW = (
    "These fields decide which clauses bind. Taking them judges nothing again by itself: what was "
    "assessed stays as it was judged, by the building as it was known then. The next revision of "
    "an inspection of this site, or the next decision on its standards, is judged by them."
)


def _whole(session: Session, scope: Scope, review: UUID) -> Response:
    row = lists.find_review(session, scope, review, today(now()))
    if row is None:
        raise NotFound
    doc, op = row
    operation = handed_in(session, kept_operation(of_kept(session, op)))
    server = lists.server_side(session, review)
    told = msgspec.json.decode(doc)
    if server is None:
        # While it is open a person has to see what would be overwritten now, not what was then.
        other = told["server"] | lists.server_now(session, review)
        found = [
            {"element": None, "state": None, "label": None, "question": field}
            | {"mine": value, "server": other.get(field)}
            for field, value in told["mine"].items()
        ]
    else:
        body = msgspec.json.decode(server[1])
        found = [asdict(one) for one in differences(operation.body, body)]
    more = {
        "mine_body": operation.body_bytes.decode(),
        "mine_sha256": operation.body_sha256.hex(),
        "server_body": server[1] if server else None,
        "server_sha256": server[2] if server else None,
        "server_rev": server[0] if server else None,
        "differences": found,
        "note": _LAW if told["kind"] == ReviewKind.LAW_RELEVANT else None,
    }
    return answer_json(f"{doc[:-1]},{msgspec.json.encode(more).decode()[1:]}")
