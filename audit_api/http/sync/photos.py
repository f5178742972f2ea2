"""Photos in one piece: originals in, to the byte."""

import hashlib
import re
import tempfile
from typing import IO, Any

from flask import current_app, request
from marshmallow import fields

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import (
    BodyCutShort,
    BodyTooLarge,
    HashMismatch,
    InvalidInput,
    LengthRequired,
    NotFound,
    UnsupportedEncoding,
)
from audit_api.http.auth import Door, database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.services.sync.attach_photo import attach_photo
from audit_api.services.sync.hand_in_quota import check_photo
from audit_api.settings import Settings
from audit_api.storage.evidence import photos
from audit_api.storage.evidence.photo_store import PhotoStore

blueprint = Blueprint("photos", __name__, description="Photos, known by their SHA-256.")

CONTENT_TYPES = frozenset({"image/jpeg", "image/png", "image/heic", "image/heif", "image/webp"})
_SPOOL_IN_MEMORY = 256 * 1024
_CHUNK = 64 * 1024


def store() -> PhotoStore:
    """The bucket."""
    found: PhotoStore = current_app.extensions["photo_store"]
    return found


class PhotoSchema(Schema):
    """An original that is here."""

    sha256 = fields.String(required=True)
    bytes = fields.Integer(required=True)
    content_type = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)


@blueprint.route("/photos/<string:sha256>", methods=["PUT"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True)
@blueprint.response(200, PhotoSchema, description="It was here already.")
@blueprint.alt_response(201, schema=PhotoSchema, description="It is here now.")
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            "image/*": {"schema": {"type": "string", "contentMediaType": "image/*"}},
        },
    }
)
@problems(blueprint, 400, 401, 403, 411, 413, 415, 422, 429, 503)
def put_photo(sha256: str, *, actor: Actor) -> tuple[dict[str, Any], int]:
    """Hand in an original under its own SHA-256; sending it again is harmless.

    No transaction is open while bytes arrive or go to the bucket.
    """
    wanted = read_hash(sha256)
    size = _announced_size()
    with database().reading() as session:
        known = photos.find_photo(session, wanted)
        if known is None:
            check_photo(session, actor, size=size)
    if known is not None:
        return facts_of(known), 200
    content_type = request.mimetype
    if content_type not in CONTENT_TYPES:
        raise UnsupportedEncoding(
            f"Content-Type {content_type[:60]!r} is no photo; "
            f"send one of {', '.join(sorted(CONTENT_TYPES))}."
        )
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY) as spool:
        if _spool(spool, size) != wanted:
            raise HashMismatch(
                "The bytes that arrived hash to something else. Send the original again, unchanged."
            )
        spool.seek(0)
        store().put(wanted, spool, size=size, content_type=content_type)
    return take_in(actor, wanted, size=size, content_type=content_type)


def take_in(
    actor: Actor, sha256: bytes, *, size: int, content_type: str
) -> tuple[dict[str, Any], int]:
    """Note an original that the bucket holds now; what `PhotoSchema` shows, and 201 or 200."""
    at = now()
    with database().pipelining() as session:
        added = attach_photo(session, actor, sha256, size=size, content_type=content_type, at=at)
    if not added:
        # Somebody else was quicker with the same original.
        with database().reading() as session:
            known = photos.find_photo(session, sha256)
        if known is None:
            raise NotFound
        return facts_of(known), 200
    return {
        "sha256": sha256.hex(),
        "bytes": size,
        "content_type": content_type,
        "received_at": at,
    }, 201


def read_hash(text: str) -> bytes:
    """The hash that an address names; InvalidInput for anything else."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise InvalidInput("The address ends in the photo's SHA-256: 64 hexadecimal digits.")
    return bytes.fromhex(text)


def _announced_size() -> int:
    settings: Settings = current_app.extensions["settings"]
    size = request.content_length
    if size is None:
        raise LengthRequired(
            "Send Content-Length, so that a cut body can be told from a whole one."
        )
    if size > settings.max_photo_bytes:
        raise BodyTooLarge(f"A photo has at most {settings.max_photo_bytes} bytes.")
    if size == 0:
        raise InvalidInput("A photo has at least one byte.")
    return size


def _spool(spool: IO[bytes], size: int) -> bytes:
    digest = hashlib.sha256()
    left = size
    while left:
        chunk = request.stream.read(min(_CHUNK, left))
        if not chunk:
            raise BodyCutShort(
                f"{size - left} of {size} bytes came. Nothing was stored; send the photo again."
            )
        digest.update(chunk)
        spool.write(chunk)
        left -= len(chunk)
    return digest.digest()


def facts_of(photo: photos.Photo) -> dict[str, Any]:
    """What `PhotoSchema` shows."""
    return {
        "sha256": photo.sha256.hex(),
        "bytes": photo.bytes,
        "content_type": photo.content_type,
        "received_at": photo.received_at,
    }
