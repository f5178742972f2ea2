"""Straight to the bucket, where a link is good: the server signs what may be put, and then looks.

An option of the installation: without `S3_PUBLIC_ENDPOINT_URL` the bucket is nobody's business.
Resuming is what uploads are for; a direct PUT that breaks begins anew.
"""

from datetime import timedelta
from typing import Any

from flask import current_app
from marshmallow import fields, validate

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import (
    BodyTooLarge,
    DirectNotOffered,
    HashMismatch,
    NotYetThere,
)
from audit_api.http.auth import Door, database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.sync.photos import (
    CONTENT_TYPES,
    PhotoSchema,
    facts_of,
    read_hash,
    store,
    take_in,
)
from audit_api.services.sync.hand_in_quota import check_photo
from audit_api.settings import Settings
from audit_api.storage.evidence import photos

blueprint = Blueprint("direct", __name__, description="Photos straight to the bucket.")

VALID_FOR = timedelta(minutes=15)


class DirectPost(Schema):
    """What is to be put: its size in bytes, and its media type."""

    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**40))
    content_type = fields.String(required=True, validate=validate.OneOf(sorted(CONTENT_TYPES)))


class DirectOut(Schema):
    """A PUT that the bucket takes once: address and headers, all of them signed."""

    held = fields.Boolean(
        required=True, metadata={"description": "It is here already: nothing needs to be sent."}
    )
    url = fields.String(required=True, allow_none=True)
    headers = fields.Dict(
        required=True, allow_none=True, keys=fields.String(), values=fields.String()
    )
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


@blueprint.route("/photos/<string:sha256>/direct", methods=["POST"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True)
@blueprint.arguments(DirectPost)
@blueprint.response(200, DirectOut)
@problems(blueprint, 400, 401, 403, 409, 413, 415, 422, 429, 503)
def sign_put(said: dict[str, Any], sha256: str, *, actor: Actor) -> dict[str, Any]:
    """Ask for an address to PUT an original to. Size, type and SHA-256 are signed, and that
    nothing is overwritten; then call `complete`.
    """
    settings: Settings = current_app.extensions["settings"]
    wanted = read_hash(sha256)
    if settings.s3.public_endpoint_url is None:
        raise DirectNotOffered(
            "The bucket of this installation cannot be reached from outside. "
            "Use POST /api/v1/uploads or PUT /api/v1/photos/<sha256>."
        )
    if said["bytes"] > settings.max_photo_bytes:
        raise BodyTooLarge(f"A photo has at most {settings.max_photo_bytes} bytes.")
    with database().reading() as session:
        if photos.find_photo(session, wanted) is not None:
            return {"held": True, "url": None, "headers": None, "expires_at": None}
        check_photo(session, actor, size=said["bytes"])
    url, headers = store().sign_put(
        wanted,
        size=said["bytes"],
        content_type=said["content_type"],
        seconds=int(VALID_FOR.total_seconds()),
    )
    return {"held": False, "url": url, "headers": headers, "expires_at": now() + VALID_FOR}


@blueprint.route("/photos/<string:sha256>/complete", methods=["POST"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True)
@blueprint.response(200, PhotoSchema, description="It was here already.")
@blueprint.alt_response(201, schema=PhotoSchema, description="It is here now.")
@problems(blueprint, 400, 401, 403, 409, 422, 429, 503)
def complete_put(sha256: str, *, actor: Actor) -> tuple[dict[str, Any], int]:
    """Say that an original was put. It is taken in when the bucket has it and its hash is right."""
    wanted = read_hash(sha256)
    with database().reading() as session:
        known = photos.find_photo(session, wanted)
    if known is not None:
        return facts_of(known), 200
    lying = store().look(wanted)
    if lying is None:
        raise NotYetThere(
            "The bucket has no such original. PUT it with the address and headers that "
            f"POST /api/v1/photos/{sha256}/direct gives, then complete it."
        )
    if store().stored_sha256(wanted) != wanted:
        raise HashMismatch("What lies in the bucket hashes to something else: it is not taken in.")
    with database().reading() as session:
        check_photo(session, actor, size=lying.bytes)
    return take_in(actor, wanted, size=lying.bytes, content_type=lying.content_type)
