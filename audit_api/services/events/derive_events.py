"""Derive events from what happened: the worker's part of the outbox, in its own transactions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from typing import Any

from sqlalchemy.orm import Session

from audit_api.domain.events import types
from audit_api.domain.events.gaps import grown, passed, without
from audit_api.domain.events.types import AUDIT, ESCALATION, SOURCES, TASK, Event
from audit_api.storage.events import outbox
from audit_api.storage.sync import feed

BATCH = 500
"""Rows of a source in one transaction: a long one would hold back the feed."""


def derive_events(session: Session, *, at: datetime, most: int = BATCH) -> int | None:
    """Add the events of up to `most` rows of each source; returns how many rows were read.

    Call it again until it returns less than `most`. None: another worker is at it.
    """
    if not outbox.hold_outbox(session):
        return None
    horizon = feed.horizon(session)
    read = 0
    told: list[list[Event]] = []
    for source in SOURCES:
        top, gaps = outbox.read_source(session, source)
        left = []
        events: list[Event] = []
        for gap in gaps:
            late = outbox.rows_within(session, source, gap)
            events += _events_of(session, source, late)
            left += without(gap, [row[0] for row in late])
        rows = outbox.rows_above(session, source, top, most)
        events += _events_of(session, source, rows)
        following = feed.next_transaction(session)
        older = (grown(gap, at=at, horizon=horizon, following=following) for gap in left)
        still = [gap for gap in older if gap is not None]
        still += passed(top, [row[0] for row in rows], at=at)
        if rows or still != gaps:
            outbox.keep_source(session, source, rows[-1][0] if rows else top, still)
        read = max(read, len(rows))
        told.append(events)
    # By the instant between sources, never within one: there the numbers are the order of commits
    # of what happens to one object, and instants are those at which a request began.
    outbox.add_events(session, list(merge(*told, key=lambda event: event.at)))
    return read


def _events_of(session: Session, source: str, rows: Sequence[Any]) -> Iterator[Event]:
    for row in rows:
        if source == TASK:
            yield types.of_task(*row)
        elif source == ESCALATION:
            yield types.of_escalation(*row)
        elif source == AUDIT and row[4] is not None:
            n, at, what, subject, detail = row
            if what == "election_day_moved":
                for part, notice in enumerate(outbox.notices_of(session, subject, at)):
                    yield types.of_notice(n, part, at, *notice)
            else:
                yield from types.of_audit(n, at, what, subject, detail)
