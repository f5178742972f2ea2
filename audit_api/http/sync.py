"""Offline sync: tablets hand in what was done. The protocol is in docs/sync.md."""

import structlog
from flask import Response, current_app, request
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import BodyTooLarge, Forbidden
from audit_api.domain.operations import ReceivedOperation
from audit_api.domain.strict_json import decompress
from audit_api.http.auth import Door, database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.catalog import catalogs
from audit_api.http.envelope import Envelope, read_envelope
from audit_api.services.catalogs import CatalogMoved
from audit_api.services.push_operation import PushAnswer, answer_again, push_operation
from audit_api.settings import Settings
from audit_api.storage import people
from audit_api.storage.base import Answered

log = structlog.get_logger()
blueprint = Blueprint("sync", __name__, description="What tablets hand in.")

RETRY_AFTER_S = 5
# Deadlock, serialization failure, time limits, connection gone: nobody's fault. Two operations
# that use one id at once come here too, as integrity errors: the next try sees the winner.
_TRANSIENT = ("40P01", "40001", "55P03", "57014", "25P03", "57P01", "08006", "08003")


class PushSchema(Schema):
    """The envelope. Bodies are checked by their form, each on its own."""

    device = fields.UUID(required=True)
    batch = fields.UUID()
    client = fields.Dict()
    clock = fields.Dict()
    ops = fields.List(fields.Dict(), required=True, validate=validate.Length(max=200))


class ResultSchema(Schema):
    """What became of one operation."""

    op = fields.UUID(required=True)
    status = fields.String(required=True)
    id = fields.UUID()
    rev = fields.Integer()
    receipt = fields.Dict()
    need_photos = fields.List(fields.String())
    problems = fields.List(fields.Dict())
    reason = fields.String()
    detail = fields.String()
    replayed = fields.Boolean()
    waits_for = fields.UUID()
    retry_after = fields.Integer()


class PushedSchema(Schema):
    """The answer to a push: one result per operation, in their order."""

    server_time = fields.AwareDateTime(required=True)
    acked_seq = fields.Integer(required=True)
    results = fields.List(fields.Nested(ResultSchema), required=True)
    need_photos = fields.List(fields.String(), required=True)
    retry_after = fields.Integer()


@blueprint.route("/sync/push", methods=["POST"])
@guard(Noun.INSPECTIONS, "push", door=Door.DEVICE, hand_in=True)
@blueprint.response(200, PushedSchema)
@blueprint.doc(
    requestBody={
        "required": True,
        "description": "JSON, or gzip of it with `Content-Encoding: gzip`; at most 200 "
        "operations or 2 MB unpacked.",
        "content": {"application/json": {"schema": PushSchema}},
    }
)
@problems(blueprint, 400, 401, 403, 413, 415, 422, 503)
def push(*, actor: Actor) -> Response:
    """Hand in operations. Always 200 when the envelope could be read: each has its own result."""
    settings: Settings = current_app.extensions["settings"]
    data = _read_body(settings.max_push_bytes)
    envelope = read_envelope(data, max_operations=settings.max_push_operations)
    if envelope.device != actor.device:
        raise Forbidden(
            "/device names another tablet than the token does. Send this tablet's own id."
        )
    results, need = [], set()
    retry = False
    acked: int | None = None
    for n, operation in enumerate(envelope.operations, 1):
        # The contact travels with the last operation: one commit less.
        last = envelope if n == len(envelope.operations) else None
        text, photos, transient, acked = _push_one(actor, operation, last)
        results.append(text)
        need |= set(photos)
        retry = retry or transient
    if acked is None:
        with database().at_once() as session:
            contact = _note_contact(session, actor, envelope)
        acked = people.acked_seq(contact)
    wanted = ",".join(f'"{sha256}"' for sha256 in sorted(need))
    later = f',"retry_after":{RETRY_AFTER_S}' if retry else ""
    return Response(
        f'{{"server_time":"{now().isoformat()}","acked_seq":{acked},'
        f'"results":[{",".join(results)}],"need_photos":[{wanted}]{later}}}',
        content_type="application/json",
    )


def _push_one(
    actor: Actor, operation: ReceivedOperation, last: Envelope | None
) -> tuple[str, tuple[str, ...], bool, int | None]:
    """The result, the photos it waits for, whether to try again, and `acked_seq` if it is known."""
    try:
        try:
            answer, contact = _push_once(actor, operation, last)
        except CatalogMoved:
            with database().reading() as session:
                catalogs().current(session)
            answer, contact = _push_once(actor, operation, last)
        acked = people.acked_seq(contact) if contact is not None else None
        if answer is None:
            with database().writing() as session:
                answer = answer_again(session, actor, operation, at=now())
    except Exception as error:
        # One operation must not keep the others from arriving, whatever is wrong with it.
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        say = log.warning if state in _TRANSIENT else log.exception
        say("push_retry", op=str(operation.op), error=type(error).__name__, sqlstate=state)
        text = f'{{"op":"{operation.op}","status":"retry","retry_after":{RETRY_AFTER_S}}}'
        return text, (), True, None
    return answer.result, answer.need_photos, False, acked


def _push_once(
    actor: Actor, operation: ReceivedOperation, last: Envelope | None
) -> tuple[PushAnswer | None, Answered | None]:
    """Apply one operation in a transaction of its own, by the catalog that this process has."""
    contact = None
    with database().pipelining() as session:
        answer = push_operation(session, actor, operation, catalog=catalogs().newest, at=now())
        if last is not None and answer is not None and answer.kept:
            contact = _note_contact(session, actor, last)
    return answer, contact


def _note_contact(session: Session, actor: Actor, envelope: Envelope) -> Answered:
    if actor.device is None:
        raise TypeError("only a device pushes")
    at = now()
    offset = round((envelope.wall - at).total_seconds() * 1000) if envelope.wall else None
    return people.note_contact(
        session, actor.device, at=at, app=envelope.app, clock_offset_ms=offset
    )


def _read_body(limit: int) -> bytes:
    # get_data would answer 413 without a word about what to do; chunked bodies have no length.
    data = request.stream.read(limit + 1)
    if len(data) > limit:
        raise BodyTooLarge(f"A push has at most {limit} bytes. Send smaller batches.")
    return decompress(data, request.headers.get("Content-Encoding", "").strip().lower(), limit)
