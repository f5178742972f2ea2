"""Tablets pull what changed in their scopes. The protocol is in docs/sync.md."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from flask import Response, current_app, request
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.errors import BadCursor, CursorGone
from audit_api.http.auth import Door, database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, WholeNumber, problems
from audit_api.http.law.catalog import catalogs, listing
from audit_api.http.sync.pull_notes import note_pull
from audit_api.http.sync.pull_state import PullState, joined
from audit_api.storage.base import Answered
from audit_api.storage.sync import feed, feed_pages
from audit_api.storage.sync.feed_pages import START, Look

blueprint = Blueprint("pull", __name__, description="What tablets get: everything in their scopes.")

# Below this a packet is saved by nothing.
_WORTH_PACKING: Final = 1_200


class PullQuery(Schema):
    """Where to go on."""

    cursor = fields.String(load_default=None)
    limit = WholeNumber(load_default=500, validate=validate.Range(1, 1000))


class PulledSchema(Schema):
    """One page of changes: `[scope, kind, id, document or null, version]` each."""

    epoch = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)
    items = fields.List(fields.List(fields.Raw(allow_none=True)), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)
    until = fields.Integer(required=True)
    digest = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(),
        metadata={"description": "On the last page: `count` and `sum` of the versions by scope."},
    )
    catalog = fields.String(
        metadata={"description": "On the last page: SHA-256 of what GET /api/v1/catalog answers."}
    )
    server_time = fields.AwareDateTime(required=True)


@dataclass(frozen=True, slots=True)
class _Told:
    """What was asked beside the actor: the cursor as read, and a look at the feed from there."""

    state: PullState | None
    problem: BadCursor | None
    scopes: tuple[str, ...]
    answer: Answered


def _look_from_cursor(session: Session) -> _Told:
    """Ask, before it is known who asks, whether the feed has more in the cursor's scopes.

    Raises nothing: who is not known is told that first.
    """
    cursor = request.args.get("cursor")
    state, problem = None, None
    scopes: tuple[str, ...] = ()
    if cursor is not None:
        try:
            state = PullState.from_text(cursor, secret())
        except BadCursor as error:
            problem = error
        else:
            scopes = _scopes_of_marks.get(state.known, ())
    after = state.after if state else START
    return _Told(state, problem, scopes, feed_pages.ask_look(session, scopes, after))


# Which scopes the marks of a cursor stand for, as this process has learned.
_scopes_of_marks: dict[bytes, tuple[str, ...]] = {}
_MOST_REMEMBERED: Final = 10_000


def _remember(marks: bytes, scopes: Sequence[str]) -> None:
    if len(_scopes_of_marks) >= _MOST_REMEMBERED:
        _scopes_of_marks.clear()
    _scopes_of_marks[marks] = tuple(scopes)


@blueprint.route("/sync/pull")
@guard(door=Door.DEVICE, along=_look_from_cursor)
@blueprint.arguments(PullQuery, location="query")
@blueprint.response(200, PulledSchema)
@blueprint.alt_response(304, description="Nothing is new; keep the cursor.")
@problems(blueprint, 400, 401, 403, 410, 422, 503)
def pull(query: dict[str, Any], *, actor: Actor, told: _Told) -> Response:
    """What changed since the cursor, in the scopes that the owner's grants open now."""
    look = feed_pages.looked(told.answer)
    if told.problem is not None:
        raise told.problem
    state = told.state or PullState(look.epoch)
    _refuse_gone(state, look)
    scopes = scopes_of(actor)
    marks = joined(scopes)
    catalog = catalog_sha256(look)
    settled = state.known == marks and not state.until and state.catalog == catalog[:4]
    if settled and told.scopes and not look.news:
        note_pull(actor, epoch=look.epoch, until=look.horizon, scopes=scopes)
        return _nothing_new(query["cursor"])
    known, fresh, catching_up = state.split(scopes)
    until = state.until or look.horizon
    with database().at_once() as session:
        page = feed_pages.read_page(
            session,
            known=known,
            known_after=state.after,
            fresh=fresh,
            fresh_after=catching_up,
            until=until,
            limit=query["limit"],
        )
        end = page.end or START
        if page.more:
            following = PullState(
                look.epoch,
                max(state.after, end),
                joined(known),
                max(catching_up, end),
                joined(fresh),
                until,
                state.catalog,
            )
            return answer_pulled(scopes, page.items, following, until)
        nothing = settled and page.end is None
        digest = None if nothing else feed_pages.digest(session, scopes, until)
    note_pull(actor, epoch=look.epoch, until=until, scopes=scopes)
    _remember(marks, scopes)
    if nothing:
        return _nothing_new(query["cursor"])
    # Everything below the horizon was delivered. Its end, not the horizon itself: what happens
    # outside the scopes must not show in a cursor.
    after = max(state.after, catching_up, end)
    following = PullState(look.epoch, after, marks, catalog=catalog[:4])
    return answer_pulled(scopes, page.items, following, until, digest, catalog)


def _refuse_gone(state: PullState, look: Look) -> None:
    """Raise CursorGone for a cursor of another life of the database.

    A cursor of this epoch that is further than anything final is one too: the database was put
    back to what it was, in a way that does not show (docs/decisions/0022).
    """
    ahead = max(state.after, state.fresh_after).xid >= look.horizon
    if state.epoch == look.epoch and not ahead:
        return
    if state.epoch == look.epoch:
        database().begin_epoch("a cursor is ahead of the feed", instead_of=look.epoch)
    raise CursorGone(
        "The database was restored since. Keep what you owe and what you hold, and send what "
        "you hold to POST /api/v1/sync/resync, or pull again without a cursor."
    )


def _nothing_new(cursor: str) -> Response:
    return Response(status=304, headers={"ETag": _etag(cursor)})


def answer_pulled(
    scopes: Sequence[str],
    items: str,
    following: PullState,
    until: int,
    digest: str | None = None,
    catalog: bytes = b"",
) -> Response:
    """A page in the shape that pull and resync share; the last one has a digest."""
    cursor = following.as_text(secret())
    listed = ",".join(f'"{scope}"' for scope in scopes)
    last = "" if digest is None else f'"digest":{{{digest}}},"catalog":"{catalog.hex()}",'
    return answer_packed(
        f'{{"epoch":"{following.epoch}","scopes":[{listed}],"items":[{items}],'
        f'"cursor":"{cursor}","more":{str(digest is None).lower()},"until":{until},{last}'
        f'"server_time":"{now().isoformat()}"}}',
        ETag=_etag(cursor),
    )


def answer_packed(text: str, **headers: str) -> Response:
    """JSON text as an answer, packed with gzip when it is long and the caller takes that."""
    data = text.encode()
    answer = Response(content_type="application/json")
    if len(data) > _WORTH_PACKING and request.accept_encodings.quality("gzip"):
        data = gzip.compress(data, 6, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
    answer.data = data
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Vary"] = "Authorization, Accept-Encoding"
    answer.headers.update(headers)
    return answer


def _etag(cursor: str) -> str:
    """The cursor's own signature: as good as the cursor, and short however many scopes it has."""
    return f'"{cursor.rpartition(".")[2]}"'


def catalog_sha256(look: Look) -> bytes:
    """The digest of the catalog's list as of a look at the feed."""
    catalog = catalogs().newest
    if catalog.version != look.catalog_version:
        with database().reading() as session:
            catalog = catalogs().current(session)
    return listing(catalog).sha256


@lru_cache(maxsize=1024)
def _ordered(territories: frozenset[Any]) -> tuple[str, ...]:
    return tuple(sorted(map(feed.territory_scope, territories)))


def scopes_of(actor: Actor) -> list[str]:
    """The feed's scopes that an actor's grants open now."""
    territories = scope_of(actor, Noun.CATALOG).territories
    return [*_ordered(territories), feed.person_scope(actor.person)]


def secret() -> str:
    """What signs cursors."""
    found: str = current_app.config["SECRET_KEY"]
    return found
