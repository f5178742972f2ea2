"""Files to take away: asked for, made by the worker, fetched by whoever asked (docs/papers.md)."""

from typing import Any, Final
from uuid import UUID

from flask import Response, current_app, request, stream_with_context
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun
from audit_api.domain.errors import ExportGone, NotFound, NotReadyYet
from audit_api.domain.vocabulary import (
    ExportState,
    Language,
    Severity,
    UserGroup,
    ViolationState,
)
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, problems
from audit_api.http.once import once, repeatable
from audit_api.http.paging import PageQuery, answer_json, answer_page, read_cursor
from audit_api.services.exports.ask import Asked, ask_export
from audit_api.services.exports.kinds_of_files import KINDS
from audit_api.settings import Settings
from audit_api.storage.exports import Export, find_export
from audit_api.storage.file_store import FileStore
from audit_api.storage.lists.exports import as_json, list_exports
from audit_api.storage.lists.selection import keyed

blueprint = Blueprint(
    "exports",
    __name__,
    description="Files to take away: papers as PDF, and tables. Asked for with 202, made in the "
    "background with the grants that the person has by then, kept for a week. See docs/papers.md.",
)
FORMATS: Final = sorted({name for kind in KINDS.values() for name in kind.makers})


class ExportFilters(Schema):
    """What a list may be narrowed by, as the list itself; each kind takes some of them."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    campaign = Text(40)
    constituency = fields.Integer(strict=True, validate=validate.Range(1, 10_000))
    site = fields.UUID()
    requirement = Text(100)
    standard = Text(100)
    severity = fields.String(validate=validate.OneOf(list(Severity)))
    user_group = fields.String(validate=validate.OneOf(list(UserGroup)))
    state = fields.String(validate=validate.OneOf(list(ViolationState)))
    overdue = fields.Boolean(truthy={True}, falsy={False})
    usable_on_the_day = fields.Boolean(truthy={True}, falsy={False})


class ExportIn(Schema):
    """What file to make."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(KINDS)),
        metadata={
            "description": "`violations`: the list; `served_list`, `act`, `task`: one, by its id; "
            "`briefing`: the headquarters' page of a campaign."
        },
    )
    format = fields.String(required=True, validate=validate.OneOf(FORMATS))
    language = fields.String(
        validate=validate.OneOf(list(Language)),
        metadata={"description": "Left out: the language of the account."},
    )
    filters = fields.Nested(ExportFilters, load_default=dict)
    id = fields.UUID(load_default=None, allow_none=True)


class ExportOut(Schema):
    """A file that was asked for, and how far it is."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    format = fields.String(required=True)
    language = fields.String(required=True)
    asked = fields.Dict(required=True, metadata={"description": "`filters` and `id`."})
    asked_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(ExportState)))
    done = fields.Integer(required=True, metadata={"description": "Of `total`: rows or photos."})
    total = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null while nobody knows."}
    )
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    problem = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "Why it failed: type, title and detail, as in a problem."},
    )
    file = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "Once done: href, name, content_type, bytes, sha256, expires_at and, "
            "of a paper, `verify`: the address that says whether it is genuine."
        },
    )


class ExportPage(Schema):
    """One page of files."""

    items = fields.List(fields.Nested(ExportOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/exports", methods=["POST"])
@guard(Noun.CATALOG, writing=True)
@blueprint.arguments(ExportIn)
@blueprint.response(202, ExportOut)
@repeatable(blueprint)
@problems(blueprint, 400, 401, 403, 404, 409, 415, 422, 429, 503)
def ask(said: dict[str, Any], *, session: Session, actor: Actor, **_: Any) -> Response:
    """Ask for a file. `Location` is where it is told how far it is."""
    # Everybody reads sites somewhere; which noun the kind is of is looked at where it is asked.
    filters = {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in said["filters"].items()
    }
    asked = Asked(
        said["kind"], said["format"], said.get("language") or actor.language, filters, said["id"]
    )

    def work() -> UUID:
        return ask_export(session, actor, asked, base_url=public_url(), at=now())

    export = once(session, actor, work)
    answer = answer_json(as_json(session, actor.person, export) or "null")
    answer.status_code = 202
    answer.headers["Location"] = f"/api/v1/exports/{export}"
    answer.headers["Retry-After"] = "1"
    return answer


@blueprint.route("/exports")
@guard()
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, ExportPage)
@problems(blueprint, 400, 401, 403, 422, 503)
def list_own(query: dict[str, Any], *, session: Session, actor: Actor) -> Response:
    """What the caller asked for, oldest first."""
    rows = list_exports(
        session,
        actor.person,
        after=read_cursor("exports", query["cursor"]),
        limit=query["limit"],
    )
    return answer_page(
        rows, purpose="exports", limit=query["limit"], key=keyed, doc=lambda row: str(row[0])
    )


@blueprint.route("/exports/<uuid:export>")
@guard()
@blueprint.response(200, ExportOut)
@problems(blueprint, 401, 403, 404, 503)
def get_export(export: UUID, *, session: Session, actor: Actor) -> Response:
    """How far a file is; only of the caller's own."""
    found = as_json(session, actor.person, export)
    if found is None:
        raise NotFound
    return answer_json(found)


@blueprint.route("/exports/<uuid:export>/file")
@guard()
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@problems(blueprint, 401, 403, 404, 409, 410, 503)
def get_file(export: UUID, *, session: Session, actor: Actor) -> Response:
    """The file, while the caller still has every grant that it was made with."""
    found = find_export(session, actor.person, export)
    if found is None:
        raise NotFound
    if found.state != ExportState.DONE:
        raise NotReadyYet(
            f"It is {found.state}. GET /api/v1/exports/{export} says how far it is, and why it "
            "failed if it did.",
            extra={"state": found.state},
        )
    _refuse_lost_grants(actor, found)
    chunks = None
    if found.expires_at is not None and found.expires_at > now():
        chunks = files().read(found.file_key or "")
    if chunks is None:
        raise ExportGone("Files are kept for a week. Ask for it again with POST /api/v1/exports.")
    answer = Response(stream_with_context(chunks), content_type=found.content_type)
    answer.headers["Content-Length"] = str(found.file_bytes)
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = "sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _refuse_lost_grants(actor: Actor, found: Export) -> None:
    """What was made with wider grants is not there for whoever lost one of them."""
    held = {(grant.role.value, str(grant.territory)) for grant in actor.grants}
    if not held.issuperset((role, territory) for role, territory in found.grants or ()):
        raise NotFound


def files() -> FileStore:
    """The files in the bucket."""
    store: FileStore = current_app.extensions["file_store"]
    return store


def public_url() -> str:
    """Where people reach this server: the setting, else what the request was sent to."""
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url or request.host_url.rstrip("/")
