"""Tablets pull what changed in their scopes. The protocol is in docs/sync.md."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.errors import CursorGone
from audit_api.http.auth import Door, guard, now
from audit_api.http.blueprints import Blueprint, Schema, WholeNumber, problems
from audit_api.http.paging import answer_json, read_cursor, signer
from audit_api.http.pull_state import PullState
from audit_api.storage import feed
from audit_api.storage.feed import START

blueprint = Blueprint("pull", __name__, description="What tablets get: everything in their scopes.")


class PullQuery(Schema):
    """Where to go on."""

    cursor = fields.String(load_default=None)
    limit = WholeNumber(load_default=500, validate=validate.Range(1, 1000))


class PulledSchema(Schema):
    """One page of changes: `[scope, kind, id, document or null]` each."""

    epoch = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)
    items = fields.List(fields.List(fields.Raw(allow_none=True)), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)
    until = fields.Integer(required=True)
    server_time = fields.AwareDateTime(required=True)


@blueprint.route("/sync/pull")
@guard(door=Door.DEVICE)
@blueprint.arguments(PullQuery, location="query")
@blueprint.response(200, PulledSchema)
@problems(blueprint, 400, 401, 403, 410, 422, 503)
def pull(query: dict[str, Any], *, session: Session, actor: Actor) -> Response:
    """What changed since the cursor, in the scopes that the owner's grants open now."""
    scopes = _scopes(actor)
    epoch = feed.epoch(session)
    state = _read_state(query["cursor"], epoch)
    known = [scope for scope in scopes if scope in state.scopes]
    fresh = [scope for scope in scopes if scope not in state.scopes]
    # A scope granted meanwhile starts its catching-up at the beginning.
    catching_up = state.fresh_after if set(fresh) == set(state.fresh) else START
    until = state.until or feed.horizon(session)
    page = feed.read_page(
        session,
        known=known,
        known_after=state.after,
        fresh=fresh,
        fresh_after=catching_up,
        until=until,
        limit=query["limit"],
    )
    following = state.advanced(known, fresh, catching_up, page, until)
    cursor = str(signer("pull").dumps([epoch.hex, *following.as_list()]))
    if query["cursor"] == cursor:
        return Response(status=304, headers={"ETag": f'"{cursor}"'})
    listed = ",".join(f'"{scope}"' for scope in scopes)
    return answer_json(
        f'{{"epoch":"{epoch}","scopes":[{listed}],"items":[{page.items}],"cursor":"{cursor}",'
        f'"more":{str(page.more).lower()},"until":{until},"server_time":"{now().isoformat()}"}}',
    )


def _read_state(cursor: str | None, epoch: UUID) -> PullState:
    said = read_cursor("pull", cursor)
    if said is None:
        return PullState()
    if said[0] != epoch.hex:
        raise CursorGone(
            "The database was restored since. Pull again without a cursor; keep what you owe."
        )
    return PullState.from_list(said[1:])


def _scopes(actor: Actor) -> list[str]:
    territories = scope_of(actor, Noun.CATALOG).territories
    return [*sorted(map(feed.territory_scope, territories)), feed.person_scope(actor.person)]
