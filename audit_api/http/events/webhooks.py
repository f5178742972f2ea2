"""Webhooks: a person's own addresses that are told what happens. See docs/events.md."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, json
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import NotFound
from audit_api.domain.events.sealing import Sealer
from audit_api.domain.events.types import TYPES
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.paging import PageQuery, answer_json, answer_page, read_cursor
from audit_api.services.events import manage_webhooks
from audit_api.services.events.manage_webhooks import MOST_URL, Made
from audit_api.settings import Settings
from audit_api.storage.events import deliveries, webhooks
from audit_api.storage.events.deliveries import DeliveryState
from audit_api.storage.events.webhooks import DisabledFor

blueprint = Blueprint(
    "webhooks",
    __name__,
    description="Addresses that are told what happens to what their owner may read, by Standard "
    "Webhooks. Nobody else sees them. See docs/events.md.",
)

MOST_OVERLAP_HOURS = 24 * 7


class WebhookPost(Schema):
    """Where to, and of which types."""

    url = Text(MOST_URL, required=True, metadata={"description": "https, in the public network."})
    types = fields.List(
        fields.String(validate=validate.OneOf(list(TYPES))),
        required=True,
        validate=validate.Length(1, len(TYPES)),
    )


class WebhookOut(Schema):
    """A webhook; its secret is told when it is made or rotated, and never again."""

    id = fields.UUID(required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    disabled_at = fields.AwareDateTime(required=True, allow_none=True)
    disabled_for = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(list(DisabledFor)),
        metadata={
            "description": "gone: it answered 410; failing: it took nothing for 60 hours; "
            "grants_lost: you had no grant for webhooks; key_changed: the server's key is "
            "another, rotate the secret."
        },
    )
    failures = fields.Integer(required=True, metadata={"description": "In a row, until now."})
    failing_since = fields.AwareDateTime(required=True, allow_none=True)
    old_secret_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Until then the secret before signs too."},
    )


class WebhookMade(WebhookOut):
    """A webhook with its new secret."""

    secret = fields.String(
        required=True, metadata={"description": "`whsec_…`; keep it, it is told this once."}
    )


class WebhookList(Schema):
    """The caller's own webhooks."""

    items = fields.List(fields.Nested(WebhookOut), required=True)


class SecretPost(Schema):
    """For how long the secret before signs too."""

    overlap_hours = fields.Integer(
        load_default=24, strict=True, validate=validate.Range(0, MOST_OVERLAP_HOURS)
    )


class DeliveryQuery(PageQuery):
    """Filter and page."""

    state = fields.String(
        validate=validate.OneOf([s for s in DeliveryState if s is not DeliveryState.WITHHELD])
    )


class AttemptOut(Schema):
    """One attempt."""

    at = fields.AwareDateTime(required=True)
    status = fields.Integer(required=True, allow_none=True)
    ms = fields.Integer(required=True)
    error = fields.String(required=True, allow_none=True)


class DeliveryOut(Schema):
    """An event on its way."""

    id = fields.UUID(required=True)
    event = fields.UUID(required=True, metadata={"description": "`webhook-id` of every attempt."})
    type = fields.String(required=True)
    object = fields.UUID(required=True)
    happened_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True)
    attempts = fields.List(fields.Nested(AttemptOut), required=True)
    next_attempt_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class DeliveryPage(Schema):
    """One page of deliveries."""

    items = fields.List(fields.Nested(DeliveryOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/webhooks")
@guard(Noun.WEBHOOKS)
@blueprint.response(200, WebhookList)
@problems(blueprint, 401, 403, 404, 503)
def list_webhooks(*, session: Session, actor: Actor, **_: Any) -> Response:
    """The caller's own webhooks, oldest first."""
    found = webhooks.webhooks_of(session, actor.person, at=now())
    return answer_json(f'{{"items":[{",".join(found)}]}}')


@blueprint.route("/webhooks", methods=["POST"])
@guard(Noun.WEBHOOKS, "write", writing=True)
@blueprint.arguments(WebhookPost)
@blueprint.response(201, WebhookMade)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def add_webhook(said: dict[str, Any], *, session: Session, actor: Actor, **_: Any) -> Response:
    """Be told what happens from now on."""
    settings: Settings = current_app.extensions["settings"]
    made = manage_webhooks.add_webhook(
        session,
        actor,
        _sealer(),
        url=said["url"],
        types=sorted(set(said["types"])),
        anywhere=settings.webhooks_anywhere,
        at=now(),
    )
    answer = _made(session, actor, made)
    answer.status_code = 201
    answer.headers["Location"] = f"/api/v1/webhooks/{made.webhook}"
    return answer


@blueprint.route("/webhooks/<uuid:webhook>")
@guard(Noun.WEBHOOKS)
@blueprint.response(200, WebhookOut)
@problems(blueprint, 401, 403, 404, 503)
def get_webhook(webhook: UUID, *, session: Session, actor: Actor, **_: Any) -> Response:
    """One webhook, and how it does."""
    return answer_json(_one(session, actor, webhook))


@blueprint.route("/webhooks/<uuid:webhook>", methods=["DELETE"])
@guard(Noun.WEBHOOKS, "write", writing=True)
@blueprint.response(204)
@problems(blueprint, 401, 403, 404, 503)
def delete_webhook(webhook: UUID, *, session: Session, actor: Actor, **_: Any) -> Response:
    """Send nothing more to it, and forget its deliveries."""
    manage_webhooks.delete_webhook(session, actor, webhook, at=now())
    return Response(status=204)


@blueprint.route("/webhooks/<uuid:webhook>/secrets", methods=["POST"])
@guard(Noun.WEBHOOKS, "write", writing=True)
@blueprint.arguments(SecretPost)
@blueprint.response(200, WebhookMade)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def rotate_secret(
    said: dict[str, Any], webhook: UUID, *, session: Session, actor: Actor, **_: Any
) -> Response:
    """Rotate the secret: until the overlap ends, each message has a signature by both."""
    overlap = timedelta(hours=said["overlap_hours"])
    made = manage_webhooks.rotate_secret(
        session, actor, _sealer(), webhook, overlap=overlap, at=now()
    )
    return _made(session, actor, made)


@blueprint.route("/webhooks/<uuid:webhook>/enablements", methods=["POST"])
@guard(Noun.WEBHOOKS, "write", writing=True)
@blueprint.response(200, WebhookOut)
@problems(blueprint, 401, 403, 404, 503)
def enable_webhook(webhook: UUID, *, session: Session, actor: Actor, **_: Any) -> Response:
    """Go on after it was disabled: everything since then is sent, in its order."""
    manage_webhooks.enable_webhook(session, actor, webhook, at=now())
    return answer_json(_one(session, actor, webhook))


@blueprint.route("/webhooks/<uuid:webhook>/deliveries")
@guard(Noun.WEBHOOKS)
@blueprint.arguments(DeliveryQuery, location="query")
@blueprint.response(200, DeliveryPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_deliveries(
    query: dict[str, Any], webhook: UUID, *, session: Session, actor: Actor, **_: Any
) -> Response:
    """What was sent and is to be sent, newest first, as far as you may read it now."""
    _one(session, actor, webhook)
    purpose = f"deliveries {webhook}"
    rows = deliveries.list_deliveries(
        session,
        webhook,
        actor,
        limit=query["limit"],
        state=query.get("state"),
        before=read_cursor(purpose, query["cursor"]),
    )
    return answer_page(
        rows,
        purpose=purpose,
        limit=query["limit"],
        key=lambda row: row[1],
        doc=lambda row: str(row[0]),
    )


@blueprint.route("/webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/retries", methods=["POST"])
@guard(Noun.WEBHOOKS, "write", writing=True)
@blueprint.response(200, DeliveryOut)
@problems(blueprint, 401, 403, 404, 503)
def send_again(
    webhook: UUID, delivery: UUID, *, session: Session, actor: Actor, **_: Any
) -> Response:
    """Send an event once more, under the same `webhook-id`; later ones of its object wait."""
    manage_webhooks.send_again(session, actor, webhook, delivery, at=now())
    rows = deliveries.list_deliveries(session, webhook, actor, limit=1, delivery=delivery)
    return answer_json(str(rows[0][0]))


def _sealer() -> Sealer:
    settings: Settings = current_app.extensions["settings"]
    return Sealer(settings.secret_key)


def _one(session: Session, actor: Actor, webhook: UUID) -> str:
    found = webhooks.webhooks_of(session, actor.person, at=now(), webhook=webhook)
    if not found:
        raise NotFound
    return found[0]


def _made(session: Session, actor: Actor, made: Made) -> Response:
    doc = _one(session, actor, made.webhook)
    answer = answer_json(f'{doc[:-1]},"secret":{json.dumps(made.secret)}}}')
    answer.headers["Cache-Control"] = "no-store"
    return answer
