"""The Merkle tree of an append-only log: hashing as in RFC 6962, section 2.1.

Only the right edge of the tree is kept: the roots of the full subtrees that the leaves so far
make, from the largest (left) to the smallest. That is at most one hash for each bit of the size.
"""

import hashlib
from collections.abc import Sequence
from typing import Self

EMPTY_ROOT = hashlib.sha256(b"").digest()
_HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree of `size` leaves that grows at its right edge."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(edge):
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees")
        self.size = size
        self._edge = list(edge)

    @classmethod
    def from_bytes(cls, size: int, edge: bytes) -> Self:
        """A tree from what `to_bytes` gave; ValueError when it does not fit the size."""
        step = _HASH_BYTES
        return cls(size, [edge[n : n + step] for n in range(0, len(edge), step)])

    def to_bytes(self) -> bytes:
        """The right edge, hash by hash."""
        return b"".join(self._edge)

    def append(self, data: bytes) -> None:
        """Add a leaf: it closes as many subtrees as the size has ones at its end."""
        node = leaf_hash(data)
        size = self.size
        while size & 1:
            node = _node_hash(self._edge.pop(), node)
            size >>= 1
        self._edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The hash over all leaves."""
        if not self._edge:
            return EMPTY_ROOT
        *rest, node = self._edge
        for left in reversed(rest):
            node = _node_hash(left, node)
        return node
