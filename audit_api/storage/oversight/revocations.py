"""Revoked tablets: noting it, and how much they have handed in since."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from audit_api.storage.base import ask
from audit_api.storage.people import Device, OpenRosaKey


def revoke(session: Session, device: UUID, *, by: UUID, reason: str, at: datetime) -> bool:
    """Note that a tablet may only hand in from now on; False if it was revoked before."""
    revoked = session.execute(
        update(Device)
        .where(Device.id == device, Device.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=by, revoked_reason=reason)
        .returning(Device.id)
    )
    return revoked.first() is not None


def revoke_key(session: Session, device: UUID, *, at: datetime) -> UUID | None:
    """Note that a device's key of ODK Collect opens nothing more: its id, or None."""
    return session.scalar(
        update(OpenRosaKey)
        .where(OpenRosaKey.device_id == device, OpenRosaKey.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(OpenRosaKey.id)
    )


class HandedIn(NamedTuple):
    """What a tablet handed in since it was revoked, in operations or photos and their bytes."""

    number: int
    bytes: int


# Its owner's account may be closed instead: that revokes too.
_SINCE = """
    select least(d.revoked_at, p.disabled_at) from device d join person p on p.id = d.owner_id
    where d.id = %(device)s
"""
# What is here already, under its own id and to the byte, costs nothing: a repeat adds nothing.
_OPERATIONS = f"""
    with kept as (
        select octet_length(raw) as size from operation
        where device_id = %(device)s and received_at >= ({_SINCE})
        union all
        select octet_length(raw) from reused_operation
        where device_id = %(device)s and received_at >= ({_SINCE})
        union all
        select size from unnest(cast(%(ops)s as uuid[]), cast(%(hashes)s as text[]),
            cast(%(sizes)s as bigint[])) as said (op, hash, size)
        where not exists (select from operation o where o.op = said.op
                and o.device_id = %(device)s and o.envelope_sha256 = decode(said.hash, 'hex'))
            and not exists (select from reused_operation r where r.op = said.op
                and r.device_id = %(device)s and r.envelope_sha256 = decode(said.hash, 'hex'))
    )
    select count(*), coalesce(sum(size), 0) from kept
"""
_PHOTOS = f"""
    select count(*), coalesce(sum(bytes), 0) from photo
    where device_id = %(device)s and received_at >= ({_SINCE})
"""


def operations_with(
    session: Session, device: UUID, said: Sequence[tuple[UUID, bytes, int]]
) -> HandedIn:
    """Operations kept of a revoked tablet once `said` (id, SHA-256, bytes of the record) is."""
    row = ask(
        session,
        _OPERATIONS,
        {
            "device": device,
            "ops": _array(op for op, _, _ in said),
            "hashes": _array(sha256.hex() for _, sha256, _ in said),
            "sizes": _array(size for _, _, size in said),
        },
    ).fetchone()
    return HandedIn(int(row[0]), int(row[1])) if row else HandedIn(0, 0)


def _array(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def photos_since(session: Session, device: UUID) -> HandedIn:
    """Photos kept of a revoked tablet."""
    row = ask(session, _PHOTOS, {"device": device}).fetchone()
    return HandedIn(int(row[0]), int(row[1])) if row else HandedIn(0, 0)
