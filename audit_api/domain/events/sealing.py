"""Secrets of webhooks: made here, shown once, kept encrypted.

Whoever signs needs the secret itself, so it cannot be kept as a hash like a token. It is encrypted
with a key derived from SECRET_KEY: a stolen dump alone signs nothing, and with another SECRET_KEY
the stored secrets are unreadable, so that each webhook needs a new one.
"""

import base64
import secrets
from datetime import datetime
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from standardwebhooks import Webhook

PREFIX: Final = "whsec_"
_BYTES: Final = 32


class Unreadable(Exception):
    """A stored secret was sealed with another SECRET_KEY."""


class Sealer:
    """Encrypts secrets and reads them again."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"audit_api webhook secrets 1")
        self._fernet = Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))

    def seal(self, secret: str) -> bytes:
        """The secret as it is stored."""
        return self._fernet.encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        """The secret itself; Unreadable with another key."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Unreadable("SECRET_KEY is another one than when this was sealed") from None


def new_secret() -> str:
    """A random secret as Standard Webhooks write it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(message: str, body: str, at: datetime, *keys: str) -> dict[str, str]:
    """The three headers of Standard Webhooks, with a signature by each of the secrets.

    `at` is in UTC.
    """
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(message, at, body) for key in keys),
    }
