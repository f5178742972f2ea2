"""The server's own signature: Ed25519 (RFC 8032), on receipts and on checkpoints of the log."""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32
"""A private key is these random bytes; the public key has as many."""


def key_id(public_key: bytes) -> str:
    """How a key is named: the first 16 hex digits of the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]


class Signer:
    """Signs with one private key; made once per process. A signature costs about 35 µs."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: the private key's 32 bytes."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = private.public_key().public_bytes_raw()
        self.key = key_id(self.public_key)
        self.sign_bytes = private.sign

    def sign(self, text: str) -> str:
        """The signature over the text's UTF-8 bytes, in base64."""
        signature: bytes = binascii.b2a_base64(self.sign_bytes(text.encode()), newline=False)
        return signature.decode()


def is_signed(public_key: bytes, text: str, signature: str) -> bool:
    """Whether `signature` (base64, strict) is that key's over exactly this text."""
    try:
        decoded = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(decoded, text.encode())
    except (ValueError, InvalidSignature):
        return False
    # Base64 leaves spare bits at the end: one signature has one spelling.
    return base64.b64encode(decoded).decode() == signature
