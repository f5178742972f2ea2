"""What the worker does for everybody who wants to be told: derive what is new, then send."""

from datetime import datetime, timedelta
from typing import Final

from audit_api.services.events.deliver_webhooks import Deliverer
from audit_api.services.events.derive_events import BATCH, derive_events
from audit_api.services.events.make_notices import make_notices
from audit_api.services.events.send_notices import Postman
from audit_api.settings import MailSettings

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


def tell(deliverer: Deliverer, mail: MailSettings | None) -> tuple[int, int]:
    """Derive and deliver for a while; returns rows read and attempts made."""
    until = deliverer.now() + FOR
    read, attempts = derive_all(deliverer, until), 0
    if mail is not None:
        with deliverer.database.writing() as session:
            make_notices(session, at=deliverer.now())
        # Mail first, and for half of the time at most: it is little, and receivers may hang.
        attempts = Postman(deliverer.database, mail, deliverer.now).send_due(until=until - FOR / 2)
    return read, attempts + deliverer.deliver(until=until)
