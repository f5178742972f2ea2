"""Sending an inspection back for correction: what has to be looked up and written."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.inspections import InspectionReturn


@dataclass(frozen=True, slots=True)
class CurrentRevision:
    """The revision of an inspection that counts; `returned`: it was sent back already."""

    rev: int
    inspector: UUID
    returned: bool


# Pushes of revisions hold the site too: what is seen behind this lock stays so until commit.
_HOLD = text("""
    select from site where id in (select site_id from inspection where id = :id and is_current)
        and territory_id = any(:territories) for no key update
""")
_CURRENT = text("""
    select i.rev, i.inspector_id, r.rev is not null
    from inspection i left join inspection_return r on r.inspection_id = i.id and r.rev = i.rev
    where i.id = :id and i.is_current
""")


def hold_current(session: Session, scope: Scope, inspection: UUID) -> CurrentRevision | None:
    """The current revision, held until commit; None outside the scope."""
    held = session.execute(_HOLD, {"id": inspection, "territories": list(scope.territories)})
    if held.first() is None:
        return None
    return CurrentRevision(*session.execute(_CURRENT, {"id": inspection}).one())


def add_return(
    session: Session, inspection: UUID, rev: int, *, reason: str, by: UUID, at: datetime
) -> None:
    """Note that a revision was sent back."""
    session.execute(
        insert(InspectionReturn).values(
            inspection_id=inspection, rev=rev, reason=reason, returned_by=by, returned_at=at
        )
    )
