"""Tablets: enrolling them by a one-time code."""

from datetime import timedelta
from typing import Any

from flask import current_app
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Noun, Scope
from audit_api.domain.errors import NotFound
from audit_api.http.auth import DEVICE_PREFIX, database, guard, now, public
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.services.enrol_device import enrol_device, issue_code
from audit_api.settings import Settings
from audit_api.storage import people

blueprint = Blueprint("devices", __name__, description="Tablets.")


class EnrolPost(Schema):
    """A code as it was read or typed, and what the tablet is called."""

    code = Text(40, required=True)
    name = Text(100, required=True)
    public_key = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=1000),
        metadata={"description": "The tablet's P-256 public key, PEM."},
    )


class EnrolledOut(Schema):
    """The new device. The token is shown once; keep it on the tablet."""

    device = fields.UUID(required=True)
    token = fields.String(required=True)
    name = fields.String(required=True)
    enrolled_at = fields.AwareDateTime(required=True)
    owner = fields.String(required=True, metadata={"description": "The person's user name."})


class CodePost(Schema):
    """Whose tablet is to be enrolled."""

    username = Text(100, required=True)


class CodeOut(Schema):
    """A single-use code. It is shown once."""

    code = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


@blueprint.route("/devices/enrol", methods=["POST"])
@public
@blueprint.arguments(EnrolPost)
@blueprint.response(201, EnrolledOut)
@problems(blueprint, 400, 415, 422, 503)
def enrol(said: dict[str, Any]) -> dict[str, Any]:
    """Turn a one-time code into a device with a token of its own."""
    with database().writing() as session:
        enrolled = enrol_device(
            session,
            said["code"],
            name=said["name"],
            public_key=said["public_key"],
            prefix=DEVICE_PREFIX,
            at=now(),
        )
        owner = session.get_one(people.Person, enrolled.device.owner_id)
        return {
            "device": enrolled.device.id,
            "token": enrolled.token,
            "name": enrolled.device.name,
            "enrolled_at": enrolled.device.enrolled_at,
            "owner": owner.username,
        }


@blueprint.route("/devices/codes", methods=["POST"])
@guard(Noun.PEOPLE, "write", writing=True)
@blueprint.arguments(CodePost)
@blueprint.response(201, CodeOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def make_code(said: dict[str, str], *, session: Session, scope: Scope, **_: Any) -> dict[str, Any]:
    """Issue an enrolment code for a person all of whose grants lie within yours."""
    settings: Settings = current_app.extensions["settings"]
    at = now()
    person = people.person_by_username(session, said["username"])
    if person is None or not people.lies_within(session, person.id, scope.territories):
        raise NotFound
    lifetime = timedelta(minutes=settings.enrolment_minutes)
    code = issue_code(session, person.id, lifetime=lifetime, at=at)
    return {"code": code, "expires_at": at + lifetime}
