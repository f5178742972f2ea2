"""Territories and sites."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight.needs import SUPPRESSED_BELOW, suppressed
from audit_api.domain.vocabulary import BuildingStatus, TerritoryKind
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, WholeNumber, problems
from audit_api.http.filters import campaign_known, territories_in_scope
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.storage.lists import sites as lists
from audit_api.storage.lists.selection import Listed
from audit_api.storage.lists.sites import SiteFilter

blueprint = Blueprint("places", __name__, description="Territories and sites.")


class SiteQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    constituency = WholeNumber()
    number = WholeNumber(metadata={"description": "A polling station's number."})


class LocationOut(Schema):
    """A point, WGS 84."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)


class StationOut(Schema):
    """What a site serves as in a campaign."""

    campaign = fields.String(required=True)
    number = fields.Integer(required=True)
    voters = fields.Integer(required=True)
    constituency = fields.Integer(required=True)


class SiteOut(Schema):
    """A place that is inspected."""

    id = fields.UUID(required=True)
    rev = fields.Integer(required=True)
    name = fields.Dict(required=True)
    address = fields.String(required=True)
    territory = fields.String(required=True)
    territory_name = fields.Dict(required=True, allow_none=True)
    location = fields.Nested(LocationOut, required=True, allow_none=True)
    building_status = fields.String(required=True, validate=validate.OneOf(list(BuildingStatus)))
    built_on = fields.Date(required=True, allow_none=True)
    altered_on = fields.Date(required=True, allow_none=True)
    synthetic = fields.List(
        fields.String(), required=True, metadata={"description": "What of it is made up."}
    )
    stations = fields.List(fields.Nested(StationOut), required=True)


class NeedsOut(Schema):
    """A station's voters with disabilities, by user group: counts, never people."""

    campaign = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "The polling station's."})
    suppressed_below = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "A count that is null is below this; null: all are exact."},
    )
    voters = fields.Dict(keys=fields.String(), required=True)
    synthetic = fields.Boolean(required=True, metadata={"description": "Made up."})


class SiteDetailOut(SiteOut):
    """A site with its elements and the visits that the reader may see."""

    elements = fields.List(fields.Dict(), required=True)
    inspections = fields.List(fields.Dict(), required=True)
    needs = fields.List(fields.Nested(NeedsOut), required=True)
    violations_open = fields.Integer(required=True)


class SitePage(Schema):
    """One page of sites."""

    items = fields.List(fields.Nested(SiteOut), required=True)
    next = fields.String(required=True, allow_none=True)


class TerritoryOut(Schema):
    """A node of the administrative tree."""

    code = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(TerritoryKind)))
    name = fields.Dict(required=True, allow_none=True)
    parent = fields.String(required=True, allow_none=True)
    location = fields.Nested(LocationOut, required=True, allow_none=True)


class TerritoryPage(Schema):
    """One page of territories."""

    items = fields.List(fields.Nested(TerritoryOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/sites")
@guard(Noun.CATALOG)
@blueprint.arguments(SiteQuery, location="query")
@blueprint.response(200, SitePage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_sites(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Sites with the polling stations they serve as."""
    return answer_rows("sites", query, sites_asked(session, actor, scope, query))


def sites_asked(session: Session, _: Actor, scope: Scope, query: dict[str, Any]) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    campaign_known(session, scope, query.get("campaign"))
    wanted = SiteFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        campaign=query.get("campaign"),
        constituency=query.get("constituency"),
        number=query.get("number"),
    )
    return partial(lists.list_sites, session, scope, wanted, today=today(now()))


@blueprint.route("/sites/<uuid:site>")
@guard(Noun.CATALOG)
@blueprint.response(200, SiteDetailOut)
@problems(blueprint, 401, 403, 404, 503)
def get_site(site: UUID, *, session: Session, actor: Actor, scope: Scope, **_: Any) -> Response:
    """One site, its elements, and the inspections that the reader may see."""
    seen = scope_of(actor, Noun.VIOLATIONS)
    found = lists.find_site(session, scope, seen, site, today=today(now()))
    if found is None:
        raise NotFound
    doc, territory = found
    told = territory in scope_of(actor, Noun.NEEDS_MAP).territories
    return answer_json(doc if told else _suppressed(doc))


def _suppressed(doc: str) -> str:
    """The site for those who do not work with the needs map: small counts are not said."""
    site = msgspec.json.decode(doc)
    for needs in site["needs"]:
        needs["voters"] = suppressed(needs["voters"])
        needs["suppressed_below"] = SUPPRESSED_BELOW
    return msgspec.json.encode(site).decode()


@blueprint.route("/territories")
@guard(Noun.CATALOG)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, TerritoryPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_territories(
    query: dict[str, Any], *, session: Session, scope: Scope, **_: Any
) -> Response:
    """The territories of the reader's grants, by code."""
    return answer_rows(
        "territories", query, partial(lists.list_territories, session, scope, today=today(now()))
    )
