"""A supervisor has looked at a fabrication flag and says why it means nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import AlreadyDecided, FourEyes, NotFound
from audit_api.domain.vocabulary import FlagState
from audit_api.storage import audit_log
from audit_api.storage.lists.inspections import inspector_of
from audit_api.storage.oversight import fabrication


def set_flag_aside(
    session: Session,
    decider: Actor,
    scope: Scope,
    inspection: UUID,
    flag: UUID,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Set one flag of an inspection's current revision aside; at the other inspection it stands.

    Raises NotFound outside the scope, FourEyes for one's own inspection (whether it has flags or
    not), AlreadyDecided when somebody did it before.
    """
    inspector = inspector_of(session, scope, inspection)
    if inspector is None:
        raise NotFound
    if inspector == decider.person:
        raise FourEyes(
            "This inspection is your own. Another person of technical supervision looks at it."
        )
    held = fabrication.hold_flag(session, inspection, flag)
    if held is None:
        raise NotFound
    if held.set_aside_at is not None:
        raise AlreadyDecided(
            f"{held.set_aside_by} set this flag aside before. Read it again; the reason stands.",
            extra={
                "decision": FlagState.SET_ASIDE.value,
                "decided_by": held.set_aside_by,
                "decided_at": held.set_aside_at.isoformat(),
                "reason": held.reason,
            },
        )
    fabrication.set_aside(session, flag, reason=reason, person=decider.person, at=at)
    audit_log.record(
        session,
        "fabrication_flag_set_aside",
        inspection,
        at=at,
        person=decider.person,
        flag=str(flag),
        kind=held.kind,
        rev=held.rev,
    )
