"""Enrolling a tablet by a one-time code."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from audit_api.domain.errors import CodeNotUsable
from audit_api.storage import audit_log, people
from audit_api.storage.people import Device, EnrolmentCode

# No 0 O 1 I L: codes are read aloud and typed.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new device; the token is shown once."""

    device: Device
    token: str


def normalised(code: str) -> str:
    """A code as it was made, however it was typed."""
    return "".join(c for c in code.upper() if c.isalnum())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def issue_code(session: Session, person: UUID, *, lifetime: timedelta, at: datetime) -> str:
    """A new single-use code for a person's next tablet, as XXXXX-XXXXX; shown once."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH))
    session.add(
        EnrolmentCode(
            code_sha256=_digest(code), person_id=person, created_at=at, expires_at=at + lifetime
        )
    )
    audit_log.record(session, "enrolment_code_issued", person, at=at, person=person)
    return f"{code[:5]}-{code[5:]}"


def enrol_device(
    session: Session,
    code: str,
    *,
    name: str,
    public_key: str | None,
    prefix: str,
    at: datetime,
) -> Enrolled:
    """Turn a code into a device of the person it was issued for. CodeNotUsable otherwise."""
    digest = _digest(normalised(code))
    row = people.usable_code(session, digest, at)
    if row is None:
        raise CodeNotUsable(
            "It is unknown, already used or expired. Ask the headquarters for a new code; "
            "a code works once and for a few minutes."
        )
    token = prefix + secrets.token_urlsafe(32)
    device = Device(
        id=uuid4(),
        name=name,
        owner_id=row[0],
        token_sha256=_digest(token),
        public_key=public_key,
        enrolled_at=at,
        acked_seq=0,
    )
    session.add(device)
    session.flush()
    session.execute(
        update(EnrolmentCode)
        .where(EnrolmentCode.code_sha256 == digest)
        .values(used_at=at, device_id=device.id)
    )
    audit_log.record(session, "device_enrolled", device.id, at=at, person=row[0], device=device.id)
    return Enrolled(device, token)
