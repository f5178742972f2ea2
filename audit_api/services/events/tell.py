"""What the worker does for everybody who wants to be told: derive what is new, then send."""

from datetime import datetime, timedelta
from typing import Final

from audit_api.services.events.deliver_webhooks import Deliverer
from audit_api.services.events.derive_events import BATCH, derive_events

FOR: Final = timedelta(seconds=45)
"""Less than the minute until the worker looks again: two of its jobs hardly meet."""


def derive_all(deliverer: Deliverer, until: datetime) -> int:
    """Derive until nothing is left, or an instant; returns how many rows were read."""
    total = 0
    while deliverer.now() < until:
        with deliverer.database.writing() as session:
            read = derive_events(session, at=deliverer.now())
        total += read or 0
        if read is None or read < BATCH:
            break
    return total


def tell(deliverer: Deliverer) -> tuple[int, int]:
    """Derive and deliver for a while; returns rows read and attempts made."""
    until = deliverer.now() + FOR
    return derive_all(deliverer, until), deliverer.deliver(until=until)
