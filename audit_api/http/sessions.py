"""Signing in and out."""

from datetime import timedelta
from typing import Any

from flask import Response, current_app
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.http.auth import (
    SESSION_PREFIX,
    bearer_token,
    database,
    guard,
    now,
    public,
    token_sha256,
)
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.services.sign_in import check_patience, refuse, sign_in
from audit_api.settings import Settings
from audit_api.storage import people

blueprint = Blueprint("sessions", __name__, description="Signing in and out.")


class SignInPost(Schema):
    """User name and password."""

    username = Text(100, required=True)
    password = fields.String(required=True, validate=validate.Length(min=1, max=1024))


class GrantOut(Schema):
    """A role in a territory and everything below it."""

    role = fields.String(required=True)
    territory = fields.String(required=True, metadata={"description": "The SOATE code."})


class UserOut(Schema):
    """Who is signed in."""

    id = fields.UUID(required=True)
    username = fields.String(required=True)
    full_name = fields.String(required=True)
    language = fields.String(required=True)
    grants = fields.List(fields.Nested(GrantOut), required=True)


class SessionOut(Schema):
    """A session; use the token as `Authorization: Bearer`."""

    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    user = fields.Nested(UserOut, required=True)


@blueprint.route("/sessions", methods=["POST"])
@public
@blueprint.arguments(SignInPost)
@blueprint.response(201, SessionOut)
@problems(blueprint, 400, 401, 415, 422, 429, 503)
def open_session(said: dict[str, str]) -> dict[str, Any]:
    """Sign in."""
    settings: Settings = current_app.extensions["settings"]
    at = now()
    with database().reading() as session:
        check_patience(session, said["username"], at)
    with database().writing() as session:
        signed_in = sign_in(
            session,
            said["username"],
            said["password"],
            lifetime=timedelta(hours=settings.session_hours),
            prefix=SESSION_PREFIX,
            at=at,
        )
        if signed_in is not None:
            return {
                "token": signed_in.token,
                "expires_at": signed_in.expires_at,
                "user": user_out(session, signed_in.person),
            }
    # Raised only here: the failed attempt is committed.
    raise refuse()


@blueprint.route("/sessions/current")
@guard()
@blueprint.response(200, UserOut)
@problems(blueprint, 401, 403)
def who_am_i(*, session: Session, actor: Actor) -> dict[str, Any]:
    """Who is signed in, with which grants."""
    person = people.person_by_username(session, actor.username)
    if person is None:
        raise refuse()
    return user_out(session, person)


@blueprint.route("/sessions/current", methods=["DELETE"])
@guard(writing=True)
@blueprint.response(204)
@problems(blueprint, 401, 403)
def close_session(*, session: Session, actor: Actor) -> Response:
    """Sign out: the token is worth nothing from now on."""
    people.revoke_session(session, token_sha256(bearer_token()), now())
    return Response(status=204)


def user_out(session: Session, person: people.Person) -> dict[str, Any]:
    """A person with live grants, as `UserOut`."""
    return {
        "id": person.id,
        "username": person.username,
        "full_name": person.full_name,
        "language": person.language,
        "grants": people.granted_roles(session, person.id),
    }
