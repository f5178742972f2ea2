"""JSON with one spelling, so that a document has one SHA-256 wherever it is reckoned.

Members sorted by name, no white space, UTF-8, no escapes but those that JSON needs: what
`jq -cSj .` prints. Numbers are integers only: how a fraction is spelled differs between programs.
"""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """A JSON value in its one spelling. Raises TypeError for a float and for what is no JSON."""
    _refuse_floats(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def sha256_of(document: bytes) -> bytes:
    """The 32 bytes that a document is known by."""
    return hashlib.sha256(document).digest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r} has no one spelling; write a whole number of a smaller unit")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _refuse_floats(inner)
