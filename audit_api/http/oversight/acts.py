"""Supervisory acts: issued by a prosecutor, answered by the addressee, and what came of them."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, current_app
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight.acts import DECISIONS, ActMove
from audit_api.domain.vocabulary import ActKind, ActState
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, YesNo, problems
from audit_api.http.filters import campaign_known
from audit_api.http.law.catalog import catalog
from audit_api.http.once import once, repeatable
from audit_api.http.oversight.decisions import Reason
from audit_api.http.oversight.served_lists import AddresseeIn, LetterQuery, letter_filter
from audit_api.http.paging import answer_json, answer_rows
from audit_api.services.oversight.issue_act import ActWish, issue_act
from audit_api.services.oversight.move_act import answer_act, decide_act
from audit_api.services.oversight.prepare_list import Addressee, Wish
from audit_api.settings import Settings
from audit_api.storage.lists import acts as lists
from audit_api.storage.lists.acts import ActFilter
from audit_api.storage.lists.selection import Listed

blueprint = Blueprint(
    "acts",
    __name__,
    description="What a prosecutor issues to those responsible: order (предписание), "
    "representation (представление), warning (предостережение). See docs/prosecutor.md.",
)

MOST_VIOLATIONS = 100


class ActPost(Schema):
    """What to issue: over a served list, or over violations to an addressee."""

    kind = fields.String(required=True, validate=validate.OneOf(list(ActKind)))
    demand = Reason(required=True, metadata={"description": "What is demanded, as the act says."})
    served_list = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "It says the campaign, the addressee and the violations."},
    )
    campaign = Text(40, load_default=None, allow_none=True)
    addressee = fields.Nested(AddresseeIn, load_default=None, allow_none=True)
    violations = fields.List(
        fields.UUID(),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MOST_VIOLATIONS),
        metadata={"description": "Confirmed ones, with their photos' originals here."},
    )
    office = Text(
        40,
        load_default=None,
        allow_none=True,
        metadata={"description": "SOATE code of your own grant; left out: the nearest."},
    )
    answer_due_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "By when an answer is due. Left out: by the term that is set for the "
            "kind; where none is, the act is refused."
        },
    )

    @validates_schema
    def _over_one_of_both(self, said: dict[str, Any], **_: Any) -> None:
        named = [said.get(name) is not None for name in ("campaign", "addressee", "violations")]
        if any(named) if said.get("served_list") is not None else not all(named):
            raise ValidationError(
                "Give `served_list` alone, or `campaign`, `addressee` and `violations`.",
                "served_list",
            )


class ActQuery(LetterQuery):
    """Filters and page."""

    kind = fields.String(validate=validate.OneOf(list(ActKind)))
    state = fields.String(validate=validate.OneOf(list(ActState)))
    overdue = YesNo(metadata={"description": "Awaits an answer that was due before today."})


class ActOut(Schema):
    """An act in brief."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(ActKind)))
    number = fields.Integer(
        required=True,
        metadata={"description": "Of its kind, office and campaign: 1, 2, 3 … without a gap."},
    )
    campaign = fields.String(required=True)
    office = fields.String(required=True)
    addressee = fields.Dict(required=True)
    issued_on = fields.Date(required=True)
    issued_at = fields.AwareDateTime(required=True)
    issued_by = fields.String(required=True)
    served_list = fields.UUID(required=True, allow_none=True)
    answer_due_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(ActState)))
    overdue = fields.Boolean(required=True)
    violations = fields.Integer(required=True, metadata={"description": "How many it covers."})
    sha256 = fields.String(required=True, metadata={"description": "Of the document."})


class ActWhole(ActOut):
    """An act as it was issued, and everything that happened to it."""

    document = fields.Dict(
        required=True,
        metadata={
            "description": "Canonical JSON, as of a served list: the kind's name, the demand, and "
            "the rows of the violations, or number and hash of the served list."
        },
    )
    events = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "at, by, move, from_state, to_state, reason (of an answer its words), "
            "answered_on and signed_by."
        },
    )


class ActPage(Schema):
    """One page of acts."""

    items = fields.List(fields.Nested(ActOut), required=True)
    next = fields.String(required=True, allow_none=True)


class AnswerPost(Schema):
    """The answer of the body that was written to."""

    answer = Reason(required=True)


class DecisionPost(Schema):
    """What the prosecutor decides, and why."""

    decision = fields.String(
        required=True,
        validate=validate.OneOf(list(DECISIONS)),
        metadata={
            "description": "record_answer: it came on paper (then `answered_on` and `signed_by`); "
            "return: the answer is none; fulfil, fail: what came of it; withdraw."
        },
    )
    reason = Reason(required=True, metadata={"description": "Why; of an answer its words."})
    answered_on = fields.Date(load_default=None, allow_none=True)
    signed_by = Text(200, load_default=None, allow_none=True)


@blueprint.route("/acts")
@guard(Noun.ACTS)
@blueprint.arguments(ActQuery, location="query")
@blueprint.response(200, ActPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_acts(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Supervisory acts, oldest first; the head of a body of local self-government sees its own."""
    return answer_rows("acts", query, acts_asked(session, actor, scope, query))


def acts_asked(session: Session, _: Actor, scope: Scope, query: dict[str, Any]) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    asked = letter_filter(session, scope, query)
    wanted = ActFilter(
        asked.territories,
        asked.campaign,
        asked.addressee_kind,
        asked.violation,
        **{name: query.get(name) for name in ("kind", "state", "overdue")},
    )
    return partial(lists.list_acts, session, scope, wanted, today=today(now()))


@blueprint.route("/acts", methods=["POST"])
@guard(Noun.ACTS, "write", writing=True)
@blueprint.arguments(ActPost)
@blueprint.response(201, ActWhole)
@repeatable(blueprint)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def issue(said: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Issue an act: its document never changes. Sent twice without a key, it is two acts."""
    settings: Settings = current_app.extensions["settings"]

    def work() -> UUID:
        wish = _wish(session, scope, said)
        terms = settings.act_answer_days
        return issue_act(session, actor, scope, wish, catalog(), terms, at=now())

    act = once(session, actor, work)
    answer = _whole(session, scope, act)
    answer.status_code = 201
    answer.headers["Location"] = f"/api/v1/acts/{act}"
    return answer


@blueprint.route("/acts/<uuid:act>")
@guard(Noun.ACTS)
@blueprint.response(200, ActWhole)
@problems(blueprint, 401, 403, 404, 503)
def get_act(act: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """One act, byte for byte as it was issued, and what happened since."""
    return _whole(session, scope, act)


@blueprint.route("/acts/<uuid:act>/answers", methods=["POST"])
@guard(Noun.ACTS, "answer", writing=True)
@blueprint.arguments(AnswerPost)
@blueprint.response(200, ActWhole)
@repeatable(blueprint)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def answer(
    said: dict[str, Any], act: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """The head of the body of local self-government that was written to answers the act."""

    def work() -> UUID:
        answer_act(session, actor, scope, act, answer=said["answer"], at=now())
        return act

    return _whole(session, scope, once(session, actor, work))


@blueprint.route("/acts/<uuid:act>/decisions", methods=["POST"])
@guard(Noun.ACTS, "write", writing=True)
@blueprint.arguments(DecisionPost)
@blueprint.response(200, ActWhole)
@repeatable(blueprint)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def decide(
    said: dict[str, Any], act: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Record an answer that came on paper, return one, say what came of the act, or withdraw it.

    A prosecutor of the office that issued it, or of one above.
    """

    def work() -> UUID:
        decide_act(
            session,
            actor,
            scope,
            act,
            ActMove(said["decision"]),
            reason=said["reason"],
            at=now(),
            answered_on=said["answered_on"],
            signed_by=said["signed_by"],
        )
        return act

    return _whole(session, scope, once(session, actor, work))


def _wish(session: Session, scope: Scope, said: dict[str, Any]) -> ActWish:
    violations = None
    if said["served_list"] is None:
        campaign_known(session, scope, said["campaign"])
        violations = Wish(
            campaign=said["campaign"],
            addressee=Addressee(**said["addressee"]),
            filters={},
            picked=frozenset(said["violations"]),
            office=said["office"],
        )
    return ActWish(
        kind=ActKind(said["kind"]),
        demand=said["demand"],
        served_list=said["served_list"],
        violations=violations,
        office=said["office"],
        answer_due_on=said["answer_due_on"],
    )


def _whole(session: Session, scope: Scope, act: UUID) -> Response:
    found = lists.find_act(session, scope, act, today(now()))
    if found is None:
        raise NotFound
    doc, document, events = found
    # The bytes themselves, so that whoever has the answer can reckon the hash.
    return answer_json(f'{doc[:-1]},"document":{document.decode()},"events":{events}}}')
