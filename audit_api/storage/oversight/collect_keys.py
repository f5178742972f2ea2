"""The keys of ODK Collect, as the console lists them."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_KEYS = text("""
    select cast(d.id as text), p.username, d.name, to_char(k.created_at, 'YYYY-MM-DD'),
        coalesce(to_char(d.last_contact_at, 'YYYY-MM-DD'), ''),
        coalesce(to_char(k.revoked_at, 'YYYY-MM-DD'), '')
    from openrosa_key k join device d on d.id = k.device_id join person p on p.id = d.owner_id
    where cast(:username as text) is null or p.username = :username
    order by p.username, k.created_at, k.id
""")


def openrosa_keys(session: Session, username: str | None) -> list[tuple[str, ...]]:
    """Keys of ODK Collect: device, owner, name, and the days it was made, heard of, revoked."""
    return [tuple(row) for row in session.execute(_KEYS, {"username": username})]
