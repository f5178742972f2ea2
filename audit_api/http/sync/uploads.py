"""Resumable uploads of photos: a tus 1.0.0 server (docs/tus.md)."""

import shutil
import tempfile
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from uuid import UUID, uuid4

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import (
    BodyTooLarge,
    ChecksumDiffers,
    InvalidInput,
    MalformedHeader,
    NotFound,
    OffsetDiffers,
    StoreFull,
    TakenOver,
    TooManyUploads,
    TusVersionNeeded,
    UnsupportedEncoding,
    UploadGone,
)
from audit_api.domain.sync.uploads import (
    ALGORITHMS,
    BYTES_TYPE,
    EXTENSIONS,
    NOTHING_SHA256,
    UNFINISHED_KEPT,
    VERSION,
    Checksum,
    Declared,
    declared,
    read_checksum,
    read_length,
)
from audit_api.http.auth import (
    Door,
    bearer_token,
    database,
    guard,
    now,
    public,
    token_sha256,
)
from audit_api.http.blueprints import Blueprint, problems
from audit_api.http.sync.method_override import is_upload
from audit_api.http.sync.photos import CONTENT_TYPES, store
from audit_api.http.sync.upload_body import IncomingBody, content_length
from audit_api.http.sync.upload_receiving import Receiving
from audit_api.services.sync.hand_in_quota import check_photo
from audit_api.settings import Settings
from audit_api.storage.base import Answered
from audit_api.storage.evidence.photo_store import BucketUnavailable
from audit_api.storage.sync import uploads

blueprint = Blueprint("uploads", __name__, description="Photos that go on where a link broke.")

# Of one device; a tablet sends a photo or two at a time.
MOST_UNFINISHED: Final = 200
MOST_UNFINISHED_BYTES: Final = 2_000_000_000
# The disk of the server keeps this much for everybody else.
LEAST_FREE_BYTES: Final = 200_000_000
# A tablet that says nothing for so long has gone; what came is kept.
IDLE_S: Final = 60.0
_BODY: Final = {
    "required": False,
    "content": {BYTES_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


@blueprint.after_app_request
def _say_version(answer: Response) -> Response:
    """Every answer says which tus it speaks; HEAD never says that the server is unwell.

    Of the whole application, since an address that no route has is answered by none of ours.
    """
    if not is_upload(request.path):
        return answer
    if request.method == "HEAD" and answer.status_code >= 500:
        # tus-js-client would take a 5xx for a lost upload and begin again from the first byte.
        answer.status_code = 423
        answer.headers["Retry-After"] = "5"
    answer.headers["Tus-Resumable"] = VERSION
    if answer.status_code == 412:
        answer.headers["Tus-Version"] = VERSION
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


@blueprint.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@public
@blueprint.response(204, description="What is spoken here, in Tus- headers.")
def ask_uploads() -> Response:
    """Which version and extensions of tus are spoken here."""
    return _empty(204, _spoken())


@blueprint.route("/uploads/<uuid:upload>", methods=["OPTIONS"], provide_automatic_options=False)
@public
@blueprint.response(204, description="What is spoken here, in Tus- headers.")
def ask_upload(upload: UUID) -> Response:
    """The same, whether that upload is here or not."""
    return _empty(204, _spoken())


def _ask_unfinished(session: Session) -> Answered:
    token = token_sha256(bearer_token())
    _check_version()
    most = _settings().max_photo_bytes
    return uploads.ask_unfinished(session, token, _declared().sha256, most=most)


def _ask_for_upload(session: Session) -> Answered:
    token = token_sha256(bearer_token())
    _check_version()
    return uploads.ask_for(session, token, (request.view_args or {})["upload"])


@blueprint.route("/uploads", methods=["POST"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True, along=_ask_unfinished)
@blueprint.response(201, description="It is at Location, and stands at Upload-Offset.")
@blueprint.doc(requestBody=_BODY)
@problems(blueprint, 400, 401, 403, 412, 413, 415, 422, 429, 503, 507)
def begin_upload(*, actor: Actor, told: Answered) -> Response:
    """Begin an upload, and send all or part of it along if you like.

    `Upload-Metadata` declares the file: `sha256` and `content_type`, and whatever else helps a
    person to find it. An original that is here already is complete at once.
    """
    length = _declared_length()
    said = _declared()
    size = content_length(request.environ)
    checksum = _checksum()
    if size != 0:
        _check_type()
    _check_room(length, 0, size)
    if length == 0 and said.sha256 != NOTHING_SHA256:
        raise ChecksumDiffers("An empty file does not have the SHA-256 of Upload-Metadata.")
    lying = uploads.unfinished(told)
    known = length if length == 0 else lying.known
    whole = known is not None and length in (None, known)
    if not whole:
        _check_quota(actor, lying, length)
    at = now()
    with database().at_once() as session:
        held = uploads.begin(
            session,
            _device(actor),
            said,
            id=uuid4(),
            length=known if whole else length,
            whole=whole,
            at=at,
            expires_at=at + UNFINISHED_KEPT,
        )
    if size != 0 and not whole:
        try:
            _receive(actor, held, length, checksum)
        except BucketUnavailable:
            # All but the last byte is kept: the client goes on by PATCH.
            pass
        except (ChecksumDiffers, BodyTooLarge):
            with database().writing() as opened:
                uploads.give_up(opened, held)
            raise
    return _empty(201, _standing(held) | {"Location": f"{request.path}/{held.id}"})


@blueprint.route("/uploads/<uuid:upload>", methods=["HEAD"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True, along=_ask_for_upload)
@blueprint.response(200, description="Upload-Offset says how much is kept.")
@problems(blueprint, 401, 403, 404, 410, 412, 423)
def find_upload(upload: UUID, *, actor: Actor, told: Answered) -> Response:
    """Where the upload stands. Whoever was still sending to it can do so no more."""
    held = _held(told)
    headers = _standing(held) | {"Upload-Metadata": held.metadata}
    if held.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(held.length)
    return _empty(200, headers)


@blueprint.route("/uploads/<uuid:upload>", methods=["PATCH"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True, along=_ask_for_upload)
@blueprint.response(204, description="Upload-Offset says how much is kept now.")
@blueprint.doc(requestBody=_BODY)
@problems(blueprint, 400, 401, 403, 404, 409, 410, 412, 413, 415, 460, 503, 507)
def go_on_with_upload(upload: UUID, *, actor: Actor, told: Answered) -> Response:
    """Send more of the file, from Upload-Offset on. What came is kept even if the link breaks."""
    _check_type()
    offset = _offset()
    checksum = _checksum()
    held = _held(told)
    if offset != held.received:
        raise OffsetDiffers(
            f"The upload stands at {held.received}, and this part begins at {offset}: nothing was "
            "kept of it. Go on from there."
        )
    length = _length_now(held)
    size = content_length(request.environ)
    if held.completed_at is not None and size == 0:
        return _empty(204, _standing(held))
    _check_room(length, offset, size)
    if checksum is None:
        # Before the bytes: a line that breaks must not lose what was told.
        _note_length(held, length)
    _receive(actor, held, length, checksum)
    _note_length(held, length)
    return _empty(204, _standing(held))


@blueprint.route("/uploads/<uuid:upload>", methods=["DELETE"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True, along=_ask_for_upload)
@blueprint.response(204, description="It is gone. A finished photo stays.")
@problems(blueprint, 401, 403, 404, 409, 410, 412)
def give_up_upload(upload: UUID, *, actor: Actor, told: Answered) -> Response:
    """Give an upload up, and forget its bytes. An original that is complete stays."""
    held = _held(told)
    with database().writing() as session:
        if not uploads.give_up(session, held):
            raise TakenOver("A newer request has this upload. Nothing was forgotten.")
    return _empty(204, {})


def _spoken() -> dict[str, str]:
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(_settings().max_photo_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def _receive(
    actor: Actor, held: uploads.Held, length: int | None, checksum: Checksum | None
) -> None:
    Receiving(database(), store(), actor, held, length=length).take_in(
        IncomingBody(request.environ, idle_s=IDLE_S), checksum, most=_settings().max_photo_bytes
    )


def _held(told: Answered) -> uploads.Held:
    held = uploads.held(told)
    if held is None:
        raise NotFound
    if held.completed_at is None and held.expires_at < now():
        raise UploadGone(
            f"It was not gone on with for {UNFINISHED_KEPT.days} days. Begin a new upload."
        )
    return held


def _length_now(held: uploads.Held) -> int | None:
    """The upload's length, which this request may be the first to tell."""
    said = request.headers.get("Upload-Length")
    if said is None:
        return held.length
    length = _bounded(read_length("Upload-Length", said))
    if held.length is not None:
        if length != held.length:
            raise MalformedHeader(f"The upload's length is {held.length}; it cannot change.")
        return length
    if length < held.received:
        raise MalformedHeader(f"{held.received} bytes are here already; no less can be all of it.")
    return length


def _note_length(held: uploads.Held, length: int | None) -> None:
    """Note a length that was deferred until now; of an upload that is whole, its end does it."""
    if length is None or held.length is not None or length == held.received:
        return
    with database().at_once() as session:
        if not uploads.set_length(session, held, length):
            raise TakenOver("A newer request has this upload. Ask with HEAD where it stands.")
    held.length = length


def _check_quota(actor: Actor, lying: uploads.Unfinished, length: int | None) -> None:
    most = length or _settings().max_photo_bytes
    if actor.device_revoked:
        with database().reading() as session:
            check_photo(session, actor, number=lying.number + 1, size=lying.bytes + most)
    if lying.number >= MOST_UNFINISHED or lying.bytes + most > MOST_UNFINISHED_BYTES:
        raise TooManyUploads(
            f"This tablet has {lying.number} unfinished uploads of {lying.bytes} bytes. "
            "Finish them or give them up with DELETE; untouched ones end after "
            f"{UNFINISHED_KEPT.days} days.",
            extra={"retry_after": 3600},
        )
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if lying.bytes_of_all + most > _settings().max_unfinished_bytes or (
        free - most < LEAST_FREE_BYTES
    ):
        raise StoreFull(
            "The server has no room for another unfinished upload. Keep the photo and try again "
            "later; the headquarters see this in the server's log."
        )


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise TusVersionNeeded(f"Send Tus-Resumable: {VERSION}; nothing was changed.")


def _check_room(length: int | None, offset: int, size: int | None) -> None:
    room = (_settings().max_photo_bytes if length is None else length) - offset
    if size is not None and size > room:
        raise BodyTooLarge(
            f"The upload has room for {room} more bytes, and {size} were announced. "
            "Send the rest of the file, no more."
        )


def _check_type() -> None:
    if request.mimetype != BYTES_TYPE:
        raise UnsupportedEncoding(f"Send the bytes as Content-Type: {BYTES_TYPE}.")


def _declared() -> Declared:
    return declared(request.headers.get("Upload-Metadata"), CONTENT_TYPES)


def _declared_length() -> int | None:
    said = request.headers.get("Upload-Length")
    deferred = request.headers.get("Upload-Defer-Length")
    if (said is None) == (deferred is None):
        raise MalformedHeader("Send either Upload-Length or Upload-Defer-Length: 1.")
    if said is None:
        if deferred != "1":
            raise MalformedHeader("Upload-Defer-Length can only be 1.")
        return None
    return _bounded(read_length("Upload-Length", said))


def _bounded(length: int) -> int:
    most = _settings().max_photo_bytes
    if length > most:
        raise BodyTooLarge(f"A photo has at most {most} bytes.")
    return length


def _offset() -> int:
    said = request.headers.get("Upload-Offset")
    if said is None:
        raise MalformedHeader("Send Upload-Offset: where in the file this part begins.")
    return read_length("Upload-Offset", said)


def _checksum() -> Checksum | None:
    said = request.headers.get("Upload-Checksum")
    return None if said is None else read_checksum(said)


def _standing(held: uploads.Held) -> dict[str, str]:
    headers = {"Upload-Offset": str(held.received)}
    if held.completed_at is None and held.received != held.length:
        headers["Upload-Expires"] = _http_date(held.expires_at)
    return headers


def _http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _empty(status: int, headers: dict[str, str]) -> Response:
    answer = Response(status=status, headers=headers)
    if status != 200:
        del answer.headers["Content-Type"]
    return answer


def _device(actor: Actor) -> UUID:
    if actor.device is None:
        raise InvalidInput("Only a tablet hands in photos.")
    return actor.device


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found
