"""Inspections, with what was found in words."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.errors import NotFound
from audit_api.domain.vocabulary import InspectionState
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.law.catalog import catalog
from audit_api.http.oversight.fabrication import FlagsOut, asked_language, flags_in_words
from audit_api.http.paging import answer_json
from audit_api.services.law.read_assessment import read_assessment
from audit_api.services.oversight.return_inspection import return_inspection
from audit_api.storage.lists.inspections import find_inspection, list_returns
from field_schema import reasons
from field_schema.scoring import score

blueprint = Blueprint("inspections", __name__, description="Inspections.")


class ReturnOut(Schema):
    """A revision that technical supervision sent back for correction."""

    rev = fields.Integer(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class ReturnPost(Schema):
    """Which revision is sent back, and what is to be corrected; the inspector reads it."""

    rev = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    reason = Text(2000, required=True)


class ReturnsOut(Schema):
    """Every return of the inspection, the newest last."""

    items = fields.List(fields.Nested(ReturnOut), required=True)
    next = fields.String(required=True, allow_none=True)


class InspectionOut(Schema):
    """The current revision of an inspection, exactly as it came, and its assessment."""

    id = fields.UUID(required=True)
    rev = fields.Integer(required=True)
    corrects_rev = fields.Integer(required=True, allow_none=True)
    site = fields.UUID(required=True)
    campaign = fields.String(required=True)
    form = fields.String(required=True)
    device = fields.UUID(required=True)
    inspector = fields.String(required=True)
    channel = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    position = fields.Dict(required=True, allow_none=True)
    flags = fields.List(fields.String(), required=True)
    body_sha256 = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(InspectionState)))
    returns = fields.List(
        fields.Nested(ReturnOut),
        required=True,
        metadata={"description": "Every time it was sent back; a later revision is the answer."},
    )
    quarantine = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "How this revision came out of quarantine, if it was there: op, "
            "decision (released, repaired, replayed), reason, decided_by, decided_at, handed_in_at "
            "and original_sha256, of the body as it was handed in: a repair stores another one."
        },
    )
    photos = fields.List(fields.Dict(), required=True)
    awaited = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Photos that ODK Collect named by their files' names and that are still "
            "to come: id, element, question, name."
        },
    )
    assessment = fields.Dict(
        required=True,
        metadata={"description": "How it was judged; `score` counts up to election day."},
    )
    adjudicated = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "What it comes to with what supervision corrected and overturned: at, "
            "station_state, index, coverage_permille, score; sites and statistics tell this one. "
            "Null: the assessment stands."
        },
    )
    day_after = fields.Dict(
        required=True,
        metadata={
            "description": "The score as of the day after election day: temporary remedies have "
            "lapsed, and what they relieved counts again."
        },
    )
    fabrication_flags = fields.Nested(
        FlagsOut,
        required=True,
        allow_none=True,
        metadata={
            "description": "Signs that it was made up, for technical supervision: null for whoever "
            "may not read reviews at its site, and for its own inspector."
        },
    )
    body = fields.Dict(required=True)
    findings = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Every verdict: verdict, text (in the asked language), standard, "
            "edition, clause, clause_hint, weight, confidence, recalled (null, or the words to "
            "show beside a number recalled from memory), required, measured, tolerance, "
            "instrument, row, index, reason."
        },
    )


@blueprint.route("/inspections/<uuid:inspection>")
@guard(Noun.INSPECTIONS)
@blueprint.response(200, InspectionOut)
@problems(blueprint, 401, 403, 404, 503)
def get_inspection(
    inspection: UUID, *, session: Session, actor: Actor, scope: Scope, **_: Any
) -> Response:
    """One inspection: its body as it was sent, its photos, and every finding in words."""
    row = find_inspection(session, scope, inspection)
    if row is None:
        raise NotFound
    language = asked_language(actor)
    assessment = read_assessment(
        session,
        catalog(),
        findings=row[1],
        body=row[2],
        ruleset=row[3],
        building=(row[4], row[5], row[6]),
    )
    findings = [finding.as_json() for finding in assessment.findings]
    for finding in findings:
        finding["recalled"] = reasons.recalled_mark(finding["confidence"])
        finding["text"] = reasons.render(finding, language, catalog())
    after = score(assessment, on=row[7] + timedelta(days=1), election_day=row[7])
    flags = flags_in_words(session, scope_of(actor, Noun.REVIEWS), inspection, language)
    more = {"day_after": after.as_json(), "fabrication_flags": flags, "findings": findings}
    told = msgspec.json.encode(more).decode()
    return answer_json(f"{row[0][:-1]},{told[1:]}", **{"Content-Language": language})


@blueprint.route("/inspections/<uuid:inspection>/returns", methods=["POST"])
@guard(Noun.INSPECTIONS, "return", writing=True)
@blueprint.arguments(ReturnPost)
@blueprint.response(201, ReturnsOut, description="It is returned now.")
@blueprint.alt_response(200, schema=ReturnsOut, description="It was returned before.")
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def send_back(
    said: dict[str, Any], inspection: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Return the current revision for correction; it arrives at the inspector's next pull."""
    made = return_inspection(
        session, actor, scope, inspection, rev=said["rev"], reason=said["reason"], at=now()
    )
    answer = answer_json(f'{{"items":{list_returns(session, inspection)},"next":null}}')
    answer.status_code = 201 if made else 200
    return answer
