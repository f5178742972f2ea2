"""Revoke a tablet: from its next request on it reads nothing and hands in to quarantine only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import NotFound
from audit_api.storage import audit_log
from audit_api.storage.lists.devices import find_device
from audit_api.storage.oversight import revocations


def revoke_device(
    session: Session, actor: Actor, scope: Scope, device: UUID, *, reason: str, at: datetime
) -> bool:
    """Revoke it, and its key of ODK Collect with it; False if it was before, which stays so.

    NotFound outside the scope.
    """
    if find_device(session, scope, device) is None:
        raise NotFound
    return revoke_in_log(session, device, by=actor.person, reason=reason, at=at)


def revoke_in_log(session: Session, device: UUID, *, by: UUID, reason: str, at: datetime) -> bool:
    """Revoke a device wherever it lies, and write it down; False if it was before."""
    made = revocations.revoke(session, device, by=by, reason=reason, at=at)
    if made:
        audit_log.record(session, "device_revoked", device, at=at, person=by, device=device)
        key = revocations.revoke_key(session, device, at=at)
        if key is not None:
            audit_log.record(session, "openrosa_key_revoked", key, at=at, person=by, device=device)
    return made
