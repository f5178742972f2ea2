"""Signing in: argon2 passwords, server-side sessions, and patience with guessers."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from audit_api.domain.errors import BadCredentials, TooManyAttempts
from audit_api.storage import audit_log, people
from audit_api.storage.people import LoginSession, Person

# OWASP asks for at least 19 MiB and 2 passes; this takes about 40 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex(16))
FAILURES_ALLOWED = 10
FAILURE_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; the token is shown once."""

    token: str
    expires_at: datetime
    person: Person


def hash_password(password: str) -> str:
    """What is kept of a password (argon2id)."""
    return _hasher.hash(password)


def password_is_right(person: Person | None, password: str) -> bool:
    """Compare; takes as long for a user name that does not exist."""
    try:
        _hasher.verify(person.password_hash if person else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return person is not None and person.disabled_at is None


def check_patience(session: Session, username: str, at: datetime) -> None:
    """Raise TooManyAttempts when this user name failed too often lately."""
    if people.failures_since(session, username, at - FAILURE_WINDOW) >= FAILURES_ALLOWED:
        raise TooManyAttempts(
            f"{FAILURES_ALLOWED} sign-ins as this user failed within "
            f"{FAILURE_WINDOW.seconds // 60} minutes. Wait that long, then try again.",
            extra={"retry_after": FAILURE_WINDOW.seconds},
        )


def sign_in(
    session: Session,
    username: str,
    password: str,
    *,
    lifetime: timedelta,
    prefix: str,
    at: datetime,
) -> SignedIn | None:
    """A new session; None for a wrong pair (which is recorded: commit)."""
    person = people.person_by_username(session, username)
    if not password_is_right(person, password) or person is None:
        people.record_failure(session, username, at)
        return None
    token = prefix + secrets.token_urlsafe(32)
    expires_at = at + lifetime
    session.add(
        LoginSession(
            token_sha256=hashlib.sha256(token.encode()).digest(),
            person_id=person.id,
            created_at=at,
            expires_at=expires_at,
        )
    )
    audit_log.record(session, "signed_in", person.id, at=at, person=person.id)
    return SignedIn(token, expires_at, person)


def refuse() -> BadCredentials:
    """The one answer to every wrong pair."""
    return BadCredentials("Check both; after ten failures the account waits ten minutes.")
