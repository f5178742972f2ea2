"""Checkpoints of the log: a signed statement of how many leaves it has and what they are.

C2SP `tlog-checkpoint` in the form of C2SP `signed-note`, signature type Ed25519.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from audit_api.domain.evidence.signing import Signer, is_signed, key_id

_ED25519 = b"\x01"
_SIGNATURE_BYTES = 64


class NoCheckpoint(Exception):
    """A text that is no checkpoint of ours; the message says why."""


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """What a checkpoint says. `origin` names the log, `root` is its RFC 6962 hash."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(epoch: UUID) -> str:
    """The name of the log in one life of the database.

    A restored database goes on with fewer leaves than were signed before: it is another log.
    """
    return f"audit_api/log/{epoch}"


def note_key_hash(origin: str, public_key: bytes) -> bytes:
    """The four bytes that name a key in a signed note."""
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def signed_note(signer: Signer, body: CheckpointBody) -> str:
    """The checkpoint as it is published."""
    text = body.text()
    signed = note_key_hash(body.origin, signer.public_key) + signer.sign_bytes(text.encode())
    return f"{text}\n— {body.origin} {base64.b64encode(signed).decode()}\n"


def read_note(note: str) -> CheckpointBody:
    """What a note says, whoever signed it. Raises NoCheckpoint."""
    text, _, _ = note.partition("\n\n")
    try:
        origin, size, root = text.split("\n")
        body = CheckpointBody(origin, int(size), base64.b64decode(root, validate=True))
    except ValueError:
        raise NoCheckpoint("It does not have the three lines of a checkpoint.") from None
    if body.text() != f"{text}\n":
        raise NoCheckpoint("Its lines are not written as a checkpoint's are.")
    return body


def key_of_note(note: str, public_keys: Iterable[bytes]) -> str:
    """The id of the known key that signed a note. Raises NoCheckpoint when none of them did."""
    body = read_note(note)
    start = f"{body.text()}\n— {body.origin} "
    try:
        if not (note.startswith(start) and note.endswith("\n")):
            raise ValueError
        signed = base64.b64decode(note[len(start) : -1], validate=True)
        if len(signed) != 4 + _SIGNATURE_BYTES:
            raise ValueError
    except (ValueError, binascii.Error):
        raise NoCheckpoint("It has no signature line of its own origin.") from None
    for public_key in public_keys:
        if signed[:4] == note_key_hash(body.origin, public_key):
            if is_signed(public_key, body.text(), base64.b64encode(signed[4:]).decode()):
                return key_id(public_key)
            raise NoCheckpoint(f"The signature is not the one of key {key_id(public_key)}.")
    raise NoCheckpoint("It is signed by a key that this server does not know.")
