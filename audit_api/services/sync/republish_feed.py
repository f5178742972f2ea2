"""Publish anew what an older version published: after a release that changed documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from audit_api.storage.base import Database
from audit_api.storage.sync import feed, feed_republish

BATCH: Final = 200
"""Things in one transaction: their sites are held while it runs, some hundredths of a second."""
_TRIES: Final = 5
_AGAIN: Final = {"40P01", "55P03"}
"""A deadlock, and a lock that was waited for too long: somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Republished:
    """How far it is with one kind: things looked at of all there are, documents written anew."""

    kind: str
    looked_at: int
    all: int
    written: int


def republish_feed(database: Database, *, batch: int = BATCH) -> Iterator[Republished]:
    """Compare every document of the feed with what it would be now, and write those that differ.

    In short transactions, beside whoever else writes; tells after each. When it was broken off,
    run it again: what is right already is not written.
    """
    for kind in feed.KINDS:
        with database.reading() as session:
            total = feed_republish.count(session, kind)
        after, looked_at, written = None, 0, 0
        while True:
            with database.reading() as session:
                ids = feed_republish.ids_after(session, kind, after, limit=batch)
            if not ids:
                break
            written += _patiently(database, kind, ids)
            after, looked_at = ids[-1], looked_at + len(ids)
            yield Republished(kind, looked_at, max(total, looked_at), written)


def _patiently(database: Database, kind: str, ids: list[UUID]) -> int:
    for left in reversed(range(_TRIES)):
        try:
            with database.writing() as session:
                return feed_republish.republish(session, kind, ids)
        except (DBAPIError, psycopg.Error) as error:
            driver = error.orig if isinstance(error, DBAPIError) else error
            if not left or getattr(driver, "sqlstate", None) not in _AGAIN:
                raise
    raise AssertionError("the last try returns or raises")
