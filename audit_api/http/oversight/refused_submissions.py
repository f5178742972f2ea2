"""What ODK Collect was answered 409 for: kept, never applied, and here to be read."""

from functools import partial
from typing import Any

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import territories_in_scope
from audit_api.http.openrosa.messages import tell
from audit_api.http.originals import hash_in_path
from audit_api.http.oversight.fabrication import asked_language
from audit_api.http.oversight.submissions import XML, answer_xml
from audit_api.http.paging import PageQuery, answer_rows
from audit_api.services.openrosa.hand_in import Came, HandedIn
from audit_api.storage.lists import submissions as lists
from audit_api.storage.lists.selection import AnyRow
from audit_api.storage.lists.submissions import RefusedFilter
from audit_api.words import words_in

blueprint = Blueprint(
    "refused_submissions",
    __name__,
    description="What ODK Collect was answered 409 for. See docs/odk-submissions.md.",
)

_REASONS = [Came.OTHER_XML.value, Came.NOT_CURRENT.value]


class RefusedQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    reason = fields.String(validate=validate.OneOf(_REASONS))


class RefusedOut(Schema):
    """What was answered 409: whose it is, and what it contradicts."""

    xml_sha256 = fields.String(
        required=True,
        metadata={"description": "Its XML: GET /api/v1/openrosa/refused/<xml_sha256>.xml"},
    )
    xml_bytes = fields.Integer(required=True)
    op = fields.UUID(required=True, metadata={"description": "Of its form and instanceID."})
    form = fields.String(required=True, metadata={"description": "Its id in Collect, and version."})
    instance_id = fields.String(required=True)
    reason = fields.String(
        required=True,
        validate=validate.OneOf(_REASONS),
        metadata={
            "description": "other-xml: other answers are here under its instanceID; not-current: "
            "it corrects what is not the newest, or not here."
        },
    )
    told = fields.String(
        required=True, metadata={"description": "What Collect showed, in your language."}
    )
    device = fields.UUID(required=True)
    device_name = fields.String(required=True)
    owner = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    site = fields.UUID(required=True, allow_none=True, metadata={"description": "As it says."})
    site_name = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Null: none in your territories."}
    )
    territory = fields.String(required=True, allow_none=True)
    submission = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "`op` of the submission that it contradicts, if you may read it."},
    )
    inspection = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The inspection that it contradicts, in your territories."},
    )
    current_rev = fields.Integer(required=True, allow_none=True)
    accepted = fields.Boolean(
        required=True,
        metadata={
            "description": "The same XML was sent again and taken in: what it corrects had come."
        },
    )


class RefusedPage(Schema):
    """One page of what was answered 409."""

    items = fields.List(fields.Nested(RefusedOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/openrosa/refused")
@guard(Noun.QUARANTINE)
@blueprint.arguments(RefusedQuery, location="query")
@blueprint.response(200, RefusedPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_refused(
    query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """What ODK Collect was answered 409 for, newest first. It was kept, not applied.

    Nothing is decided on it: the inspector hands the work in anew, or what is here is right.
    """
    language = asked_language(actor)
    wanted = RefusedFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        reason=query.get("reason"),
    )
    answer = answer_rows(
        "openrosa_refused",
        query,
        partial(lists.list_refused, session, scope, wanted, today=today(now())),
        doc=lambda row: _told(row, language),
    )
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Authorization, Accept-Language"
    return answer


@blueprint.route("/openrosa/refused/<string:xml_sha256>.xml")
@guard(Noun.QUARANTINE, writing=True)
@blueprint.response(200, XML, content_type="application/xml", description="To the byte.")
@blueprint.alt_response(304, success=True, description="The copy at hand is the XML.")
@problems(blueprint, 401, 403, 404, 409, 503)
def get_refused(xml_sha256: str, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """The XML that was answered 409, as it came. Every reading stands in the audit log."""
    found = lists.find_refused(session, scope, hash_in_path(xml_sha256), today(now()))
    return answer_xml(session, actor, found)


def _told(row: AnyRow, language: str) -> str:
    refused = msgspec.json.decode(str(row[0]))
    refused["told"] = tell(HandedIn(Came(refused["reason"])), words_in(language))
    return msgspec.json.encode(refused).decode()
