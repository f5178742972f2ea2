"""Profiles: by which editions campaigns inspect, and the legal weight of each."""

from typing import Any

import msgspec
from flask import Response
from marshmallow import fields

from audit_api.domain.access import Noun
from audit_api.domain.errors import NotFound
from audit_api.http.auth import Door, guard
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.law.catalog_words import (
    AdoptionOut,
    SourceOut,
    address,
    adoption_json,
    text,
    texts,
)
from audit_api.http.law.released import Released, released
from audit_api.http.paging import PageQuery, answer_json, answer_listed
from field_schema.profile import Adoption, Profile
from field_schema.standard import RECALLED

blueprint = Blueprint(
    "profiles",
    __name__,
    description="By which editions campaigns inspect. Each was adopted by a named decision, as "
    "`binding` (a breach is a violation) or as `reference` (a breach is advice).",
)


class ProfileSummary(Schema):
    """A profile as it holds now."""

    profile = text("The profile's id.", "kg-demo-2021")
    title = texts("The profile's title.")
    warning = texts("To be shown with every verdict of this profile: what it proves, what not.")
    ky_status = text("Who read the Kyrgyz texts.")
    edition_count = fields.Integer(required=True)
    sha256 = text("Digest of the version that holds now.")
    address = address()


class ProfilePage(Schema):
    """One page of profiles."""

    items = fields.List(fields.Nested(ProfileSummary), required=True)
    next = fields.String(required=True, allow_none=True)


class AdoptedEditionOut(AdoptionOut):
    """An edition that the profile has adopted."""

    standard = text("The standard's id.", "RU-SP59-2012")
    edition = text("The edition.", "2012")
    title = texts("The standard's title.")
    requirement_count = fields.Integer(required=True)
    recalled_count = fields.Integer(
        required=True,
        metadata={
            "description": "How many are recalled from memory, not verified: these are reference "
            "only, even where the edition is binding."
        },
    )
    address = address()


class ProfileOut(ProfileSummary):
    """A profile with its editions."""

    editions = fields.List(fields.Nested(AdoptedEditionOut), required=True)
    versions = fields.List(
        fields.Nested(SourceOut),
        required=True,
        metadata={"description": "Every version of the profile, oldest first; the last holds."},
    )


def _summary(profile: Profile) -> dict[str, Any]:
    return {
        "profile": profile.id,
        "title": dict(profile.title),
        "warning": dict(profile.warning),
        "ky_status": profile.ky_status,
        "edition_count": len(profile.adoptions),
        "sha256": profile.digest,
        "address": f"/api/v1/profiles/{profile.id}",
    }


def _edition(profile: Profile, adoption: Adoption, found: Released) -> dict[str, Any]:
    standard = found.catalog.standards[adoption.standard, adoption.edition]
    rows = standard.requirements.values()
    return adoption_json(profile, adoption) | {
        "standard": standard.id,
        "edition": standard.edition,
        "title": dict(standard.title),
        "requirement_count": len(rows),
        "recalled_count": sum(row.cite.confidence == RECALLED for row in rows),
        "address": f"/api/v1/standards/{standard.id}/{standard.edition}",
    }


@blueprint.route("/profiles")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, ProfilePage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_profiles(query: dict[str, Any], **_: Any) -> Response:
    """All profiles, each in the version that holds now."""
    profiles = sorted(released().catalog.profiles.values(), key=lambda p: p.id)
    return answer_listed(
        profiles,
        query,
        purpose="profiles",
        key=lambda profile: [profile.id],
        doc=lambda profile: msgspec.json.encode(_summary(profile)).decode(),
    )


@blueprint.route("/profiles/<string:profile>")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.response(200, ProfileOut)
@problems(blueprint, 401, 403, 404, 503)
def get_profile(profile: str, **_: Any) -> Response:
    """One profile with the editions it has adopted, and all its versions by digest."""
    found = released()
    known = found.catalog.profiles.get(profile)
    if known is None:
        raise NotFound
    page = _summary(known) | {
        "editions": [_edition(known, adoption, found) for adoption in known.adoptions],
        "versions": [source.as_json for source in found.of("profile", profile)],
    }
    return answer_json(msgspec.json.encode(page).decode())
