"""Receipts: what the server answers for, in a signed text that anybody can rebuild and check.

Two levels. `received`: the operation is committed. `durable`: it also lies under a signed
checkpoint of the log, and a backup was made since. docs/receipts.md has the text's grammar.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from audit_api.domain.evidence.signing import Signer, is_signed

RECEIVED = "received"
DURABLE = "durable"
_ABSENT = "-"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WHOLE = r"0|[1-9][0-9]{0,15}"
_TEXTS = {
    "level": f"{RECEIVED}|{DURABLE}",
    "op": _UUID,
    "id": _UUID,
    "sha256": "[0-9a-f]{64}",
    "received_at": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z",
    "key": "[0-9a-f]{16}",
    "signature": "[A-Za-z0-9+/]{86}==",
}
_NUMBERS = ("rev", "bytes", "checkpoint")
_OPTIONAL = {"id", "rev", "checkpoint"}
_MEMBERS = {*_TEXTS, *_NUMBERS, "photos_held"}


class NoReceipt(Exception):
    """What was given is no receipt of this form; the message says why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is signed. Hashes are lower-case hex, `bytes` is the size of the body as it was sent.

    `checkpoint` is the size of the log that covers a durable one, None for a received one.
    `key` names the server's key (`signing.key_id`).
    """

    level: str
    op: UUID
    id: UUID | None
    rev: int | None
    sha256: str
    bytes: int
    photos_held: Sequence[str]
    received_at: datetime
    key: str
    checkpoint: int | None = None

    def text(self) -> str:
        """The canonical text. Two receipts that differ in anything have different texts."""
        return _text(
            self.level,
            self.op,
            self.id,
            self.rev,
            self.sha256,
            self.bytes,
            sorted(self.photos_held),
            instant_text(self.received_at),
            self.checkpoint,
            self.key,
        )

    @classmethod
    def from_json(cls, said: Any) -> tuple[Self, str]:
        """A receipt and its signature from the members of an answer.

        Raises NoReceipt for any other spelling: whoever checks reads exactly what was signed.
        """
        if not isinstance(said, Mapping):
            raise NoReceipt("A receipt is a JSON object.")
        _check_members(said)
        photos = said["photos_held"]
        receipt = cls(
            level=said["level"],
            op=UUID(said["op"]),
            id=UUID(said["id"]) if "id" in said else None,
            rev=said.get("rev"),
            sha256=said["sha256"],
            bytes=said["bytes"],
            photos_held=tuple(photos),
            received_at=_instant(said["received_at"]),
            key=said["key"],
            checkpoint=said.get("checkpoint"),
        )
        return receipt, said["signature"]


def signed_receipt(
    signer: Signer,
    *,
    op: UUID,
    id: UUID | None,
    rev: int | None,
    sha256: bytes,
    size: int,
    photos_held: Sequence[str],
    received_at: datetime,
    checkpoint: int | None = None,
) -> dict[str, Any]:
    """A receipt as members of an answer, in their order; `durable` when a checkpoint covers it.

    `photos_held` are hex hashes in any order, `received_at` has a zone. Costs about 45 µs.
    """
    level = RECEIVED if checkpoint is None else DURABLE
    photos = sorted(photos_held)
    at = instant_text(received_at)
    digest = sha256.hex()
    text = _text(level, op, id, rev, digest, size, photos, at, checkpoint, signer.key)
    members: dict[str, Any] = {"level": level, "op": str(op)}
    if id is not None:
        members["id"] = str(id)
    if rev is not None:
        members["rev"] = rev
    members |= {"sha256": digest, "bytes": size, "photos_held": photos, "received_at": at}
    if checkpoint is not None:
        members["checkpoint"] = checkpoint
    return members | {"key": signer.key, "signature": signer.sign(text)}


def is_genuine(receipt: Receipt, signature: str, keys: Mapping[str, bytes]) -> bool:
    """Whether one of the known public keys (by key id) signed exactly this receipt."""
    public_key = keys.get(receipt.key)
    return public_key is not None and is_signed(public_key, receipt.text(), signature)


def instant_text(at: datetime) -> str:
    """UTC with microseconds and `Z`, always 27 characters."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def _text(
    level: str,
    op: UUID,
    id: UUID | None,
    rev: int | None,
    sha256: str,
    size: int,
    photos: Sequence[str],
    at: str,
    checkpoint: int | None,
    key: str,
) -> str:
    # No value holds a space or a line's end but the photos, which are hex: nothing is ambiguous.
    return (
        f"audit_api receipt v1\nlevel {level}\nop {op}\n"
        f"id {_ABSENT if id is None else id}\nrev {_ABSENT if rev is None else rev}\n"
        f"sha256 {sha256}\nbytes {size}\nphotos_held {' '.join(photos) or _ABSENT}\n"
        f"received_at {at}\ncheckpoint {_ABSENT if checkpoint is None else checkpoint}\n"
        f"key {key}\n"
    )


def _check_members(said: Mapping[str, Any]) -> None:
    missing = _MEMBERS - _OPTIONAL - said.keys()
    if missing:
        raise NoReceipt(f"Members are missing: {', '.join(sorted(missing))}.")
    unknown = said.keys() - _MEMBERS
    if unknown:
        raise NoReceipt(f"Members that no receipt has: {', '.join(sorted(unknown))}.")
    for name, pattern in _TEXTS.items():
        if name in said and not _fits(pattern, said[name]):
            raise NoReceipt(f"{name} is not written as the server writes it.")
    for name in _NUMBERS:
        value = said.get(name, 0)
        if type(value) is not int or not _fits(_WHOLE, str(value)):
            raise NoReceipt(f"{name} is not written as the server writes it.")
    photos = said["photos_held"]
    if not isinstance(photos, list) or not all(_fits(_TEXTS["sha256"], p) for p in photos):
        raise NoReceipt("photos_held is not a list of SHA-256 in hex.")
    if ("checkpoint" in said) != (said["level"] == DURABLE):
        raise NoReceipt("A durable receipt names its checkpoint, a received one has none.")


def _fits(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _instant(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise NoReceipt("received_at is no time.") from None
