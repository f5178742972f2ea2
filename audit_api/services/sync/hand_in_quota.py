"""What a revoked tablet may still hand in: its work, within a quota.

A tablet is revoked because it was lost, stolen or taken back. What an inspector measured must
still come in; whoever found the tablet must not fill the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import HandInQuotaSpent
from audit_api.domain.sync.operations import ReceivedOperation
from audit_api.storage.oversight import revocations

RETRY_AFTER_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class Quota:
    """How much, counted from the revocation on and for good."""

    number: int
    bytes: int


# An inspector makes some ten visits a day: weeks without signal, several times over.
OPERATIONS = Quota(2_000, 50_000_000)
PHOTOS = Quota(5_000, 2_000_000_000)


def check_operations(
    session: Session,
    actor: Actor,
    said: Iterable[ReceivedOperation],
    *,
    quota: Quota | None = None,
) -> None:
    """Raise HandInQuotaSpent if these operations of a revoked tablet are more than it may.

    Repeats of what is kept cost nothing, so that their results can always be asked for again.
    """
    if actor.device is None or not actor.device_revoked:
        return
    records = [(one.op, one.raw_sha256, len(one.raw)) for one in said]
    _check(
        revocations.operations_with(session, actor.device, records),
        quota or OPERATIONS,
        "operations",
    )


def check_photo(
    session: Session, actor: Actor, *, size: int, number: int = 1, quota: Quota | None = None
) -> None:
    """Raise HandInQuotaSpent if so many more photos of `size` bytes are more than it may."""
    if actor.device is None or not actor.device_revoked:
        return
    held = revocations.photos_since(session, actor.device)
    _check(revocations.HandedIn(held.number + number, held.bytes + size), quota or PHOTOS, "photos")


def _check(wanted: revocations.HandedIn, quota: Quota, what: str) -> None:
    if wanted.number <= quota.number and wanted.bytes <= quota.bytes:
        return
    raise HandInQuotaSpent(
        f"Since it was revoked, this device may hand in {quota.number} {what} of "
        f"{quota.bytes} bytes in all; this would make {wanted.number} of {wanted.bytes}. "
        "What was kept stays kept. Delete nothing on the tablet; bring it to the headquarters, "
        "which can enrol it anew.",
        extra={"retry_after": RETRY_AFTER_S},
    )
