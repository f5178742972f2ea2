"""Offline sync: tablets hand in what was done. The protocol is in docs/sync.md."""

from flask import Response, current_app, request
from marshmallow import fields, validate

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import BodyTooLarge, Forbidden
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.strict_json import decompress
from audit_api.http.auth import Door, database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.law.catalog import catalogs
from audit_api.http.sync.envelope import read_envelope
from audit_api.http.sync.handing_in import RETRY_AFTER_S, hand_in
from audit_api.services.sync.hand_in_quota import check_operations
from audit_api.settings import Settings

blueprint = Blueprint("sync", __name__, description="What tablets hand in.")


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
    unchanged = fields.Boolean()
    from_server = fields.Dict()
    conflicts = fields.List(fields.Dict())
    review = fields.UUID()
    waits_for = fields.UUID()
    retry_after = fields.Integer()


class PushedSchema(Schema):
    """The answer to a push: one result per operation, in their order."""

    epoch = fields.UUID(required=True)
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
@problems(blueprint, 400, 401, 403, 413, 415, 422, 429, 503)
def push(*, actor: Actor) -> Response:
    """Hand in operations. Always 200 when the envelope could be read: each has its own result."""
    settings: Settings = current_app.extensions["settings"]
    data = _read_body(settings.max_push_bytes)
    envelope = read_envelope(data, max_operations=settings.max_push_operations, received_at=now())
    if envelope.device != actor.device:
        raise Forbidden(
            "/device names another tablet than the token does. Send this tablet's own id."
        )
    if actor.device_revoked:
        with database().reading() as session:
            check_operations(session, actor, envelope.operations)
    signer: Signer = current_app.extensions["receipt_signer"]
    pushed = hand_in(database(), catalogs(), signer, actor, envelope)
    wanted = ",".join(f'"{sha256}"' for sha256 in sorted(pushed.need_photos))
    later = f',"retry_after":{RETRY_AFTER_S}' if pushed.retry else ""
    return Response(
        f'{{"epoch":"{pushed.epoch}","server_time":"{now().isoformat()}",'
        f'"acked_seq":{pushed.acked_seq},'
        f'"results":[{",".join(pushed.results)}],"need_photos":[{wanted}]{later}}}',
        content_type="application/json",
    )


def _read_body(limit: int) -> bytes:
    # get_data would answer 413 without a word about what to do; chunked bodies have no length.
    data = request.stream.read(limit + 1)
    if len(data) > limit:
        raise BodyTooLarge(f"A push has at most {limit} bytes. Send smaller batches.")
    return decompress(data, request.headers.get("Content-Encoding", "").strip().lower(), limit)
