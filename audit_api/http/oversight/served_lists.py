"""Served lists: what a prosecutor served, numbered and frozen, with what changed since."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.oversight import serving
from audit_api.domain.vocabulary import AddresseeKind, NotReady, Severity, UserGroup
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.filters import campaign_known, site_in_scope, territories_in_scope
from audit_api.http.law.catalog import catalog
from audit_api.http.once import once, repeatable
from audit_api.http.oversight.fabrication import asked_language
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.services.oversight.prepare_list import Addressee, Prepared, Wish, prepare_list
from audit_api.services.oversight.serve_list import serve_list, since_json
from audit_api.storage.lists import served_lists as lists
from audit_api.storage.lists.selection import Listed
from audit_api.storage.lists.served_lists import LetterFilter

blueprint = Blueprint(
    "served_lists",
    __name__,
    description="Lists of violations as a prosecutor served them: numbered, frozen, hashed. "
    "See docs/prosecutor.md.",
)


class AddresseeIn(Schema):
    """Who is written to."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf([*AddresseeKind, serving.COMMISSIONS]),
        metadata={"description": "An election commission is refused, with the reason."},
    )
    territory = Text(
        40,
        required=True,
        metadata={"description": "SOATE code: the body's own; else where the building stands."},
    )
    name = Text(
        300,
        load_default=None,
        allow_none=True,
        metadata={"description": "Of the owner or the institution, as the letter names it."},
    )


class ServedFilters(Schema):
    """What the list holds of the addressee's violations that have not ended."""

    constituency = fields.Integer(strict=True, validate=validate.Range(1, 10_000))
    site = fields.UUID()
    requirement = Text(100)
    standard = Text(100)
    severity = fields.String(validate=validate.OneOf(list(Severity)))
    user_group = fields.String(validate=validate.OneOf(list(UserGroup)))


class ListIn(Schema):
    """What to serve, and to whom."""

    campaign = Text(40, required=True)
    addressee = fields.Nested(AddresseeIn, required=True)
    filters = fields.Nested(ServedFilters, load_default=dict)
    violations = fields.List(
        fields.UUID(),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, serving.MOST_ROWS),
        metadata={"description": "These alone. Left out: all that the filters choose."},
    )
    office = Text(
        40,
        load_default=None,
        allow_none=True,
        metadata={"description": "SOATE code of your own grant; left out: the nearest."},
    )
    since = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 1_000_000_000),
        metadata={"description": "Number of the list to compare with; left out: the last."},
    )


class ListPost(ListIn):
    """What to serve, and whether to serve the rest when something of it cannot be."""

    skip_not_ready = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Leave out what cannot be served, and say so in the list."},
    )


class LetterQuery(PageQuery):
    """What lists and acts may be narrowed by."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    addressee_kind = fields.String(validate=validate.OneOf(list(AddresseeKind)))
    violation = fields.UUID(metadata={"description": "Only what this violation is in."})


class ServedOut(Schema):
    """A list in brief."""

    id = fields.UUID(required=True)
    number = fields.Integer(
        required=True,
        metadata={"description": "Of the office in the campaign: 1, 2, 3 … without a gap."},
    )
    campaign = fields.String(required=True)
    office = fields.String(
        required=True, metadata={"description": "SOATE code of the prosecutor's territory."}
    )
    addressee = fields.Dict(required=True)
    served_on = fields.Date(required=True)
    served_at = fields.AwareDateTime(required=True)
    served_by = fields.String(required=True)
    violations = fields.Integer(required=True, metadata={"description": "How many it has."})
    sha256 = fields.String(required=True, metadata={"description": "Of the document."})


class ServedWhole(ServedOut):
    """A list as it was served."""

    document = fields.Dict(
        required=True,
        metadata={
            "description": "Canonical JSON: members sorted, no white space, UTF-8. `sha256` is of "
            "these bytes (`jq -cSj .document | sha256sum`). Rows with fact, threshold, clause, "
            "weight, measured and required values, site, photos; `since`: what became of the "
            "list before; `left_out`: what could not be served, and why."
        },
    )


class ServedPage(Schema):
    """One page of lists."""

    items = fields.List(fields.Nested(ServedOut), required=True)
    next = fields.String(required=True, allow_none=True)


class NotReadyOut(Schema):
    """A violation that cannot be served."""

    violation = fields.UUID(required=True)
    state = fields.String(required=True)
    reasons = fields.List(fields.String(validate=validate.OneOf(list(NotReady))), required=True)
    text = fields.String(required=True, metadata={"description": "In the asked language."})
    missing = fields.List(
        fields.String(), required=True, metadata={"description": "SHA-256 of absent originals."}
    )


class PreviewOut(Schema):
    """What would be served."""

    office = fields.String(required=True)
    ready = fields.List(fields.UUID(), required=True)
    not_ready = fields.List(fields.Nested(NotReadyOut), required=True)
    since = fields.Dict(required=True, allow_none=True)


@blueprint.route("/served-lists")
@guard(Noun.ACTS)
@blueprint.arguments(LetterQuery, location="query")
@blueprint.response(200, ServedPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_served(query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Served lists, oldest first; the head of a body of local self-government sees its own."""
    return answer_rows("served lists", query, served_asked(session, actor, scope, query))


def served_asked(session: Session, _: Actor, scope: Scope, query: dict[str, Any]) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    wanted = letter_filter(session, scope, query)
    return partial(lists.list_served, session, scope, wanted, today=today(now()))


@blueprint.route("/served-lists", methods=["POST"])
@guard(Noun.ACTS, "write", writing=True)
@blueprint.arguments(ListPost)
@blueprint.response(201, ServedWhole)
@repeatable(blueprint)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 503)
def serve(said: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """Serve a list: from now on nothing of it changes. Sent twice without a key, it is two."""
    served = once(
        session,
        actor,
        lambda: serve_list(
            session,
            actor,
            scope,
            _wish(session, scope, said),
            catalog(),
            skip_not_ready=said["skip_not_ready"],
            at=now(),
        ),
    )
    answer = _whole(session, scope, served)
    answer.status_code = 201
    answer.headers["Location"] = f"/api/v1/served-lists/{served}"
    return answer


@blueprint.route("/served-lists/previews", methods=["POST"])
@guard(Noun.ACTS, "write")
@blueprint.arguments(ListIn)
@blueprint.response(200, PreviewOut)
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def preview(said: dict[str, Any], *, session: Session, actor: Actor, scope: Scope) -> Response:
    """What would be served, what not and why, what became of the list before; writes nothing."""
    wish = _wish(session, scope, said)
    made = prepare_list(session, actor, scope, wish, catalog(), at=now(), hold=False)
    language = asked_language(actor)
    answer = answer_json(msgspec.json.encode(_previewed(made, language)).decode())
    answer.headers["Content-Language"] = language
    return answer


@blueprint.route("/served-lists/<uuid:served_list>")
@guard(Noun.ACTS)
@blueprint.response(200, ServedWhole)
@problems(blueprint, 401, 403, 404, 503)
def get_served(served_list: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """One list, byte for byte as it was served."""
    return _whole(session, scope, served_list)


def letter_filter(session: Session, scope: Scope, query: dict[str, Any]) -> LetterFilter:
    """The filter that a query asks for; NotFound for a place outside the scope."""
    campaign_known(session, scope, query.get("campaign"))
    return LetterFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        **{name: query.get(name) for name in ("campaign", "addressee_kind", "violation")},
    )


def _wish(session: Session, scope: Scope, said: dict[str, Any]) -> Wish:
    campaign_known(session, scope, said["campaign"])
    site_in_scope(session, scope, said["filters"].get("site"))
    picked = said["violations"]
    return Wish(
        campaign=said["campaign"],
        addressee=Addressee(**said["addressee"]),
        filters=said["filters"],
        picked=None if picked is None else frozenset(picked),
        office=said["office"],
        since=said["since"],
    )


def _previewed(made: Prepared, language: str) -> dict[str, Any]:
    return {
        "office": made.office.code,
        "ready": [row["violation"] for row in made.rows],
        "not_ready": [
            {
                "violation": refused.violation,
                "state": refused.state,
                "reasons": refused.reasons,
                "text": " ".join(
                    serving.reason_in_words(reason, refused.state, refused.missing)[language]
                    for reason in refused.reasons
                ),
                "missing": refused.missing,
            }
            for refused in made.not_ready
        ],
        "since": since_json(made),
    }


def _whole(session: Session, scope: Scope, served: UUID) -> Response:
    found = lists.find_served(session, scope, served, today(now()))
    if found is None:
        raise NotFound
    doc, document = found
    # The bytes themselves, so that whoever has the answer can reckon the hash.
    return answer_json(f'{doc[:-1]},"document":{document.decode()}}}')
