"""Keys of ODK Collect: each is a device of its own, of an inspector."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.errors import InvalidInput
from audit_api.domain.vocabulary import Role
from audit_api.services.oversight.revoke_device import revoke_in_log
from audit_api.storage import audit_log, people
from audit_api.storage.people import Device, OpenRosaKey, Person

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key and its device; the token (64 characters) is shown once."""

    id: UUID
    device: Device
    token: str


def make_key(
    session: Session, person: Person, *, by: UUID, name: str | None, at: datetime
) -> MadeKey:
    """A new key for an inspector. InvalidInput for somebody who is none."""
    if not people.holds_role(session, person.id, Role.INSPECTOR):
        raise InvalidInput(
            f"{person.username} is no inspector with an open account, so ODK Collect could hand in "
            "nothing. Give the person that role first, or name another."
        )
    token = secrets.token_hex(TOKEN_BYTES)
    device = Device(
        id=uuid4(),
        name=name or f"ODK Collect of {person.full_name}",
        owner_id=person.id,
        # Of what nobody knows: as a tablet this device never signs in.
        token_sha256=secrets.token_bytes(32),
        enrolled_at=at,
        acked_seq=0,
        channel="openrosa",
    )
    session.add(device)
    session.flush()
    key = OpenRosaKey(
        id=uuid4(),
        device_id=device.id,
        token_sha256=hashlib.sha256(token.encode()).digest(),
        created_at=at,
        created_by=by,
    )
    session.add(key)
    session.flush()
    audit_log.record(
        session,
        "openrosa_key_made",
        key.id,
        at=at,
        person=by,
        device=device.id,
        owner=str(person.id),
    )
    return MadeKey(key.id, device, token)


def revoke_by_console(
    session: Session, device: UUID, *, by: UUID, reason: str, at: datetime
) -> bool:
    """Revoke the key of a device; False if it was before. InvalidInput for what has no key."""
    found = session.get(Device, device)
    if found is None or found.channel != "openrosa":
        raise InvalidInput(
            f"No key of ODK Collect belongs to a device {device}; `audit-api openrosa keys` lists "
            "them."
        )
    return revoke_in_log(session, device, by=by, reason=reason, at=at)
