"""Every error answer: `application/problem+json` (RFC 9457) with a stable slug as its type.

The only place that knows HTTP status codes of errors.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, g, json
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from audit_api.domain import errors
from audit_api.domain.errors import DomainError
from audit_api.storage.evidence.photo_store import BucketUnavailable

log = structlog.get_logger()

STATUS: Mapping[type[DomainError], int] = {
    errors.NotFound: 404,
    errors.NotAuthenticated: 401,
    errors.BadCredentials: 401,
    errors.DeviceRevoked: 403,
    errors.Forbidden: 403,
    errors.TooManyAttempts: 429,
    errors.CodeNotUsable: 422,
    errors.MalformedBody: 400,
    errors.InvalidInput: 422,
    errors.BodyTooLarge: 413,
    errors.UnsupportedEncoding: 415,
    errors.LengthRequired: 411,
    errors.BodyCutShort: 400,
    errors.HashMismatch: 422,
    errors.MalformedHeader: 400,
    errors.TusVersionNeeded: 412,
    errors.OffsetDiffers: 409,
    errors.TakenOver: 409,
    errors.UploadGone: 410,
    errors.ChecksumDiffers: 460,  # a status of tus
    errors.TooManyUploads: 429,
    errors.StoreFull: 507,
    errors.DirectNotOffered: 409,
    errors.NotYetThere: 409,
    errors.NoPreview: 404,
    errors.RangeOutside: 416,
    errors.BadCursor: 400,
    errors.CursorGone: 410,
    errors.ScopeGone: 404,
    errors.NotReadyYet: 409,
    errors.ExportGone: 410,
    errors.TooManyExports: 429,
    errors.FourEyes: 403,
    errors.AlreadyDecided: 409,
    errors.StillHeld: 422,
    errors.BytesChanged: 409,
    errors.DecisionRefused: 422,
    errors.NotCurrent: 409,
    errors.MoveRefused: 409,
    errors.KeyReused: 422,
    errors.StillRunning: 409,
    errors.HandInQuotaSpent: 429,
}


def problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    **members: Any,
) -> Response:
    """One problem object. `detail` says what, where, why and what to do next."""
    body = {
        "type": f"urn:audit-api:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        **members,
    }
    answer = Response(
        json.dumps(body, ensure_ascii=False) + "\n",
        status=status,
        content_type="application/problem+json",
    )
    answer.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="audit_api"'
    return answer


def problem_of(error: DomainError) -> Response:
    """The answer to a domain error."""
    faults = [{"pointer": f.pointer, "code": f.code, "detail": f.detail} for f in error.faults]
    members = dict(error.extra)
    if faults:
        members["errors"] = faults
    answer = problem(STATUS[type(error)], error.slug, error.title, error.detail, **members)
    if "retry_after" in error.extra:
        answer.headers["Retry-After"] = str(error.extra["retry_after"])
    return answer


def slug_of(name: str) -> str:
    """`Method Not Allowed` as `method-not-allowed`."""
    return re.sub(r"[^a-z]+", "-", name.lower()).strip("-")


def _flatten(messages: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flatten(inner, f"{pointer}/{key}")
    elif isinstance(messages, list | tuple):
        for message in messages:
            if isinstance(message, Mapping | list):
                yield from _flatten(message, pointer)
            else:
                yield {"pointer": pointer, "code": "invalid", "detail": str(message)}
    else:
        yield {"pointer": pointer, "code": "invalid", "detail": str(messages)}


def _http_exception(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    code = error.code or 500
    if code == HTTPStatus.NOT_FOUND:
        return problem_of(errors.NotFound())
    data = getattr(error, "data", None) or {}
    messages = data.get("messages")
    if code == HTTPStatus.UNPROCESSABLE_ENTITY and messages is not None:
        # The first level says where: json, query or path. A pointer needs only what follows.
        faults = [fault for inner in messages.values() for fault in _flatten(inner)]
        refused = errors.InvalidInput
        return problem(
            422,
            refused.slug,
            refused.title,
            "; ".join(f"{f['pointer']}: {f['detail']}" for f in faults[:5]),
            errors=faults[:50],
        )
    answer = problem(code, slug_of(error.name), error.name, error.description or error.name)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _busy(error: Exception) -> Response:
    log.warning("database_unavailable", error=type(error).__name__, detail=str(error)[:300])
    answer = problem(
        503,
        "database-unavailable",
        "The database does not answer just now",
        "Nothing was lost and nothing was changed. Try again in a few seconds.",
    )
    answer.headers["Retry-After"] = "5"
    return answer


def _bucket_away(error: BucketUnavailable) -> Response:
    log.warning("bucket_unavailable", detail=str(error)[:300])
    answer = problem(
        503,
        "bucket-unavailable",
        "The photo store does not answer just now",
        "The photo was not taken in. Try again in a few seconds; everything else works meanwhile.",
    )
    answer.headers["Retry-After"] = "5"
    return answer


def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen", error=type(error).__name__)
    return problem(
        500,
        "internal",
        "Something went wrong on the server",
        "Nothing you sent was changed. Try again; if it comes back, report the request id.",
        request_id=getattr(g, "request_id", None),
    )


def register(app: Flask) -> None:
    """Answer every error of the application in this form."""
    app.register_error_handler(DomainError, problem_of)
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(PoolTimeout, _busy)
    # From statements that go to the driver by themselves: see `storage.base.ask`.
    app.register_error_handler(psycopg.OperationalError, _busy)
    app.register_error_handler(BucketUnavailable, _bucket_away)
    app.register_error_handler(Exception, _unforeseen)
