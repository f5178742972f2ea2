"""Photos for a report, handed in by an LSG head with curl or a form: no tablet is needed."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from uuid import UUID

from flask import current_app, request
from marshmallow import fields
from werkzeug.exceptions import ClientDisconnected
from werkzeug.formparser import FormDataParser

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.errors import (
    BodyCutShort,
    BodyTooLarge,
    Fault,
    InvalidInput,
    LengthRequired,
    UnsupportedEncoding,
)
from audit_api.domain.evidence.photo_types import ENOUGH, photo_type
from audit_api.http.auth import database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.sync.photos import CONTENT_TYPES, store
from audit_api.services.oversight.hand_in_task_photo import check_takes_photos, hand_in_task_photo
from audit_api.settings import Settings
from audit_api.storage.oversight.task_photos import handed_in_at

blueprint = Blueprint("task_photos", __name__, description="Photos for reports on tasks.")

FORM: Final = "multipart/form-data"
FIELD: Final = "photo"
_FORM_AROUND_IT: Final = 16_384
_MOST_PARTS: Final = 8
_SPOOL_IN_MEMORY: Final = 256 * 1024
_CHUNK: Final = 64 * 1024
_KINDS: Final = ", ".join(sorted(CONTENT_TYPES))


class TaskPhotoOut(Schema):
    """An original that is here for the task."""

    sha256 = fields.String(
        required=True, metadata={"description": "Of what arrived: name it in `reports`."}
    )
    bytes = fields.Integer(required=True)
    content_type = fields.String(
        required=True, metadata={"description": "Told by its first bytes."}
    )
    received_at = fields.AwareDateTime(
        required=True, metadata={"description": "When it was first handed in for this task."}
    )


@blueprint.route("/tasks/<uuid:task>/photos", methods=["POST"])
@guard(Noun.TASKS, "report", hand_in=True)
@blueprint.response(200, TaskPhotoOut, description="It was here for this task already.")
@blueprint.alt_response(201, schema=TaskPhotoOut, description="It is here now.")
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {FIELD: {"type": "string", "contentMediaType": "image/*"}},
                    "required": [FIELD],
                }
            },
            "image/*": {"schema": {"type": "string", "contentMediaType": "image/*"}},
        },
    }
)
@problems(blueprint, 400, 401, 403, 404, 409, 411, 413, 415, 422, 503)
def hand_in_photo(task: UUID, *, actor: Actor) -> tuple[dict[str, Any], int]:
    """Hand in one photo for a report on the task: as a form's file `photo`, or as the whole body.

    While a report can be made. It is kept to the byte; sending it again is harmless. What shows it
    is the report. No transaction is open while bytes arrive or go to the bucket.
    """
    scope = scope_of(actor, Noun.TASKS, "report")
    with database().reading() as session:
        check_takes_photos(session, scope, task)
    with _arrived() as (file, size):
        content_type = photo_type(file.read(ENOUGH))
        if content_type is None:
            raise UnsupportedEncoding(
                f"By its first bytes this file is no photo. Send the original, as one of {_KINDS}."
            )
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]
        with database().reading() as session:
            before = handed_in_at(session, task, sha256)
        at = now()
        if before is None:
            file.seek(0)
            store().put(sha256, file, size=size, content_type=content_type)
            with database().writing() as session:
                if not hand_in_task_photo(
                    session, actor, scope, task, sha256,
                    size=size, content_type=content_type, at=at,
                ):  # fmt: skip
                    before = handed_in_at(session, task, sha256)
    told = {"sha256": sha256.hex(), "bytes": size, "content_type": content_type}
    return told | {"received_at": before or at}, 201 if before is None else 200


@contextmanager
def _arrived() -> Iterator[tuple[IO[bytes], int]]:
    """The photo of the request, whole and on disk if it is large, and its size in bytes."""
    announced = request.content_length
    if announced is None:
        raise LengthRequired(
            "Send Content-Length, so that a cut body can be told from a whole one."
        )
    settings: Settings = current_app.extensions["settings"]
    most = settings.max_photo_bytes
    form = request.mimetype == FORM
    if announced > most + (_FORM_AROUND_IT if form else 0):
        raise _too_large(most)
    if not form and request.mimetype not in CONTENT_TYPES:
        raise UnsupportedEncoding(
            f"Content-Type {request.mimetype[:60]!r} is no photo; send {FORM} with one file named "
            f"{FIELD!r}, or the photo itself as one of {_KINDS}."
        )
    with ExitStack() as open_files:
        try:
            file = _file_of_form(most, open_files) if form else _body(announced, open_files)
        except ClientDisconnected:
            raise BodyCutShort(
                f"Fewer than {announced} bytes came. Nothing was kept; send the photo again."
            ) from None
        size = file.seek(0, 2)
        file.seek(0)
        if size > most:
            raise _too_large(most)
        if size == 0:
            raise InvalidInput("A photo has at least one byte.")
        yield file, size


def _spool(open_files: ExitStack) -> IO[bytes]:
    """A file that goes to disk once it is large."""
    return open_files.enter_context(SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY))


def _file_of_form(most: int, open_files: ExitStack) -> IO[bytes]:
    request.max_content_length = most + _FORM_AROUND_IT
    parser = FormDataParser(
        stream_factory=lambda *_, **__: _spool(open_files),
        max_form_memory_size=_SPOOL_IN_MEMORY,
        max_form_parts=_MOST_PARTS,
        silent=False,
    )
    try:
        _, texts, files = parser.parse(
            request.stream, FORM, request.content_length, request.mimetype_params
        )
    except ValueError as error:
        raise InvalidInput(
            f"The form cannot be read ({error}). Let the client write it: a browser's FormData, or "
            f"`curl -F {FIELD}=@ramp.jpg`."
        ) from None
    if [name for name, _ in files.items(multi=True)] != [FIELD] or texts:
        raise InvalidInput(
            f"The form has to hold one file named {FIELD!r} and nothing else; send several photos "
            "one after the other.",
            faults=[Fault(f"/{FIELD}", "One file is needed here.")],
        )
    return files[FIELD].stream


def _body(size: int, open_files: ExitStack) -> IO[bytes]:
    spool = _spool(open_files)
    left = size
    while left:
        chunk = request.stream.read(min(_CHUNK, left))
        if not chunk:
            raise ClientDisconnected
        spool.write(chunk)
        left -= len(chunk)
    return spool


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"A photo has at most {most} bytes.")
