"""Forms: what inspectors are asked, written out in full."""

from typing import Any

import msgspec
from flask import Response
from marshmallow import fields

from audit_api.domain.access import Noun
from audit_api.domain.errors import NotFound
from audit_api.http.auth import Door, guard
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.law.catalog_words import SourceOut, address, text, texts
from audit_api.http.law.released import Released, released
from audit_api.http.paging import PageQuery, answer_json, answer_listed
from field_schema.form import Form
from field_schema.resolved import resolved

blueprint = Blueprint("forms", __name__, description="Forms: what inspectors are asked.")


class FormSummary(Schema):
    """One version of a form."""

    form = text("The form's id.", "station")
    version = fields.Integer(required=True, metadata={"example": 1})
    key = text("How inspections name it.", "station/1")
    title = texts("The form's title.")
    ky_status = text("Who read the Kyrgyz texts.")
    elements = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The types of element it asks about, in the voter's order."},
    )
    questions = fields.Integer(required=True, metadata={"description": "How many it asks."})
    sha256 = text("Digest of the released file.")
    address = address()


class FormOut(FormSummary):
    """One version of a form, whole."""

    document = fields.Dict(
        required=True,
        metadata={
            "description": "The form as /api/v1/schemas/form describes it, without a single "
            "`from`: what it takes over from other forms stands in it in full, and so do the "
            "methods with their tolerances."
        },
    )
    source = fields.Nested(
        SourceOut, required=True, metadata={"description": "The file as it was released."}
    )


class FormPage(Schema):
    """One page of forms."""

    items = fields.List(fields.Nested(FormSummary), required=True)
    next = fields.String(required=True, allow_none=True)


def _summary(form: Form) -> dict[str, Any]:
    return {
        "form": form.id,
        "version": form.version,
        "key": form.key,
        "title": dict(form.title),
        "ky_status": form.ky_status,
        "elements": list(form.sections),
        "questions": sum(len(section.measures) for section in form.sections.values()),
        "sha256": form.digest,
        "address": f"/api/v1/forms/{form.key}",
    }


def _whole(form: Form, found: Released) -> dict[str, Any]:
    source = found.of("form", form.key)[-1]
    document = resolved(form, source.content, found.catalog.forms)
    return _summary(form) | {"document": document, "source": source.as_json}


@blueprint.route("/forms")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, FormPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_forms(query: dict[str, Any], **_: Any) -> Response:
    """All forms, every version.

    A version never changes; a changed form is a new version. A campaign says which it uses.
    """
    forms = sorted(released().catalog.forms.values(), key=lambda f: (f.id, f.version))
    return answer_listed(
        forms,
        query,
        purpose="forms",
        key=lambda form: [form.id, form.version],
        doc=lambda form: msgspec.json.encode(_summary(form)).decode(),
    )


@blueprint.route("/forms/<string:form>/<int:version>")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.response(200, FormOut)
@problems(blueprint, 401, 403, 404, 503)
def get_form(form: str, version: int, **_: Any) -> Response:
    """One version of a form, with all its sections in full.

    A tablet shows it as it is. The bytes that were released, with their digest, are at
    `source.address`.
    """
    found = released()
    known = found.catalog.forms.get(f"{form}/{version}")
    if known is None:
        raise NotFound
    key = ("form", known.key)
    if key not in found.pages:
        found.pages[key] = msgspec.json.encode(_whole(known, found)).decode()
    return answer_json(found.pages[key])
