"""Receipts: the keys that they are signed with, the durable ones, and the log's checkpoint."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from flask import Blueprint as PlainBlueprint
from flask import Response, current_app
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import NotFound
from audit_api.domain.evidence.receipts import signed_receipt
from audit_api.domain.evidence.signing import Signer
from audit_api.http.auth import Door, database, guard, now, public
from audit_api.http.blueprints import Blueprint, Schema, WholeNumber, instant, problems
from audit_api.http.paging import MAX_LIMIT, answer_json, answer_rows
from audit_api.storage.evidence import evidence_log, receipt_keys
from audit_api.storage.lists.durable import durable_operations, is_of
from audit_api.storage.lists.selection import AnyRow

blueprint = Blueprint("receipts", __name__, description="What the server answers for.")
log = PlainBlueprint("log", __name__)


def receipt_signer() -> Signer:
    """What this process signs receipts with."""
    found: Signer = current_app.extensions["receipt_signer"]
    return found


class ReceiptKeyOut(Schema):
    """A public key that receipts and checkpoints are checked with."""

    key = fields.String(
        required=True,
        metadata={"description": "The first 16 hex digits of the SHA-256 of the 32 raw bytes."},
    )
    algorithm = fields.String(required=True, validate=validate.Equal("Ed25519"))
    public_key = fields.String(required=True, metadata={"description": "32 bytes in hex."})
    first_used_at = fields.AwareDateTime(required=True)
    current = fields.Boolean(required=True, metadata={"description": "New receipts have it."})


class ReceiptKeyPage(Schema):
    """Every key that ever signed, oldest first; always one page."""

    items = fields.List(fields.Nested(ReceiptKeyOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/receipts/keys")
@public
@blueprint.response(200, ReceiptKeyPage)
@problems(blueprint, 503)
@blueprint.doc(security=[])
def list_keys() -> Response:
    """The public keys of this server, the earlier ones too. Keep them beside your receipts."""
    signer = receipt_signer()
    with database().reading() as session:
        known = {key.key: (key.public_key, key.first_used_at) for key in _known(session)}
    known.setdefault(signer.key, (signer.public_key, now()))
    items = [
        {
            "key": key,
            "algorithm": "Ed25519",
            "public_key": public_key.hex(),
            "first_used_at": instant(first_used_at),
            "current": key == signer.key,
        }
        for key, (public_key, first_used_at) in known.items()
    ]
    answer = answer_json(msgspec.json.encode({"items": items, "next": None}).decode())
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _known(session: Session) -> list[receipt_keys.ReceiptKey]:
    return receipt_keys.known_keys(session)


class DurableQuery(Schema):
    """Where to go on."""

    after_seq = WholeNumber(
        load_default=0, metadata={"description": "Operations of this device behind this seq."}
    )
    device = fields.UUID(
        load_default=None,
        metadata={"description": "An earlier device of the same owner, revoked or not."},
    )
    limit = WholeNumber(load_default=MAX_LIMIT, validate=validate.Range(1, MAX_LIMIT))
    cursor = fields.String(
        load_default=None, metadata={"description": "From `next` of the page before."}
    )


class DurableReceipt(Schema):
    """A signed receipt of level `durable`: see docs/receipts.md for the text that is signed."""

    level = fields.String(required=True, validate=validate.Equal("durable"))
    op = fields.UUID(required=True)
    id = fields.UUID()
    rev = fields.Integer()
    sha256 = fields.String(required=True)
    bytes = fields.Integer(required=True)
    photos_held = fields.List(fields.String(), required=True)
    received_at = fields.String(required=True)
    checkpoint = fields.Integer(required=True)
    key = fields.String(required=True)
    signature = fields.String(required=True)


class DurablePage(Schema):
    """One page of durable receipts, by seq."""

    items = fields.List(fields.Nested(DurableReceipt), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/sync/receipts")
@guard(door=Door.DEVICE)
@blueprint.arguments(DurableQuery, location="query")
@blueprint.response(200, DurablePage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_durable(query: dict[str, Any], *, session: Session, actor: Actor) -> Response:
    """Receipts against which this tablet may delete: its operations that a backup covers."""
    if actor.device is None:
        raise TypeError("only a device has receipts")
    device = query["device"] or actor.device
    if device != actor.device and not is_of(session, device, actor.person):
        raise NotFound
    size = evidence_log.backed_up_size(session)

    def listed(*, after: list[Any] | None, limit: int) -> Sequence[AnyRow]:
        seq_op = (query["after_seq"], None) if after is None else (after[0], UUID(after[1]))
        return durable_operations(session, device, size=size, after=seq_op, limit=limit)

    return answer_rows(
        "receipts",
        query,
        listed,
        key=lambda row: [row.seq, str(row.op)],
        doc=lambda row: _durable(row, size),
    )


def _durable(row: AnyRow, size: int) -> str:
    receipt = signed_receipt(
        receipt_signer(),
        op=row.op,
        id=row.entity_id,
        rev=row.rev,
        sha256=row.sha256,
        size=row.bytes,
        photos_held=row.photos,
        received_at=row.received_at,
        checkpoint=size,
    )
    return msgspec.json.encode(receipt).decode()


@log.route("/log/checkpoint")
@public
def checkpoint() -> Response:
    """The newest signed checkpoint of the log (C2SP tlog-checkpoint); 404 before the first."""
    with database().reading() as session:
        last = evidence_log.last_checkpoint(session)
    if last is None:
        raise NotFound
    answer = Response(last.note, content_type="text/plain; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer
