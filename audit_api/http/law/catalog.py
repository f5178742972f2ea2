"""The catalog that this process serves, and every document in it by its digest."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g
from marshmallow import fields

from audit_api.domain.access import Noun
from audit_api.domain.errors import NotFound
from audit_api.http.auth import Door, guard
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.paging import answer_json
from audit_api.services.law.catalogs import CatalogKeeper
from field_schema.catalog import Catalog

blueprint = Blueprint(
    "catalog",
    __name__,
    description="Forms, standards, requirements and profiles. An address with a SHA-256 in it "
    "never changes what it answers: keep it for ever. The other addresses answer what holds now; "
    "ask again with `If-None-Match` and the ETag, and 304 says that you have it.",
)


def catalogs() -> CatalogKeeper:
    """What keeps this process's catalog."""
    found: CatalogKeeper = current_app.extensions["catalogs"]
    return found


def catalog() -> Catalog:
    """The forms and standards as they are in the request's transaction.

    Looked up once a request; outside a transaction: the newest that this process has read.
    """
    if "session" not in g:
        return catalogs().newest
    if "catalog" not in g:
        g.catalog = catalogs().current(g.session)
    found: Catalog = g.catalog
    return found


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of a catalog's documents as it is answered, and the SHA-256 of that."""

    catalog: Catalog
    text: str
    sha256: bytes


_newest: Listing | None = None


def listing(of: Catalog) -> Listing:
    """The list of all documents of a catalog; made once while the catalog stays the same."""
    global _newest
    made = _newest
    if made is None or made.catalog is not of:
        items = ",".join(
            f'{{"kind":"{kind}","id":"{name}","sha256":"{digest}"}}'
            for kind, name, digest, _ in of.documents()
        )
        text = f'{{"items":[{items}],"next":null}}'
        made = _newest = Listing(of, text, hashlib.sha256(text.encode()).digest())
    return made


class DocumentSchema(Schema):
    """One released file."""

    kind = fields.String(
        required=True,
        metadata={
            "description": "form, standard, requirements, examples, edition (a standard in one "
            "file), profile or scoring.",
            "example": "requirements",
        },
    )
    id = fields.String(required=True, metadata={"example": "RU-SP59-2012/2012/ramp"})
    sha256 = fields.String(required=True)


class DocumentPage(Schema):
    """All released files."""

    items = fields.List(fields.Nested(DocumentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/catalog")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.response(200, DocumentPage)
@problems(blueprint, 401, 403, 404)
def list_documents(**_: Any) -> Response:
    """Every form, standard and profile, by the digest under which it is served."""
    return answer_json(listing(catalog()).text)


@blueprint.route("/catalog/<string:sha256>")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.response(200, fields.Dict, description="The file, byte for byte.")
@problems(blueprint, 401, 403, 404)
def get_document(sha256: str, **_: Any) -> Response:
    """A released file by its SHA-256. It never changes."""
    for _kind, _name, digest, data in catalog().documents():
        if digest == sha256:
            answer = Response(data, content_type="application/json")
            answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
            answer.set_etag(digest)
            return answer
    raise NotFound
