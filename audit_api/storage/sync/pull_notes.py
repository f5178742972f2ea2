"""When a tablet last pulled to the end, and what lay in its scopes then."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage.base import ask

# A push of the same tablet may hold its row: then the note is not worth waiting for.
_NOTE = """
    update device set pulled_at = %(at)s, pulled = json_build_object(
        'epoch', cast(%(epoch)s as text), 'until', cast(%(until)s as bigint), 'scopes', (
            select coalesce(json_object_agg(s.name, (select count(*) from feed
                where feed.scope = s.name and feed.doc is not null)), '{}'::json)
            from unnest(cast(%(scopes)s as text[])) as s (name)))
    where id = (select id from device where id = %(device)s
        and (pulled_at is null or pulled_at < %(before)s) for no key update skip locked)
"""


def note_pull(
    session: Session,
    device: UUID,
    *,
    epoch: UUID,
    until: int,
    scopes: list[str],
    at: datetime,
    interval: timedelta,
) -> None:
    """Note a pull that reached the end, unless one was noted within `interval`."""
    values = {
        "device": device,
        "epoch": str(epoch),
        "until": until,
        "scopes": f"{{{','.join(scopes)}}}",
        "at": at,
        "before": at - interval,
    }
    ask(session, _NOTE, values)
