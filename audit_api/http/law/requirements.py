"""Requirements: what each clause asks, how sure that is, and whom it binds."""

from typing import Any

import msgspec
from flask import Response
from marshmallow import fields, validate

from audit_api.domain.access import Noun
from audit_api.domain.errors import NotFound
from audit_api.domain.vocabulary import Severity, UserGroup
from audit_api.http.auth import Door, guard
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.law.catalog_words import (
    AdoptionOut,
    SourceOut,
    address,
    adopted,
    recalled,
    text,
    texts,
)
from audit_api.http.law.released import Released, released
from audit_api.http.law.requirement_page import summary, whole
from audit_api.http.paging import PageQuery, answer_json, answer_listed
from field_schema.standard import CONFIDENCES, Requirement

blueprint = Blueprint(
    "requirements",
    __name__,
    description="What each clause asks. A requirement's id (`ramp.running-slope`) names a matter; "
    "several standards, and several editions of one, have a requirement of that id, each with its "
    "own threshold. So `/requirements/{id}` lists all of that id, and "
    "`/requirements/{standard}/{edition}/{id}`, which is unique, gives one.",
)


class RequirementQuery(PageQuery):
    """What the list may be narrowed by."""

    standard = Text(100)
    element = Text(100, metadata={"description": "Type of element: ramp, door, toilet."})
    group = fields.String(validate=validate.OneOf(list(UserGroup)))
    severity = fields.String(validate=validate.OneOf(list(Severity)))
    confidence = fields.String(validate=validate.OneOf(list(CONFIDENCES)))
    profile = Text(100, metadata={"description": "Only what this profile has adopted."})
    on = fields.Date(metadata={"description": "Only what is in force on this day."})


def _clause() -> fields.String:
    return fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The clause as printed; null when it was not seen in the text."},
    )


def _hint() -> fields.String:
    return fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The likely clause, not confirmed."},
    )


class RequirementSummary(Schema):
    """A requirement in brief."""

    id = text("The matter; unique within an edition.", "ramp.running-slope")
    standard = text("The standard's id.", "RU-SP59-2012")
    edition = text("The edition.", "2012")
    element = text("The type of element it is about.", "ramp")
    title = texts("What is looked at.")
    threshold = texts("What must hold, row by row.")
    clause = _clause()
    clause_hint = _hint()
    confidence = text("How sure the number is.", validate=validate.OneOf(list(CONFIDENCES)))
    recalled = recalled()
    groups = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The voters whom a breach keeps out or hinders."},
    )
    severity = text("critical, major or minor.")
    weights = fields.List(
        fields.Nested(AdoptionOut),
        required=True,
        metadata={
            "description": "Under which profiles it is used, from which day to which, with what "
            "weight in effect, by whose decision. What is recalled is only ever reference."
        },
    )
    sha256 = text("Digest of the released document it stands in.")
    address = address()


class RequirementPage(Schema):
    """One page of requirements."""

    items = fields.List(fields.Nested(RequirementSummary), required=True)
    next = fields.String(required=True, allow_none=True)


class ProvenanceOut(Schema):
    """Where it was read, by whom it is known, how sure that is."""

    url = text("Where it was read.")
    confidence = text("How sure the number is.")
    recalled = recalled()
    checked_on = fields.Date(required=True)
    facts = fields.List(
        fields.String(), required=True, metadata={"description": "Rows of the facts table."}
    )
    note = fields.String(required=True, allow_none=True)


class HistoryOut(Schema):
    """The requirement in one edition of its standard."""

    edition = fields.String(required=True)
    status = text("What the edition is: in force, superseded, guidance.")
    threshold = texts("What must hold under that edition.")
    clause = _clause()
    clause_hint = _hint()
    confidence = fields.String(required=True)
    recalled = recalled()
    sha256 = fields.String(required=True)
    adopted = fields.List(fields.Nested(AdoptionOut), required=True)
    address = address()


class ExampleOut(Schema):
    """Answers, and the verdict that every evaluator must give on them."""

    case = text("What is tried.", "clear width, limit 900 - tolerance 3 - 1")
    answers = fields.Dict(
        required=True,
        metadata={"description": "As measured, in the form's units.", "example": {"width_mm": 896}},
    )
    building = text("The kind of building.", "existing")
    built_on = fields.Date(required=True, allow_none=True)
    state = text("permanent or election_day.", "permanent")
    verdict = text("compliant, violation, borderline, not_measured or not_applicable.", "violation")
    row = fields.String(
        required=True, allow_none=True, metadata={"description": "The row that decided."}
    )
    index = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The worst of the repeats, from 0."},
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The reason's code, where it is not the verdict's usual one."},
    )


class RequirementOut(RequirementSummary):
    """A requirement, whole."""

    standard_title = texts("The standard's title.")
    standard_status = text("What the edition is: in force, superseded, guidance.")
    severity_basis = text("Who says how severe it is.", "own judgement")
    ky_status = text("Who read the Kyrgyz texts.")
    provenance = fields.Nested(ProvenanceOut, required=True)
    applies = fields.Dict(
        required=True,
        metadata={
            "description": "To which buildings and states, and built from or before which day."
        },
    )
    when = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "It is judged only when these comparisons hold; empty: always."},
    )
    conditions = texts("The same in words; null for always.", allow_none=True)
    rows = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "The table of thresholds. The first row whose `when` holds decides; "
            "all of its `must` must hold. A comparison has measure, op (ge, le, gt, lt, eq, "
            "between, is, one_of, ratio_le), value and unit; a ratio also `of`.",
            "example": [
                {
                    "row": None,
                    "when": [],
                    "must": [{"measure": "width_mm", "op": "ge", "value": 900, "unit": "mm"}],
                    "threshold": {"en": "clear width ≥ 900 mm", "ru": "…", "ky": "…"},
                }
            ],
        },
    )
    measures = fields.Dict(
        required=True,
        metadata={"description": "By measure: its name, type, unit and tolerance, in the unit."},
    )
    printed = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The percentage that the text prints beside the ratio."},
    )
    remedies = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "What mends a breach: kind (temporary, permanent), text, when."},
    )
    history = fields.List(
        fields.Nested(HistoryOut),
        required=True,
        metadata={"description": "It in every edition of its standard, this one included."},
    )
    examples = fields.List(fields.Nested(ExampleOut), required=True)
    source = fields.Nested(SourceOut, required=True)
    examples_source = fields.Nested(SourceOut, required=True, allow_none=True)


class RequirementsOfOneId(Schema):
    """Every requirement of one id, a page of them."""

    items = fields.List(fields.Nested(RequirementOut), required=True)
    next = fields.String(required=True, allow_none=True)


def _key(requirement: Requirement) -> list[str]:
    return [requirement.id, requirement.cite.standard, requirement.cite.edition]


def _all(found: Released) -> list[Requirement]:
    rows = [r for s in found.catalog.standards.values() for r in s.requirements.values()]
    return sorted(rows, key=_key)


def _wanted(requirement: Requirement, query: dict[str, Any], found: Released) -> bool:
    cite = requirement.cite
    plain = (
        query.get("standard") in (None, cite.standard)
        and query.get("element") in (None, requirement.element)
        and query.get("severity") in (None, requirement.severity)
        and query.get("confidence") in (None, cite.confidence)
        and (query.get("group") is None or query["group"] in requirement.groups)
    )
    profile, on = query.get("profile"), query.get("on")
    if not plain or (profile is None and on is None):
        return plain
    return adopted(found.catalog, cite.standard, cite.edition, profile, on)


@blueprint.route("/requirements")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.arguments(RequirementQuery, location="query")
@blueprint.response(200, RequirementPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_requirements(query: dict[str, Any], **_: Any) -> Response:
    """All requirements of all standards, by id, standard and edition."""
    found = released()
    return answer_listed(
        [r for r in _all(found) if _wanted(r, query, found)],
        query,
        purpose="requirements",
        key=_key,
        doc=lambda requirement: msgspec.json.encode(summary(requirement, found)).decode(),
    )


@blueprint.route("/requirements/<string:requirement>")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, RequirementsOfOneId)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_requirements_of_one_id(query: dict[str, Any], requirement: str, **_: Any) -> Response:
    """What every standard and edition asks in one matter, each whole.

    One id, `ramp.running-slope`, is asked by several standards with different thresholds: this
    is the place to compare them.
    """
    found = released()
    rows = [row for row in _all(found) if row.id == requirement]
    if not rows:
        raise NotFound
    return answer_listed(
        rows,
        query,
        purpose="requirements of one id",
        key=_key,
        doc=lambda row: msgspec.json.encode(whole(row, found)).decode(),
    )


@blueprint.route("/requirements/<string:standard>/<string:edition>/<string:requirement>")
@guard(Noun.CATALOG, door=Door.ANYBODY)
@blueprint.response(200, RequirementOut)
@problems(blueprint, 401, 403, 404, 503)
def get_requirement(standard: str, edition: str, requirement: str, **_: Any) -> Response:
    """One requirement of one edition: text, clause, source, weight, history, worked examples.

    What it asks never changes: the bytes are at `source.address`. What may change are `weights`
    and `history`, when somebody adopts an edition.
    """
    found = released()
    known = found.catalog.standards.get((standard, edition))
    row = known.requirements.get(requirement) if known else None
    if row is None:
        raise NotFound
    return answer_json(msgspec.json.encode(whole(row, found)).decode())
