"""What voters may read of the stations, once somebody decided that they may. Off by default."""

from typing import Any

import msgspec
from flask import Response
from marshmallow import fields
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight.public_facts import as_a11yjson, as_geojson
from audit_api.http.auth import database, guard, now, public
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.filters import campaign_within
from audit_api.http.law.catalog import catalogs
from audit_api.http.oversight.decisions import Reason
from audit_api.http.paging import answer_json
from audit_api.services.places.publish_facts import publish_facts
from audit_api.storage.lists.public_facts import public_facts
from audit_api.storage.places.publications import is_public

blueprint = Blueprint(
    "public_facts",
    __name__,
    description="What voters may read of the stations, without a login. See docs/public-facts.md.",
)

GEOJSON = "application/geo+json"
_FRESH_S = 300


class PublicationPost(Schema):
    """Whether the public may read the campaign's facts from now on, and why."""

    public = fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = Reason()


class PublicationOut(Schema):
    """How it stands."""

    campaign = fields.String(required=True)
    public = fields.Boolean(required=True)


@blueprint.route("/campaigns/<string:campaign>/publications", methods=["POST"])
@guard(Noun.CATALOG, "publish", writing=True)
@blueprint.arguments(PublicationPost)
@blueprint.response(201, PublicationOut, description="It is so from now on.")
@blueprint.alt_response(200, schema=PublicationOut, description="It was so before.")
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def publish(
    said: dict[str, Any], campaign: str, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Let the public read what supervision has established of the stations, or no longer."""
    campaign_within(session, scope, campaign)
    made = publish_facts(
        session, campaign, public=said["public"], reason=said["reason"], by=actor.person, at=now()
    )
    told = {"campaign": campaign, "public": said["public"]}
    answer = answer_json(msgspec.json.encode(told).decode())
    answer.status_code = 201 if made else 200
    return answer


@blueprint.route("/public/<string:campaign>/stations.geojson")
@public
@blueprint.response(200, {"type": "object"}, content_type=GEOJSON)
@problems(blueprint, 404, 503)
def get_geojson(campaign: str) -> Response:
    """The stations as GeoJSON: where, and for whom they are accessible. 404 unless published."""
    with database().reading() as session:
        rows = _published(session, campaign)
        return _answer(as_geojson(campaign, rows, catalogs().current(session)))


@blueprint.route("/public/<string:campaign>/stations.a11y.json")
@public
@blueprint.response(200, {"type": "object"}, content_type=GEOJSON)
@problems(blueprint, 404, 503)
def get_a11yjson(campaign: str) -> Response:
    """The same in the words of A11yJSON. 404 unless published."""
    with database().reading() as session:
        return _answer(as_a11yjson(campaign, _published(session, campaign)))


def _published(session: Session, campaign: str) -> list[Any]:
    if not is_public(session, campaign):
        raise NotFound
    return public_facts(session, campaign, today=today(now()))


def _answer(collection: dict[str, Any]) -> Response:
    answer = answer_json(msgspec.json.encode(collection).decode())
    answer.content_type = GEOJSON
    answer.headers["Cache-Control"] = f"public, max-age={_FRESH_S}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    del answer.headers["Vary"]
    return answer
