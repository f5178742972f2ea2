"""Resumable uploads: the words of tus 1.0.0 in its headers, read strictly.

https://tus.io/protocols/resumable-upload; what of it holds here stands in docs/tus.md.
"""

import hashlib
import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import timedelta

from audit_api.domain.errors import InvalidInput, MalformedHeader

VERSION = "1.0.0"
EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "checksum",
    "expiration",
    "termination",
)
ALGORITHMS = ("sha256", "sha1")
BYTES_TYPE = "application/offset+octet-stream"
# Days without a signal are usual; a tablet that comes back after a week starts a photo anew.
UNFINISHED_KEPT = timedelta(days=7)
# Bytes that turned out not to be what was declared, kept to find out why.
REFUSED_KEPT = timedelta(days=1)
NOTHING_SHA256 = hashlib.sha256(b"").digest()
# The web server takes a header line of 8190 bytes with its name.
_LONGEST_METADATA = 8000
_TOO_LARGE = 2**53
_KEY = re.compile(r"[!-+\--~]{1,100}")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a client says of an upload: `sha256` of the whole, its media type, the header itself."""

    sha256: bytes
    content_type: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest that a request's body must have."""

    algorithm: str
    digest: bytes

    def fits(self, digest: bytes) -> bool:
        """Whether that is it."""
        return self.digest == digest


def read_metadata(header: str) -> dict[str, str]:
    """`Upload-Metadata` as keys and decoded values; MalformedHeader says where it cannot be read.

    Keys are printable ASCII without space or comma and stand once; values are Base64 of UTF-8.
    """
    if len(header) > _LONGEST_METADATA:
        raise MalformedHeader(f"Upload-Metadata is longer than {_LONGEST_METADATA} characters.")
    found: dict[str, str] = {}
    for number, pair in enumerate(header.split(","), start=1):
        key, _, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key):
            raise MalformedHeader(f"Pair {number} of Upload-Metadata has no readable key.")
        if key in found:
            raise MalformedHeader(f"Upload-Metadata names {key!r} twice.")
        try:
            found[key] = b64decode(value, validate=True).decode()
        except (NotBase64, ValueError):
            raise MalformedHeader(
                f"The value of {key!r} in Upload-Metadata is not Base64 of UTF-8."
            ) from None
    return found


def declared(header: str | None, content_types: frozenset[str]) -> Declared:
    """What is declared of an upload; `sha256` is needed, 64 hex digits, `content_type` too."""
    if not header:
        raise InvalidInput(
            "Send Upload-Metadata with sha256 (64 hex digits) and content_type, each in Base64."
        )
    pairs = read_metadata(header)
    sha256 = pairs.get("sha256", "")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise InvalidInput(
            "Upload-Metadata needs sha256: the 64 hex digits of the whole file's SHA-256."
        )
    content_type = pairs.get("content_type") or pairs.get("filetype") or ""
    if content_type not in content_types:
        raise InvalidInput(
            f"Upload-Metadata needs content_type: one of {', '.join(sorted(content_types))}."
        )
    return Declared(bytes.fromhex(sha256), content_type, header)


def read_length(name: str, said: str) -> int:
    """A length or an offset in bytes: ASCII digits. What is beyond 2^53 is read as 2^53."""
    if not (said.isascii() and said.isdigit()):
        raise MalformedHeader(f"{name} is {said[:40]!r}; send a whole number of bytes.")
    digits = said.lstrip("0") or "0"
    return min(int(digits[:17]), _TOO_LARGE)


def read_checksum(header: str) -> Checksum:
    """`Upload-Checksum`: an algorithm that OPTIONS lists, and the digest in Base64."""
    algorithm, _, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise MalformedHeader(
            f"Upload-Checksum asks for {algorithm[:20]!r}; send one of {', '.join(ALGORITHMS)}."
        )
    try:
        digest = b64decode(value, validate=True)
    except NotBase64:
        digest = b""
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise MalformedHeader(f"Upload-Checksum holds no {algorithm} in Base64.")
    return Checksum(algorithm, digest)
