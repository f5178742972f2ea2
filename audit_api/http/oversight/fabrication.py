"""Fabrication flags: what a supervisor should look at. Nothing is rejected for them."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, request
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight.fabrication_words import flag_in_words
from audit_api.domain.vocabulary import FlagKind, FlagState, Language
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import campaign_known, site_in_scope, territories_in_scope
from audit_api.http.oversight.decisions import Reason
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.services.oversight.set_flag_aside import set_flag_aside
from audit_api.storage.lists import fabrication as lists
from audit_api.storage.lists.fabrication import FlaggedFilter
from audit_api.storage.lists.selection import AnyRow

blueprint = Blueprint(
    "fabrication",
    __name__,
    description="Signs that an inspection was made up, for technical supervision to look at: "
    "never a verdict. See docs/fabrication-flags.md.",
)


class FlagOut(Schema):
    """One sign."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(FlagKind)))
    text = fields.String(required=True, metadata={"description": "In the asked language."})
    photo = fields.String(
        required=True, allow_none=True, metadata={"description": "SHA-256 of the photo meant."}
    )
    element = fields.UUID(required=True, allow_none=True)
    figures = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What was compared, each with its unit in its name, and the threshold "
            "of then. Null where the other inspection lies outside the caller's grants."
        },
    )
    other = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "The other inspection of a pair: inspection, rev, current (whether "
            "that revision still is), site, site_name, photo, element. Null where there is none "
            "or where it lies outside the caller's grants."
        },
    )
    found_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(FlagState)))
    decision = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "Who set it aside: reason, decided_by, decided_at."},
    )


class FlagsOut(Schema):
    """What was found at the current revision of an inspection."""

    checked_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Null: nobody looked yet. No flag says nothing then."},
    )
    photos_announced = fields.Integer(required=True, allow_none=True)
    photos_examined = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of those announced, how many had been looked at by then."},
    )
    items = fields.List(fields.Nested(FlagOut), required=True)


class FlaggedQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    site = fields.UUID()
    kind = fields.String(validate=validate.OneOf(list(FlagKind)))
    state = fields.String(
        validate=validate.OneOf(list(FlagState)),
        metadata={"description": "open: has a flag that nobody set aside."},
    )


class FlaggedOut(Schema):
    """An inspection whose current revision has flags."""

    inspection = fields.UUID(required=True)
    rev = fields.Integer(required=True)
    site = fields.UUID(required=True)
    site_name = fields.Dict(required=True)
    territory = fields.String(required=True)
    campaign = fields.String(required=True)
    inspector = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    first_found_at = fields.AwareDateTime(required=True)
    open = fields.Integer(required=True)
    set_aside = fields.Integer(required=True)
    kinds = fields.List(fields.String(validate=validate.OneOf(list(FlagKind))), required=True)


class FlaggedPage(Schema):
    """One page of flagged inspections."""

    items = fields.List(fields.Nested(FlaggedOut), required=True)
    next = fields.String(required=True, allow_none=True)


class AsidePost(Schema):
    """Why the flag means nothing; others read it."""

    decision = fields.String(required=True, validate=validate.OneOf([FlagState.SET_ASIDE]))
    reason = Reason(required=True)


@blueprint.route("/inspections/flagged")
@guard(Noun.REVIEWS)
@blueprint.arguments(FlaggedQuery, location="query")
@blueprint.response(200, FlaggedPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_flagged(query: dict[str, Any], *, session: Session, scope: Scope, **_: Any) -> Response:
    """Inspections with fabrication flags, longest known first; nobody sees their own."""
    campaign_known(session, scope, query.get("campaign"))
    site_in_scope(session, scope, query.get("site"))
    wanted = FlaggedFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        **{name: query.get(name) for name in ("site", "campaign", "kind", "state")},
    )
    return answer_rows(
        "flagged", query, partial(lists.list_flagged, session, scope, wanted, today=today(now()))
    )


@blueprint.route(
    "/inspections/<uuid:inspection>/fabrication-flags/<uuid:flag>/decisions", methods=["POST"]
)
@guard(Noun.REVIEWS, "decide", writing=True)
@blueprint.arguments(AsidePost)
@blueprint.response(200, FlagsOut)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def decide(
    said: dict[str, Any],
    inspection: UUID,
    flag: UUID,
    *,
    session: Session,
    actor: Actor,
    scope: Scope,
) -> Response:
    """Set a flag aside with a reason; answers all flags of the inspection as they stand then."""
    set_flag_aside(session, actor, scope, inspection, flag, reason=said["reason"], at=now())
    language = asked_language(actor)
    told = flags_in_words(session, scope, inspection, language)
    if told is None:
        raise NotFound
    answer = answer_json(msgspec.json.encode(told).decode())
    answer.headers["Content-Language"] = language
    return answer


def asked_language(actor: Actor) -> str:
    """The language that the request asks for, or else the caller's own."""
    return request.accept_languages.best_match(list(Language)) or actor.language


def flags_in_words(
    session: Session, scope: Scope, inspection: UUID, language: str
) -> dict[str, Any] | None:
    """The flags of an inspection as `FlagsOut` has them; None for who may not see them."""
    found = lists.flags_of(session, scope, inspection)
    if found is None:
        return None
    return {
        "checked_at": found.checked_at,
        "photos_announced": found.announced,
        "photos_examined": found.examined,
        "items": [_told(row, language) for row in found.flags],
    }


def _told(row: AnyRow, language: str) -> dict[str, Any]:
    aside = row.set_aside_at is not None
    return {
        "id": row.id,
        "kind": row.kind,
        "text": flag_in_words(FlagKind(row.kind), row.figures or {}, language, outside=row.outside),
        "photo": row.photo,
        "element": row.element,
        "figures": row.figures,
        "other": row.other,
        "found_at": row.found_at,
        "state": FlagState.SET_ASIDE if aside else FlagState.OPEN,
        "decision": {
            "reason": row.reason,
            "decided_by": row.set_aside_by,
            "decided_at": row.set_aside_at,
        }
        if aside
        else None,
    }
