"""Photos as evidence: what is known of them, previews to look at, originals to the byte."""

from typing import Final

from flask import Response, request
from marshmallow import fields
from sqlalchemy.orm import Session
from werkzeug.http import parse_range_header

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.errors import NoPreview, NotFound, RangeOutside
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.originals import hash_in_path, named
from audit_api.http.paging import answer_json
from audit_api.http.sync.photos import store
from audit_api.storage import audit_log
from audit_api.storage.lists.photos import ShownPhoto, find_shown_photo, photo_facts

blueprint = Blueprint("evidence_photos", __name__, description="Photos as evidence.")

_IMAGE: Final = {"type": "string", "contentMediaType": "image/*"}


class PhotoFactsOut(Schema):
    """An original: how it came, what it shows, what its file claims, and who had it."""

    sha256 = fields.String(required=True)
    bytes = fields.Integer(required=True)
    content_type = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    device = fields.UUID(required=True, allow_none=True)
    inspector = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Who sent it; `device` is null if without a tablet. Both null for a "
            "person who never had a grant over a place where you see it: the file is shown "
            "elsewhere too."
        },
    )
    log_entry = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Its leaf in the signed log; null until the next checkpoint."},
    )
    examination = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What a decoder saw: examined_at, refused (why there is no preview, or "
            "null), format, width, height (pixels, upright), previews (sizes). Null until then."
        },
    )
    claims = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the file says of itself (EXIF): taken, position (lat, lon), "
            "camera. Anybody can write that into a file: claims, not facts."
        },
    )
    shown_in = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Each place that shows it: inspection, rev, site, element, question, "
            "bytes (as announced), bytes_agree (with the original's)."
        },
    )
    shown_for = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Each report on a task that shows it: task, site, element, move, at."
        },
    )
    custody = fields.List(
        fields.Dict(),
        required=True,
        allow_none=True,
        metadata={
            "description": "Who received and who read the original, oldest first: at, what, by, "
            "device. Null for those who may not read the audit log there. Readings by people who "
            "never had a grant over a place where you see it are left out."
        },
    )


@blueprint.route("/photos/<string:sha256>")
@guard(Noun.VIOLATIONS)
@blueprint.response(200, PhotoFactsOut)
@problems(blueprint, 401, 403, 404, 503)
def get_photo(sha256: str, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """What is known of a photo that an inspection, a report or a task within the grants shows."""
    tasks, logged = scope_of(actor, Noun.TASKS), scope_of(actor, Noun.AUDIT_LOG)
    found = photo_facts(session, scope, tasks, logged, hash_in_path(sha256))
    if found is None:
        raise NotFound
    return answer_json(found)


@blueprint.route("/photos/<string:sha256>/original")
@guard(Noun.VIOLATIONS, writing=True)
@blueprint.response(200, _IMAGE, content_type="image/jpeg")
@blueprint.alt_response(
    206, schema=_IMAGE, content_type="image/jpeg", description="The part that `Range` names."
)
@blueprint.alt_response(304, success=True, description="The copy at hand is the original.")
@problems(blueprint, 401, 403, 404, 416, 503)
def get_original(sha256: str, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """The original, byte for byte. Every reading stands in the audit log."""
    digest = hash_in_path(sha256)
    photo = _shown(session, actor, scope, digest)
    if request.if_none_match.contains(sha256):
        return named(Response(status=304), sha256)
    part = _part(photo.bytes)
    first, end = part or (0, photo.bytes)
    audit_log.record(
        session,
        "original_read",
        sha256,
        at=now(),
        person=actor.person,
        first=first,
        bytes=end - first,
    )
    answer = Response(store().read(digest, part=part), content_type=photo.content_type)
    if part is not None:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {first}-{end - 1}/{photo.bytes}"
    answer.headers.update(
        {
            "Accept-Ranges": "bytes",
            "Content-Length": str(end - first),
            "Content-Disposition": f'attachment; filename="{sha256}"',
            "Content-Security-Policy": "sandbox",
        }
    )
    return named(answer, sha256)


@blueprint.route("/photos/<string:sha256>/preview/<int:size>")
@guard(Noun.VIOLATIONS)
@blueprint.response(200, {"type": "string", "contentMediaType": "image/jpeg"})
@blueprint.alt_response(304, success=True, description="The copy at hand is the preview.")
@problems(blueprint, 401, 403, 404, 503)
def get_preview(
    sha256: str, size: int, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """A preview, 320 or 1280 pixels on its longer side: upright, without metadata."""
    digest = hash_in_path(sha256)
    photo = _shown(session, actor, scope, digest)
    if photo.refused is not None:
        raise NoPreview(f"No preview could be made: {photo.refused}. The original is unharmed.")
    if photo.previews is None:
        raise NoPreview("Nobody looked at this photo yet. Previews come within minutes.")
    if size not in photo.previews:
        sizes = " or ".join(str(known) for known in sorted(photo.previews))
        raise NoPreview(f"There is no preview of {size} pixels; ask for {sizes}.")
    etag = f"{sha256}-{size}"
    if request.if_none_match.contains(etag):
        return named(Response(status=304), etag)
    content = store().read_preview(digest, size)
    if content is None:
        raise NoPreview("The preview was lost; the original is unharmed. Tell the administrator.")
    return named(Response(content, content_type="image/jpeg"), etag)


def _shown(session: Session, actor: Actor, scope: Scope, digest: bytes) -> ShownPhoto:
    photo = find_shown_photo(session, scope, scope_of(actor, Noun.TASKS), digest)
    if photo is None:
        raise NotFound
    return photo


def _part(size: int) -> tuple[int, int] | None:
    """The part of the original that the request names, if it names one of this original."""
    asked = request.headers.get("Range")
    condition = request.if_range
    if asked is None or (condition.etag is None and condition.date is not None):
        return None
    if condition.etag is not None and condition.etag != request.view_args["sha256"]:  # type: ignore[index]
        return None
    said = parse_range_header(asked)
    if said is None or said.units != "bytes" or len(said.ranges) != 1:
        return None
    part = said.range_for_length(size)
    if part is None:
        raise RangeOutside(f"The original has {size} bytes; ask for a part of them.")
    return part
