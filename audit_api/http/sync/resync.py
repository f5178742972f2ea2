"""Resync: a tablet says what it holds, and gets what sets it apart. The protocol: docs/sync.md."""

import json
from typing import Any, Final
from uuid import UUID

from flask import Response, request
from marshmallow import fields

from audit_api.domain import strict_json
from audit_api.domain.access import Actor
from audit_api.domain.errors import BodyTooLarge, Fault, InvalidInput
from audit_api.http.auth import Door, database, guard
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.sync.pull import PulledSchema, answer_pulled, catalog_sha256, scopes_of
from audit_api.http.sync.pull_state import PullState, joined
from audit_api.storage.sync import feed_pages
from audit_api.storage.sync.feed_pages import START, Key

blueprint = Blueprint(
    "resync", __name__, description="What a tablet gets when its picture may be wrong."
)

MOST_ENTRIES: Final = 50_000
MOST_BYTES: Final = 6_000_000
PAGE: Final = 1_000
_START_ANEW: Final = (
    "Forget what was pulled, never the outbox, and GET /api/v1/sync/pull without a cursor."
)
_MOST_FAULTS: Final = 50


class ResyncSchema(Schema):
    """What the tablet holds: `[scope, kind, id, version]` each, in any order."""

    have = fields.List(fields.List(fields.Raw()), required=True)


def _nothing(_session: object) -> None:
    """Nothing is asked along: the feed is looked at when the body is here."""


@blueprint.route("/sync/resync", methods=["POST"])
@guard(door=Door.DEVICE, along=_nothing)
@blueprint.response(200, PulledSchema)
@blueprint.doc(
    requestBody={
        "required": True,
        "description": "JSON, or gzip of it with `Content-Encoding: gzip`; at most "
        f"{MOST_ENTRIES:,} entries and {MOST_BYTES // 1_000_000} MB unpacked.",
        "content": {"application/json": {"schema": ResyncSchema}},
    }
)
@problems(blueprint, 400, 401, 403, 413, 415, 422, 503)
def resync(*, actor: Actor, **_: Any) -> Response:
    """What is missing or other than the tablet says, `null` for what must go, and a cursor."""
    have = read_have(_read_body())
    scopes = scopes_of(actor)
    with database().at_once() as session:
        look = feed_pages.looked(feed_pages.ask_look(session, (), START))
        until = look.horizon
        differs = feed_pages.difference(session, scopes, have, until)
        page, more = differs.send[:PAGE], len(differs.send) > PAGE
        items = feed_pages.items_of(session, [key for _, key in page], until)
        digest = None if more else feed_pages.digest(session, scopes, until)
    gone = ",".join(
        json.dumps([scope, kind, str(entity), None, have[scope, kind, entity]])
        for scope, kind, entity in differs.forget
    )
    both = ",".join(filter(None, (gone, items)))
    if more:
        # The rest is what a tablet would pull that had come so far.
        end = page[-1][0]
        following = PullState(look.epoch, fresh_after=end, fresh=joined(scopes), until=until)
        return answer_pulled(scopes, both, following, until)
    catalog = catalog_sha256(look)
    following = PullState(look.epoch, differs.end, joined(scopes), catalog=catalog[:4])
    return answer_pulled(scopes, both, following, until, digest, catalog)


def _read_body() -> bytes:
    data = request.stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BodyTooLarge(f"A resync has at most {MOST_BYTES} bytes. {_START_ANEW}")
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    try:
        return strict_json.decompress(data, encoding, MOST_BYTES)
    except BodyTooLarge:
        raise BodyTooLarge(
            f"Unpacked, a resync has at most {MOST_BYTES} bytes. {_START_ANEW}"
        ) from None


def read_have(data: bytes) -> dict[Key, int]:
    """What a tablet says that it holds: version by key. Raises for what is not such a list."""
    said = strict_json.loads(data)
    members: dict[str, Any] = said if isinstance(said, dict) else {}
    faults = [
        Fault(f"/{strict_json.escape(name)}", "Unknown member; leave it out.", "unknown")
        for name in sorted(members.keys() - {"have"})[:_MOST_FAULTS]
    ]
    have = members.get("have")
    if faults or not isinstance(have, list):
        detail = 'Send {"have":[[scope, kind, id, version], …]} and nothing else.'
        raise InvalidInput(detail, faults=faults)
    if len(have) > MOST_ENTRIES:
        raise BodyTooLarge(f"A resync has at most {MOST_ENTRIES} entries. {_START_ANEW}")
    read: dict[Key, int] = {}
    for n, entry in enumerate(have):
        key, version, wrong = _entry(entry)
        if not wrong and key in read:
            wrong = "It stands there twice; send each thing once."
        if wrong:
            faults.append(Fault(f"/have/{n}", wrong, "bad-entry"))
            if len(faults) == _MOST_FAULTS:
                break
        else:
            read[key] = version
    if faults:
        raise InvalidInput(f"{faults[0].pointer}: {faults[0].detail}", faults=faults)
    return read


_NO_KEY: Final[Key] = ("", "", UUID(int=0))


def _entry(entry: object) -> tuple[Key, int, str]:
    """Key, version, and what is wrong with an entry."""
    match entry:
        case [str(scope), str(kind), str(name), int(version)] if type(version) is int:
            if len(scope) > 100 or len(kind) > 40:
                return _NO_KEY, 0, "Scope or kind is longer than any that was ever sent."
            if version < 0:
                return _NO_KEY, 0, "A version is never negative."
            try:
                return (scope, kind, UUID(name)), version, ""
            except ValueError:
                return _NO_KEY, 0, "The third member must be an id: a UUID."
    return _NO_KEY, 0, "Send [scope, kind, id, version]: three texts and a whole number."
