"""Jobs for the worker, added in the caller's own transaction: a rollback leaves none."""

import procrastinate
from sqlalchemy.orm import Session

_QUEUE = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
"""Never opened: every job goes through the connection of the session that adds it."""


def enqueue(session: Session, task: str, *, lock: str | None, **arguments: str) -> None:
    """Let the worker run a task of that name once. No two with the same lock run at once."""
    connection = session.connection().connection.driver_connection
    _QUEUE.configure_task(task, lock=lock, connection=connection).defer(**arguments)
