"""Notes of pulls for the page of a tablet: at most one a minute, and nothing between."""

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import structlog
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from audit_api.domain.access import Actor
from audit_api.http.auth import database, now
from audit_api.storage.sync import pull_notes

log = structlog.get_logger()
INTERVAL = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000


class PullNotes:
    """Which tablets this process noted of late. Other processes are asked of the database."""

    def __init__(self) -> None:
        self._noted: dict[UUID, datetime] = {}

    def due(self, device: UUID, at: datetime) -> bool:
        """Whether it is time to note a pull of that tablet; True once an interval."""
        last = self._noted.get(device)
        if last is not None and at - last < INTERVAL:
            return False
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        self._noted[device] = at
        return True


def note_pull(actor: Actor, *, epoch: UUID, until: int, scopes: list[str]) -> None:
    """Note that a tablet has pulled everything up to `until`, if it is time to.

    A note that cannot be written is left out: it must not keep a tablet from its data.
    """
    notes: PullNotes = current_app.extensions["pull_notes"]
    at = now()
    if actor.device is None or not notes.due(actor.device, at):
        return
    try:
        # Not from the pool that the request itself holds a connection of.
        with database().at_once() as session:
            pull_notes.note_pull(
                session,
                actor.device,
                epoch=epoch,
                until=until,
                scopes=scopes,
                at=at,
                interval=INTERVAL,
            )
    except (psycopg.Error, SQLAlchemyError) as error:
        log.warning("pull_not_noted", device=str(actor.device), error=type(error).__name__)
