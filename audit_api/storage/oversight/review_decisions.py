"""A decision on a review: hold it, see how things stand, write what was taken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A review, held until commit, with whose operation it is about."""

    id: UUID
    kind: str
    entity_kind: str
    entity: UUID
    op: UUID
    site: UUID
    mine: dict[str, Any]
    state: str
    decision: str | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    device: UUID
    owner: UUID


_lock = text("select from review where id = :id for update")
_held = text("""
    select r.id, r.kind, r.entity_kind, r.entity_id, r.op, r.site_id, r.mine, r.state,
        r.decision, r.reason, p.full_name, r.decided_at, o.device_id, d.owner_id
    from review r join operation o on o.op = r.op join device d on d.id = o.device_id
    left join person p on p.id = r.decided_by
    where r.id = :id
""")


def hold_review(session: Session, review: UUID) -> OpenReview | None:
    """Hold a review until commit; waits for whoever decides on it just now."""
    # Two statements: what the second sees is fresh, the decider's name too.
    session.execute(_lock, {"id": review})
    row = session.execute(_held, {"id": review}).one_or_none()
    return OpenReview(*row) if row else None


_resolve = text("""
    update review set state = 'resolved', decision = :decision, reason = :reason,
        decided_by = :person, decided_at = :at
    where id = :id
""")


def resolve(
    session: Session, review: UUID, *, decision: str, reason: str, person: UUID, at: datetime
) -> None:
    """Write the decision on a review that is held."""
    values = {"id": review, "decision": decision, "reason": reason, "person": person, "at": at}
    session.execute(_resolve, values)


_hold_site = text("select from site where id = :id for no key update")


def hold_site(session: Session, site: UUID) -> None:
    """Hold the site until commit: nothing that a push does there comes between."""
    session.execute(_hold_site, {"id": site})


_current = text("select rev from inspection where id = :id and is_current")
_task_state = text("select state from remediation_task where id = :id")


def current_rev(session: Session, inspection: UUID) -> int | None:
    """The revision of an inspection that is current."""
    rev: int | None = session.scalar(_current, {"id": inspection})
    return rev


def task_state(session: Session, task: UUID) -> str | None:
    """The state that a task is in."""
    state: str | None = session.scalar(_task_state, {"id": task})
    return state
