"""Files for the first sync, one a territory, that a cut download can go on with.

The protocol is in docs/sync.md.
"""

from typing import Any

from flask import Response, request
from marshmallow import fields
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import NotFound
from audit_api.http.auth import Door, database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.sync.pull import answer_packed, scopes_of, secret
from audit_api.http.sync.pull_state import PullState, joined
from audit_api.storage.base import Answered
from audit_api.storage.sync import feed, feed_pages, snapshots
from audit_api.storage.sync.feed_pages import START, Look
from audit_api.storage.sync.snapshots import Listed

blueprint = Blueprint(
    "snapshots", __name__, description="Files for a tablet's first sync, packed once for all."
)


class SnapshotSchema(Schema):
    """One file: where it is, and what must come out of it."""

    scope = fields.String(required=True)
    address = fields.String(required=True)
    sha256 = fields.String(required=True)
    bytes = fields.Integer(required=True)
    count = fields.Integer(required=True)
    sum = fields.Integer(required=True)


class SnapshotsSchema(Schema):
    """All files that a tablet needs, and the cursor to go on with when it has stored them."""

    epoch = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)
    files = fields.List(fields.Nested(SnapshotSchema), required=True)
    cursor = fields.String(required=True)
    server_time = fields.AwareDateTime(required=True)


def _look(session: Session) -> Answered:
    return feed_pages.ask_look(session, (), START)


@blueprint.route("/sync/snapshots")
@guard(door=Door.DEVICE, along=_look)
@blueprint.response(200, SnapshotsSchema)
@problems(blueprint, 401, 403, 503)
def list_snapshots(*, actor: Actor, told: Answered) -> Response:
    """The files of all territories that the tablet may read; missing and old ones are made now."""
    look = feed_pages.looked(told)
    person = feed.person_scope(actor.person)
    territories = [scope for scope in scopes_of(actor) if scope != person]
    files = _fresh_files(territories, look)
    # What moved behind a file comes with the first pull: behind the eldest place of those, or
    # behind the end of all. Not behind the horizon: what happens elsewhere must not show.
    behind = [file.behind for file in files if file.behind is not None]
    after = min([max((file.last for file in files), default=START), *behind])
    known = joined([file.scope for file in files])
    cursor = PullState(look.epoch, after, known).as_text(secret())
    listed = ",".join(_listed(file) for file in files if file.items)
    scopes = ",".join(f'"{scope}"' for scope in [*territories, person])
    return answer_packed(
        f'{{"epoch":"{look.epoch}","scopes":[{scopes}],"files":[{listed}],'
        f'"cursor":"{cursor}","server_time":"{now().isoformat()}"}}'
    )


def _fresh_files(scopes: list[str], look: Look) -> list[Listed]:
    at = now()
    with database().reading() as session:
        found = snapshots.listed(session, scopes, look.epoch, look.horizon, at)
    old = [scope for scope in scopes if scope not in found or not found[scope].fresh]
    for scope in old:
        # One transaction each: nobody waits for more than one file of somebody else.
        with database().writing() as session:
            snapshots.renew(session, scope, look.epoch, at)
    if old:
        with database().reading() as session:
            found = snapshots.listed(session, scopes, look.epoch, look.horizon, at)
    return [found[scope] for scope in scopes if scope in found]


def _listed(file: Listed) -> str:
    return (
        f'{{"scope":"{file.scope}","address":"/api/v1/sync/snapshot/{file.scope}/{file.sha256}",'
        f'"sha256":"{file.sha256}","bytes":{file.bytes},"count":{file.items},'
        f'"sum":{file.version_sum}}}'
    )


@blueprint.route("/sync/snapshot/<string:scope>/<string:sha256>")
@guard(door=Door.DEVICE)
@blueprint.response(
    200,
    {"type": "string", "contentMediaType": "application/gzip"},
    content_type="application/gzip",
)
@blueprint.alt_response(
    206,
    schema={"type": "string", "contentMediaType": "application/gzip"},
    content_type="application/gzip",
    description="The part that `Range` names, when `If-Range` holds.",
)
@problems(blueprint, 401, 403, 404, 416, 503)
def get_snapshot(scope: str, sha256: str, *, session: Session, actor: Actor, **_: Any) -> Response:
    """One file by its SHA-256. It never changes; send `Range` to go on with a cut download."""
    if scope not in scopes_of(actor):
        raise NotFound
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        raise NotFound from None
    data = snapshots.find_file(session, scope, digest)
    if data is None:
        raise NotFound
    answer = Response(data, content_type="application/gzip")
    answer.set_etag(digest.hex())
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    answer.headers["Vary"] = "Authorization"
    answer.make_conditional(request, accept_ranges=True, complete_length=len(data))
    return answer
