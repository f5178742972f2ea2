"""What routes that hand out evidence to the byte have in common."""

import re

from flask import Response

from audit_api.domain.errors import NotFound

FOR_EVER = "private, max-age=31536000, immutable"
"""The cache of what an address with a hash in it names."""


def hash_in_path(sha256: str) -> bytes:
    """A SHA-256 in hex, as a path has it. Raises NotFound for what is none."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise NotFound
    return bytes.fromhex(sha256)


def named(answer: Response, etag: str, *, cache: str = FOR_EVER) -> Response:
    """The answer with its name, for whoever asks again, and for nobody else's cache."""
    answer.set_etag(etag)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = cache
    answer.headers["Vary"] = "Authorization"
    return answer
