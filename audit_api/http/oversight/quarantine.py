"""The supervisors' desk: what is held back, why, and what a named person decides on it."""

import base64
import hashlib
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, current_app, request
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import BodyTooLarge, MalformedBody, NotFound
from audit_api.domain.sync.mending import Mending
from audit_api.domain.sync.problem_words import problem_in
from audit_api.domain.sync.reading_operations import body_bytes, read_kept
from audit_api.domain.vocabulary import OperationStatus, QuarantineDecision
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import territories_in_scope
from audit_api.http.law.catalog import catalogs
from audit_api.http.oversight.decisions import Reason
from audit_api.http.oversight.fabrication import asked_language
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.services.oversight.decide_quarantine import Verdict, decide_quarantine
from audit_api.settings import Settings
from audit_api.storage.lists import quarantine as lists
from audit_api.storage.lists.quarantine import QuarantineFilter
from audit_api.storage.lists.selection import AnyRow

blueprint = Blueprint(
    "quarantine",
    __name__,
    description="What tablets handed in and may not be applied yet. It is kept to the byte; a "
    "technical supervisor releases, repairs or refuses it. See docs/quarantine.md.",
)

_STATUSES = [OperationStatus.REJECTED, OperationStatus.QUARANTINED]
_WORDS = {
    "release": QuarantineDecision.RELEASED,
    "repair": QuarantineDecision.REPAIRED,
    "refuse": QuarantineDecision.REFUSED,
}


class QuarantineQuery(PageQuery):
    """Filters and page."""

    status = fields.String(
        validate=validate.OneOf(_STATUSES),
        metadata={"description": "As it stands: a later try may have left another one."},
    )
    reason = Text(
        60, metadata={"description": "Reason of the quarantine, or the code of a problem."}
    )
    device = fields.UUID()
    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    state = fields.String(validate=validate.OneOf(["open", "decided"]))


class HeldOut(Schema):
    """One held operation: whose it is, what it is about, and why it was not applied."""

    op = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    state = fields.String(required=True, validate=validate.OneOf(["open", "decided"]))
    kind = fields.String(required=True, allow_none=True)
    entity = fields.UUID(required=True, allow_none=True)
    seq = fields.Integer(required=True, allow_none=True)
    device = fields.UUID(required=True)
    device_name = fields.String(required=True)
    device_revoked = fields.Boolean(required=True)
    owner = fields.String(required=True, metadata={"description": "Who made it; the author stays."})
    received_at = fields.AwareDateTime(required=True)
    age_days = fields.Integer(required=True)
    site = fields.UUID(required=True, allow_none=True, metadata={"description": "As it says."})
    site_name = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Null: none in your territories."}
    )
    territory = fields.String(required=True, allow_none=True)
    waits_for = fields.UUID(required=True, allow_none=True)
    sha256 = fields.String(required=True, metadata={"description": "Of its body."})
    bytes = fields.Integer(required=True, metadata={"description": "Of the whole record."})
    reason = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    problems = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "pointer, code, detail: of what is wrong, in your language."},
    )
    tried_again = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "What the system's newest try found: at, status, reason, …"},
    )
    current_rev = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Revision that this inspection has meanwhile: mended elsewhere."},
    )
    decision = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "The last word: decision, reason, decided_by (null: the system), "
            "decided_at, outcome, result, and of a repair mended, body, body_sha256."
        },
    )


class HeldPage(Schema):
    """One page of held operations."""

    items = fields.List(fields.Nested(HeldOut), required=True)
    next = fields.String(required=True, allow_none=True)


class HeldWhole(HeldOut):
    """A held operation with what was handed in."""

    intact = fields.Boolean(
        required=True,
        metadata={"description": "Whether the kept bytes, hashed anew, are those handed in."},
    )
    record_sha256 = fields.String(required=True, metadata={"description": "Computed just now."})
    record = fields.String(required=True, allow_none=True, metadata={"description": "To the byte."})
    record_base64 = fields.String(
        required=True, allow_none=True, metadata={"description": "When it is no UTF-8."}
    )
    body = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The body's text as it was sent; half surrogates left out."},
    )


class BaseIn(Schema):
    """What a mended operation edits."""

    rev = fields.Integer(strict=True, validate=validate.Range(1, 2**31 - 1))
    op = fields.UUID()

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("Either rev or op.")


class DecisionIn(Schema):
    """What to do with it, and why. A repair brings the whole mended body."""

    decision = fields.String(required=True, validate=validate.OneOf(list(_WORDS)))
    reason = Reason(required=True)
    body = fields.Dict(metadata={"description": "repair: kept as its bytes stand here."})
    kind = Text(40, metadata={"description": "repair: another kind."})
    id = fields.UUID(metadata={"description": "repair: another id, when this one is taken."})
    base = fields.Nested(BaseIn, allow_none=True, metadata={"description": "repair: another base."})

    @validates_schema
    def _mends_only_when_repairing(self, data: dict[str, Any], **_: Any) -> None:
        repairs = data.get("decision") == "repair"
        if repairs and "body" not in data:
            raise ValidationError("A repair needs the mended body.", "body")
        for name in ("body", "kind", "id", "base"):
            if not repairs and name in data:
                raise ValidationError("Only a repair changes anything.", name)


@blueprint.route("/quarantine")
@guard(Noun.QUARANTINE)
@blueprint.arguments(QuarantineQuery, location="query")
@blueprint.response(200, HeldPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_held(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """What is held back, longest held first; problems in the asked language, else the reader's."""
    language = asked_language(actor)
    device = query.get("device")
    if device is not None and not lists.device_seen(session, scope, device):
        raise NotFound
    wanted = QuarantineFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        status=query.get("status"),
        reason=query.get("reason"),
        device=device,
        state=query.get("state"),
    )
    answer = answer_rows(
        "quarantine",
        query,
        partial(lists.list_held, session, scope, wanted, today=today(now())),
        doc=lambda row: _in_language(str(row[0]), language),
    )
    return _spoken(answer, language)


@blueprint.route("/quarantine/<uuid:operation>")
@guard(Noun.QUARANTINE)
@blueprint.response(200, HeldWhole)
@problems(blueprint, 401, 403, 404, 503)
def get_held(operation: UUID, *, session: Session, actor: Actor, scope: Scope) -> Response:
    """One held operation with the record as it was handed in, its hash computed anew."""
    return _whole(_found(session, scope, operation), asked_language(actor))


@blueprint.route("/quarantine/<uuid:operation>/raw")
@guard(Noun.QUARANTINE)
@blueprint.response(
    200,
    {"type": "string", "contentMediaType": "application/octet-stream"},
    content_type="application/octet-stream",
    description="The record, byte for byte.",
)
@problems(blueprint, 401, 403, 404, 503)
def get_raw(operation: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """The record exactly as it was handed in, to keep or to look at with other tools."""
    _, raw, sha256 = _found(session, scope, operation)
    answer = Response(raw, content_type="application/octet-stream")
    answer.headers.update(
        {
            "Content-Disposition": f'attachment; filename="{operation}.json"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": "sandbox",
        }
    )
    answer.set_etag(sha256.hex())
    return answer


@blueprint.route("/quarantine/<uuid:operation>/decisions", methods=["POST"])
@guard(Noun.QUARANTINE, "decide", writing=True)
@blueprint.arguments(DecisionIn)
@blueprint.response(200, HeldWhole)
@problems(blueprint, 400, 401, 403, 404, 409, 413, 422, 503)
def decide(
    said: dict[str, Any], operation: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Release it as it is, repair and replay it, or refuse it; answers how it stands then.

    What cannot be applied even so is a problem that says why, and nothing is changed.
    """
    _found(session, scope, operation)
    verdict = Verdict(_WORDS[said["decision"]], said["reason"], _mending(said))
    decide_quarantine(session, actor, scope, operation, verdict, catalogs=catalogs(), at=now())
    return _whole(_found(session, scope, operation), asked_language(actor))


def _mending(said: dict[str, Any]) -> Mending | None:
    if "body" not in said:
        return None
    sent = request.get_data(cache=True)
    settings: Settings = current_app.extensions["settings"]
    if len(sent) > settings.max_push_bytes:
        raise BodyTooLarge(f"A decision has at most {settings.max_push_bytes} bytes.")
    members: dict[str, Any] = {name: said[name] for name in ("kind", "id", "base") if name in said}
    return Mending(said["body"], body_bytes(sent), members)


def _found(session: Session, scope: Scope, operation: UUID) -> AnyRow:
    row = lists.find_held(session, scope, operation, today(now()))
    if row is None:
        raise NotFound
    return row


def _in_language(doc: str, language: str) -> str:
    """The document with its problems, those of the last try too, in a language."""
    held = msgspec.json.decode(doc)
    for result in (held, held["tried_again"] or {}):
        for problem in result.get("problems", ()):
            problem["detail"] = problem_in(language, problem["code"], problem["detail"])
    return msgspec.json.encode(held).decode()


def _spoken(answer: Response, language: str) -> Response:
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Authorization, Accept-Language"
    return answer


def _whole(row: AnyRow, language: str) -> Response:
    doc, raw, sha256 = row
    doc = _in_language(doc, language)
    hashed = hashlib.sha256(raw).digest()
    text, spelled = _text(raw)
    told = {
        "intact": hashed == sha256,
        "record_sha256": hashed.hex(),
        "record": text,
        "record_base64": spelled,
        "body": _body(raw),
    }
    answer = answer_json(f"{doc[:-1]},{msgspec.json.encode(told).decode()[1:]}")
    return _spoken(answer, language)


def _text(raw: bytes) -> tuple[str | None, str | None]:
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(raw).decode()


def _body(raw: bytes) -> str | None:
    try:
        return read_kept(raw).body_bytes.decode()
    except MalformedBody:
        # Only bytes that were changed here: `intact` says so.
        return None
