"""Standards: every edition, what it is, who adopted it, what it asks."""

from typing import Any

import msgspec
from flask import Response
from marshmallow import fields

from audit_api.domain.access import Noun
from audit_api.domain.errors import NotFound
from audit_api.http.auth import Door, guard
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.law.catalog_words import (
    AdoptionOut,
    SourceOut,
    address,
    adopted,
    adoption_json,
    adoptions_of,
    text,
    texts,
)
from audit_api.http.law.released import Released, released
from audit_api.http.law.requirement_page import summary
from audit_api.http.law.requirements import RequirementSummary
from audit_api.http.paging import PageQuery, answer_json, answer_listed
from field_schema.standard import RECALLED, Standard

blueprint = Blueprint(
    "standards",
    __name__,
    description="Standards, edition by edition. A changed text is a new edition; an edition never "
    "changes. A profile says which edition counts, from which day, with what weight.",
)


class StandardQuery(PageQuery):
    """What the list may be narrowed by."""

    profile = Text(100, metadata={"description": "Only editions that this profile has adopted."})
    on = fields.Date(
        metadata={
            "description": "Only editions in force on this day, under the profile if one is named.",
            "example": "2021-11-28",
        }
    )


class StandardSummary(Schema):
    """An edition of a standard."""

    standard = text("The standard's id.", "RU-SP59-2012")
    edition = text("The edition.", "2012")
    edition_note = text("Which text exactly.", "2012 with change 1")
    title = texts("The title as printed.")
    jurisdiction = text("Whose rule it is.", "RU")
    status = text("What it is there: in force, superseded, guidance, working practice.")
    source = text("Where it was read.")
    checked_on = fields.Date(required=True)
    ky_status = text("Who read the Kyrgyz texts.")
    requirement_count = fields.Integer(required=True)
    recalled_count = fields.Integer(
        required=True,
        metadata={"description": "How many of them are recalled from memory, not verified."},
    )
    adopted = fields.List(
        fields.Nested(AdoptionOut),
        required=True,
        metadata={"description": "Under which profiles, when, with what weight, by whom."},
    )
    sha256 = text("Digest of the document that says what the edition is.")
    address = address()


class StandardPage(Schema):
    """One page of editions."""

    items = fields.List(fields.Nested(StandardSummary), required=True)
    next = fields.String(required=True, allow_none=True)


class StandardOut(StandardSummary):
    """An edition with all it asks."""

    requirements = fields.List(fields.Nested(RequirementSummary), required=True)
    files = fields.List(
        fields.Nested(SourceOut),
        required=True,
        metadata={"description": "The released documents it consists of, with their digests."},
    )


def _summary(standard: Standard, found: Released) -> dict[str, Any]:
    source = found.edition(standard.id, standard.edition)
    members = (
        "standard", "edition", "edition_note", "title", "jurisdiction", "status", "source",
        "checked_on", "ky_status",
    )  # fmt: skip
    rows = standard.requirements.values()
    return {name: source.content[name] for name in members} | {
        "requirement_count": len(rows),
        "recalled_count": sum(row.cite.confidence == RECALLED for row in rows),
        "adopted": [
            adoption_json(*pair)
            for pair in adoptions_of(found.catalog, standard.id, standard.edition)
        ],
        "sha256": source.sha256,
        "address": f"/api/v1/standards/{standard.id}/{standard.edition}",
    }


@blueprint.route("/standards")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.arguments(StandardQuery, location="query")
@blueprint.response(200, StandardPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_standards(query: dict[str, Any], **_: Any) -> Response:
    """All editions of all standards; or those of a profile, or those in force on a day."""
    found = released()
    profile, on = query.get("profile"), query.get("on")
    editions = [
        found.catalog.standards[key]
        for key in sorted(found.catalog.standards)
        if (profile is None and on is None) or adopted(found.catalog, *key, profile, on)
    ]
    return answer_listed(
        editions,
        query,
        purpose="standards",
        key=lambda standard: [standard.id, standard.edition],
        doc=lambda standard: msgspec.json.encode(_summary(standard, found)).decode(),
    )


@blueprint.route("/standards/<string:standard>/<string:edition>")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.response(200, StandardOut)
@problems(blueprint, 401, 403, 404, 503)
def get_standard(standard: str, edition: str, **_: Any) -> Response:
    """One edition with all its requirements in brief and the documents it consists of."""
    found = released()
    known = found.catalog.standards.get((standard, edition))
    if known is None:
        raise NotFound
    page = _summary(known, found) | {
        "requirements": [summary(row, found) for row in known.requirements.values()],
        "files": [source.as_json for source in found.files_of(standard, edition)],
    }
    return answer_json(msgspec.json.encode(page).decode())
