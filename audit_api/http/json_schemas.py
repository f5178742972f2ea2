"""The JSON Schemas of the files that people write, for editors and other programs."""

import hashlib
import json
from typing import Any

from flask import Response
from marshmallow import fields

from audit_api.domain.errors import NotFound
from audit_api.http.auth import public
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.law.catalog_words import address, text
from audit_api.http.paging import PageQuery, answer_json, answer_listed
from field_schema.json_schema import NAMES, schema

blueprint = Blueprint(
    "schemas",
    __name__,
    description="JSON Schemas (draft 2020-12) of the files that lawyers and methodologists write. "
    "Open to everybody, so that a text editor can check a file while it is written. A schema "
    "knows the shape of one file; `audit-api standards check` also knows what the other files say.",
)


class SchemaSummary(Schema):
    """One schema."""

    name = text("form, standard, requirements, edition, profile or examples.", "profile")
    title = text("What kind of file it describes.")
    description = text("What the file is for.")
    sha256 = text("Digest of the answer at the address.")
    address = address()


class SchemaPage(Schema):
    """One page of schemas."""

    items = fields.List(fields.Nested(SchemaSummary), required=True)
    next = fields.String(required=True, allow_none=True)


def _spelled(name: str) -> str:
    return json.dumps(schema(name), ensure_ascii=False)


def _summary(name: str) -> str:
    found = schema(name)
    return json.dumps(
        {
            "name": name,
            "title": found["title"],
            "description": found["description"],
            "sha256": hashlib.sha256(_spelled(name).encode()).hexdigest(),
            "address": f"/api/v1/schemas/{name}",
        }
    )


@blueprint.route("/schemas")
@public
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, SchemaPage)
@problems(blueprint, 400, 422)
def list_schemas(query: dict[str, Any]) -> Response:
    """The schemas of all kinds of file."""
    return answer_listed(
        sorted(NAMES), query, purpose="schemas", key=lambda name: [name], doc=_summary
    )


@blueprint.route("/schemas/<string:name>")
@public
@blueprint.response(200, fields.Dict, description="The schema. It needs no other document.")
@problems(blueprint, 404)
def get_schema(name: str) -> Response:
    """One schema, whole: the parts that it shares with others lie in its `$defs`."""
    if name not in NAMES:
        raise NotFound
    return answer_json(_spelled(name))
