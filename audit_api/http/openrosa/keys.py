"""Keys of ODK Collect. A key is a device: `/devices` lists it, and revoking that revokes it."""

import base64
from typing import Any

from flask import request
from marshmallow import fields
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.errors import NotFound
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.services.collect_settings import qr_image, server_of, settings_text
from audit_api.services.openrosa_keys import make_key
from audit_api.storage import people

blueprint = Blueprint("openrosa_keys", __name__, description="Keys of ODK Collect.")


class KeyPost(Schema):
    """For whom, and what the device is called in the list of tablets."""

    username = Text(100, required=True)
    name = Text(100, load_default=None)
    server = Text(
        500,
        load_default=None,
        metadata={
            "description": "Where tablets reach this server, e.g. https://audit.example.kg; "
            "without it, the address that this request came to."
        },
    )


class KeyOut(Schema):
    """The new key. The token is shown once: only its hash is kept."""

    id = fields.UUID(required=True)
    device = fields.UUID(required=True, metadata={"description": "Revoke this to revoke the key."})
    name = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "The person's user name."})
    token = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    server_url = fields.String(required=True, metadata={"description": "Typed in by hand."})
    settings = fields.String(
        required=True, metadata={"description": "What the QR code holds: base64(zlib(json))."}
    )
    qr_svg = fields.String(required=True, metadata={"description": "The QR code as SVG."})
    qr_png = fields.String(required=True, metadata={"description": "As PNG, in base64."})


@blueprint.route("/openrosa/keys", methods=["POST"])
@guard(Noun.PEOPLE, "write", writing=True)
@blueprint.arguments(KeyPost)
@blueprint.response(201, KeyOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def make(
    said: dict[str, Any], *, session: Session, actor: Actor, scope: Scope, **_: Any
) -> dict[str, Any]:
    """Make a key for an inspector all of whose grants lie within yours, with its QR code.

    Only the token's hash is kept: the QR code cannot be had again, so make a new key instead.
    """
    at = now()
    person = people.person_by_username(session, said["username"])
    if person is None or not people.lies_within(session, person.id, scope.territories):
        raise NotFound
    made = make_key(session, person, by=actor.person, name=said["name"], at=at)
    server_url = server_of(said["server"] or request.host_url, made.token)
    settings = settings_text(server_url, project=made.device.name)
    return {
        "id": made.id,
        "device": made.device.id,
        "name": made.device.name,
        "owner": person.username,
        "token": made.token,
        "created_at": at,
        "server_url": server_url,
        "settings": settings,
        "qr_svg": qr_image(settings, "svg").decode(),
        "qr_png": base64.b64encode(qr_image(settings, "png")).decode(),
    }
