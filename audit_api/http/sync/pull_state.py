"""What a pull cursor remembers: how far it is, and in which scopes it is still catching up.

Cursors are short, for they travel in addresses: scopes stand in them as marks of five bytes.
"""

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self
from uuid import UUID

from itsdangerous import BadSignature, Signer

from audit_api.domain.errors import BadCursor
from audit_api.storage.sync.feed_pages import START, Position

MARK_BYTES: Final = 5
_HEAD: Final = struct.Struct(">16s4sQQQQQH")
NO_CATALOG: Final = bytes(4)


@lru_cache(maxsize=4096)
def mark(scope: str) -> bytes:
    """What stands for a scope in a cursor."""
    return hashlib.blake2b(scope.encode(), digest_size=MARK_BYTES).digest()


@dataclass(frozen=True, slots=True)
class PullState:
    """Scopes `known` are read up to `after`; `fresh` ones are still behind, at `fresh_after`.

    Both are the joined marks of their scopes, in order. `until` is the horizon of the first page
    of a run, so that the run ends while others write; 0 between runs. `catalog`: the beginning
    of the catalog's SHA-256 that was told last.
    """

    epoch: UUID
    after: Position = START
    known: bytes = b""
    fresh_after: Position = START
    fresh: bytes = b""
    until: int = 0
    catalog: bytes = NO_CATALOG

    @classmethod
    def from_text(cls, cursor: str, secret: str) -> Self:
        """The state that a cursor carries. Raises BadCursor for one this server did not make."""
        try:
            data = urlsafe_b64decode(_signer(secret).unsign(cursor.encode()))
        except (BadSignature, ValueError):
            raise BadCursor(
                "It was not made by this list. Take `cursor` as it is, or leave it out."
            ) from None
        epoch, catalog, xid, seq, fresh_xid, fresh_seq, until, known = _HEAD.unpack_from(data)
        marks = data[_HEAD.size :]
        return cls(
            UUID(bytes=epoch),
            Position(xid, seq),
            marks[: known * MARK_BYTES],
            Position(fresh_xid, fresh_seq),
            marks[known * MARK_BYTES :],
            until,
            catalog,
        )

    def as_text(self, secret: str) -> str:
        """The state as a cursor carries it."""
        head = _HEAD.pack(
            self.epoch.bytes,
            self.catalog,
            *self.after,
            *self.fresh_after,
            self.until,
            len(self.known) // MARK_BYTES,
        )
        packed = urlsafe_b64encode(head + self.known + self.fresh)
        return _signer(secret).sign(packed).decode()

    def split(self, scopes: Iterable[str]) -> tuple[list[str], list[str], Position]:
        """Which of `scopes` are known and which are fresh, and where the fresh ones go on."""
        marks = {self.known[n : n + MARK_BYTES] for n in range(0, len(self.known), MARK_BYTES)}
        known: list[str] = []
        fresh: list[str] = []
        for scope in scopes:
            (known if mark(scope) in marks else fresh).append(scope)
        # A scope granted meanwhile starts its catching-up at the beginning.
        return known, fresh, self.fresh_after if joined(fresh) == self.fresh else START


def joined(scopes: Sequence[str]) -> bytes:
    """The marks of scopes, in their order, as a state holds them."""
    return b"".join(map(mark, scopes))


@lru_cache(maxsize=4)
def _signer(secret: str) -> Signer:
    return Signer(secret, salt="audit_api.pull", digest_method=hashlib.sha256)
