"""Pages by key: a signed cursor, `next` as a relative address, the Link header and an ETag."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import fields, validate

from audit_api.domain.errors import BadCursor
from audit_api.http.blueprints import Schema, WholeNumber
from audit_api.storage.lists.selection import AnyRow, Listed, keyed

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class PageQuery(Schema):
    """What every list takes."""

    limit = WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MAX_LIMIT),
        metadata={"description": f"Items a page, 1 to {MAX_LIMIT}."},
    )
    cursor = fields.String(
        load_default=None, metadata={"description": "From `next` of the page before."}
    )


def signer(purpose: str) -> URLSafeSerializer:
    """Signs cursors of one purpose, so that a cursor of one list opens no other."""
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=purpose)


def read_cursor(purpose: str, cursor: str | None) -> Any:
    """What a cursor says, or None without one. BadCursor for one this server did not sign."""
    if cursor is None:
        return None
    try:
        return signer(purpose).loads(cursor)
    except BadSignature:
        raise BadCursor(
            "It was not made by this list. Take `next` as it is, or leave the cursor out."
        ) from None


def answer_json(text: str, **headers: str) -> Response:
    """JSON text as an answer with an ETag of its content; 304 when the caller has it."""
    data = text.encode()
    answer = Response(data, content_type="application/json")
    answer.set_etag(hashlib.blake2b(data, digest_size=16).hexdigest())
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Authorization"
    answer.headers.update(headers)
    answer.make_conditional(request)
    return answer


def answer_page(
    rows: Sequence[Any],
    *,
    purpose: str,
    limit: int,
    key: Callable[[Any], Any],
    doc: Callable[[Any], str],
) -> Response:
    """One page of `rows` (one more than `limit` says that more is there)."""
    page = rows[:limit]
    address = None
    if len(rows) > limit:
        query = {name: value for name, value in request.args.items() if name != "cursor"}
        query["cursor"] = str(signer(purpose).dumps(key(page[-1])))
        address = f"{request.path}?{urlencode(query)}"
    items = ",".join(doc(row) for row in page)
    # Everything in the address is percent-encoded, so that it needs no JSON escapes.
    following = f'"{address}"' if address else "null"
    headers = {"Link": f'<{address}>; rel="next"'} if address else {}
    return answer_json(f'{{"items":[{items}],"next":{following}}}', **headers)


def _as_stored(row: AnyRow) -> str:
    return str(row[0])


def answer_rows(
    purpose: str,
    query: Mapping[str, Any],
    listed: Listed,
    *,
    key: Callable[[AnyRow], list[Any]] = keyed,
    doc: Callable[[AnyRow], str] = _as_stored,
) -> Response:
    """The page of a stored list that a query asks for, in the order of its `key`."""
    limit = query["limit"]
    rows = listed(after=read_cursor(purpose, query["cursor"]), limit=limit)
    return answer_page(rows, purpose=purpose, limit=limit, key=key, doc=doc)


def answer_listed(
    entries: Sequence[Any],
    query: Mapping[str, Any],
    *,
    purpose: str,
    key: Callable[[Any], list[Any]],
    doc: Callable[[Any], str],
) -> Response:
    """One page of a list that lies in memory, in the order of its `key`."""
    after = read_cursor(purpose, query["cursor"])
    rows = [entry for entry in entries if after is None or key(entry) > after]
    limit = query["limit"]
    return answer_page(rows[: limit + 1], purpose=purpose, limit=limit, key=key, doc=doc)
