"""What ODK Collect handed in, to the byte: of an inspection, or of what is held back."""

import hashlib
from base64 import b64encode
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import fields
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.errors import BytesChanged, NotFound
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.originals import named
from audit_api.http.paging import answer_json
from audit_api.storage import audit_log
from audit_api.storage.lists import submissions as lists
from audit_api.storage.lists.submissions import KeptXml

blueprint = Blueprint(
    "submissions",
    __name__,
    description="What ODK Collect handed in, to the byte. See docs/odk-submissions.md.",
)

XML = {"type": "string", "contentMediaType": "application/xml"}


class SubmissionOut(Schema):
    """One filled-in form, and which revisions came of it."""

    op = fields.UUID(
        required=True,
        metadata={"description": "Its XML: GET /api/v1/openrosa/submissions/<op>.xml"},
    )
    form = fields.String(required=True, metadata={"description": "Its id in Collect, and version."})
    instance_id = fields.String(required=True)
    device = fields.UUID(required=True)
    received_at = fields.AwareDateTime(required=True)
    corrects = fields.UUID(
        required=True, allow_none=True, metadata={"description": "`op` of the one it corrects."}
    )
    xml_sha256 = fields.String(required=True)
    xml_bytes = fields.Integer(required=True)
    mended = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether supervision put another body in the place of the one that was "
            "derived from the XML."
        },
    )
    revisions = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "rev, op, body_sha256: of the body derived from the XML, which the "
            "receipt signs. Two when photos came after the answers; none of a branch."
        },
    )
    files = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "name, sha256, bytes, content_type, received_at, and `first`: of files "
            "with one name the first counts. Originals: /api/v1/photos/<sha256>/original"
        },
    )


class SubmissionsOut(Schema):
    """Every submission of the inspection, oldest first; none of one that a tablet pushed."""

    items = fields.List(fields.Nested(SubmissionOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/inspections/<uuid:inspection>/submissions")
@guard(Noun.INSPECTIONS)
@blueprint.response(200, SubmissionsOut)
@problems(blueprint, 401, 403, 404, 503)
def list_submissions(inspection: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """What ODK Collect handed in of an inspection: XML and files, with their hashes."""
    found = lists.submissions_of(session, scope, inspection)
    if found is None:
        raise NotFound
    return answer_json(f'{{"items":{found},"next":null}}')


@blueprint.route("/openrosa/submissions/<uuid:submission>.xml")
@guard(Noun.INSPECTIONS, writing=True)
@blueprint.response(200, XML, content_type="application/xml", description="To the byte.")
@blueprint.alt_response(304, success=True, description="The copy at hand is the XML.")
@problems(blueprint, 401, 403, 404, 409, 503)
def get_submission(submission: UUID, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """The XML as ODK Collect sent it, of an inspection that you may read or of what is held back.

    Every reading stands in the audit log. 409: what is kept is not what was handed in.
    """
    held = scope_of(actor, Noun.QUARANTINE)
    return answer_xml(session, actor, lists.find_submission(session, scope, held, submission))


def answer_xml(session: Session, actor: Actor, kept: KeptXml | None) -> Response:
    """XML as an attachment, hashed anew; the reading is logged. Raises NotFound, BytesChanged."""
    if kept is None:
        raise NotFound
    digest = hashlib.sha256(kept.xml).digest()
    if digest != kept.sha256:
        raise BytesChanged(
            "The XML that is kept has another hash than the one that was handed in. Restore it "
            "from a backup, and find out who changed it."
        )
    if request.if_none_match.contains(digest.hex()):
        answer = Response(status=304)
    else:
        audit_log.record(
            session,
            "submission_read",
            kept.op,
            at=now(),
            person=actor.person,
            xml_sha256=digest.hex(),
        )
        answer = Response(kept.xml, content_type="application/xml")
        answer.headers.update(
            {
                "Content-Disposition": f'attachment; filename="{kept.op}.xml"',
                "Content-Digest": f"sha-256=:{b64encode(digest).decode()}:",
                "Content-Security-Policy": "sandbox",
            }
        )
    return named(answer, digest.hex(), cache="private, no-cache")
