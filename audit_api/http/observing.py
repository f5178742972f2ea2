"""One JSON line and two figures per request, under one request id."""

import hashlib
import logging
import re
import sys
import time
from base64 import b64encode
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

REQUESTS = Counter("audit_api_requests", "Requests answered.", ["method", "endpoint", "status"])
SECONDS = Histogram("audit_api_request_seconds", "Time to answer.", ["endpoint"])
log = structlog.get_logger()
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_KEY = re.compile(r"(?i)(/openrosa/key/)[^/?#\s]+")


def redacted(text: str) -> str:
    """A path or address without the token that ODK Collect has in it."""
    return _KEY.sub(r"\1[token]", text)


def configure_logging(level: str) -> None:
    """JSON lines to standard error. JSON escapes whatever a caller put into a value."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def observe(app: Flask) -> None:
    """Log and count every request of `app`; answer with its `X-Request-Id`."""

    @app.before_request
    def begin() -> None:
        sent = request.headers.get("X-Request-Id", "")
        g.request_id = sent if _SAFE_ID.fullmatch(sent) else uuid4().hex
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(answer: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        endpoint = request.endpoint or "none"
        REQUESTS.labels(request.method, endpoint, answer.status_code).inc()
        SECONDS.labels(endpoint).observe(seconds)
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        if answer.status_code < 300 and answer.is_json and not answer.is_streamed:
            # A damaged answer must not pass for another one (RFC 9530); tablets check it.
            digest = b64encode(hashlib.sha256(answer.get_data()).digest()).decode()
            answer.headers["Content-Digest"] = f"sha-256=:{digest}:"
        fields: dict[str, Any] = {
            "method": request.method,
            "path": redacted(request.path)[:300],
            "endpoint": endpoint,
            "status": answer.status_code,
            "ms": round(seconds * 1000, 1),
            "bytes": answer.content_length,
        }
        log.info("request", **fields)
        return answer
