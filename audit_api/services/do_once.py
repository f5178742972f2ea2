"""A request under a key is carried out once, however often and however close together it comes."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.errors import KeyReused, StillRunning
from audit_api.storage.oversight import repeats
from audit_api.storage.oversight.repeats import Asked


def do_once(session: Session, asked: Asked, work: Callable[[], UUID], *, at: datetime) -> UUID:
    """The thing that `work` gives; of a repeat the one that it gave before, and nothing is done.

    Kept in the same transaction: what fails is not kept, and may be sent again under its key.
    Raises StillRunning while the first runs, KeyReused for another request under the same key.
    """
    if not repeats.hold_key(session, asked):
        raise StillRunning(
            "A request with this Idempotency-Key is being carried out just now. Send it again "
            "in a second: it is answered then as the first was.",
            extra={"retry_after": 1},
        )
    # Behind the lock: a statement of its own sees what the holder before has committed.
    found = repeats.find_answered(session, asked)
    if found is None:
        thing = work()
        repeats.keep_answered(session, asked, thing, at)
        return thing
    before, thing = found
    if before != asked:
        raise KeyReused(
            f"This Idempotency-Key was used by you for {before.route} with "
            f"{'the same' if before.body_sha256 == asked.body_sha256 else 'another'} body. "
            "A key stands for one request: send what is new under a new key, and a repeat with "
            "its bytes unchanged."
        )
    return thing
