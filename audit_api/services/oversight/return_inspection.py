"""Send an inspection back to its inspector for correction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import FourEyes, NotCurrent, NotFound
from audit_api.storage import audit_log
from audit_api.storage.oversight import returns
from audit_api.storage.sync import feed


def return_inspection(
    session: Session,
    actor: Actor,
    scope: Scope,
    inspection: UUID,
    *,
    rev: int,
    reason: str,
    at: datetime,
) -> bool:
    """Return revision `rev`, which must be the current one; False if it was returned before.

    Raises NotFound outside the scope, FourEyes for one's own inspection, NotCurrent (with the
    current `rev`) when another revision came meanwhile.
    """
    current = returns.hold_current(session, scope, inspection)
    if current is None:
        raise NotFound
    if current.inspector == actor.person:
        raise FourEyes(
            "This inspection is your own. Ask another person of technical supervision to read it."
        )
    if current.rev != rev:
        raise NotCurrent(
            f"Revision {current.rev} is current, not {rev}. Read it, then return that one if it "
            "still needs correction.",
            extra={"rev": current.rev},
        )
    if current.returned:
        return False
    returns.add_return(session, inspection, rev, reason=reason, by=actor.person, at=at)
    audit_log.record(
        session, "inspection_returned", inspection, at=at, person=actor.person, rev=rev
    )
    feed.publish(session, inspection=[inspection])
    return True
