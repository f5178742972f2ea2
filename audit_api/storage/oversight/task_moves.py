"""Moving a task, and what that does to its violations; the task's site has to be held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.oversight.lives import VIOLATION_LIFE
from audit_api.storage.base import ask

_MOVE: Final = """
    with moved as (
        update remediation_task set state = %(to_state)s, rev = rev + 1,
            due_on = case when %(move)s = 'set_deadline'
                then cast(%(due_on)s as date) else due_on end,
            noticed_due_on = case when %(move)s <> 'set_deadline' then noticed_due_on end,
            cost_som = coalesce(cast(%(cost_som)s as bigint), cost_som)
        where id = %(task)s
    )
    insert into task_event (task_id, at, person_id, from_state, to_state, reason, op, photos, shown,
        move, due_on, cost_som)
    values (%(task)s, %(at)s, %(person)s, %(from_state)s, %(to_state)s, %(reason)s, %(op)s,
        cast(%(photos)s as json), cast(%(shown)s as text[]), %(move)s, cast(%(due_on)s as date),
        cast(%(cost_som)s as bigint))
"""
_FOLLOW: Final = """
    update violation set claimed_from = state, state = %(to_state)s, rev = rev + 1
    where task_id = %(task)s and state = any(cast(%(sources)s as text[]))
"""
_PUT_BACK: Final = """
    update violation set rev = rev + 1,
        state = case when claimed_from = 'confirmed' then 'confirmed' else 'open' end
    where task_id = %(task)s and state = 'remedied'
"""
_NEW_DAY: Final = """
    update violation set due_on = cast(%(due_on)s as date), noticed_due_on = null,
        rev = rev + 1
    where task_id = %(task)s and ended_at is null
"""


@dataclass(frozen=True, slots=True)
class TaskMove:
    """A move of `domain.lives.TASK_LIFE`; members as of `TaskEvent`."""

    move: str
    from_state: str
    to_state: str
    reason: str
    op: UUID | None = None
    photos: Sequence[Mapping[str, Any]] = ()
    due_on: date | None = None
    cost_som: int | None = None


def move_task(session: Session, task: UUID, move: TaskMove, *, person: UUID, at: datetime) -> None:
    """Move a task, and the violations that the same word moves (`domain.lives`)."""
    ask(
        session,
        _MOVE,
        {
            "task": task,
            "at": at,
            "person": person,
            "move": move.move,
            "from_state": move.from_state,
            "to_state": move.to_state,
            "reason": move.reason,
            "op": move.op,
            "photos": msgspec.json.encode(list(move.photos)).decode() if move.photos else None,
            "shown": [photo["sha256"] for photo in move.photos] or None,
            "due_on": move.due_on,
            "cost_som": move.cost_som,
        },
    )
    if move.move in ("report_done", "decline"):
        sources = VIOLATION_LIFE.sources(move.move)
        to_state = VIOLATION_LIFE.target(move.move, sources[0])
        ask(session, _FOLLOW, {"task": task, "sources": list(sources), "to_state": to_state})
    elif move.move == "return":
        ask(session, _PUT_BACK, {"task": task})
    elif move.move == "set_deadline":
        ask(session, _NEW_DAY, {"task": task, "due_on": move.due_on})


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task whose site is held until commit."""

    state: str
    rev: int
    due_on: date
    violation_states: frozenset[str]
    inspectors: frozenset[UUID]
    """Who made the first and the last findings of its violations."""
    track: str
    election_day: date


_HOLD = text("""
    select from site where id = (select site_id from remediation_task where id = :id)
        and territory_id = any(:territories) for no key update
""")
_TASK = text("""
    select t.state, t.rev, t.current_due_on,
        array(select v.state from violation v where v.task_id = t.id),
        array(select v.first_inspector_id from violation v
            where v.task_id = t.id or v.id = any(t.relieves)
            union select v.last_inspector_id from violation v
            where v.task_id = t.id or v.id = any(t.relieves)
            union select i.inspector_id from relief r join inspection i on i.id = r.inspection_id
                and i.rev = r.inspection_rev where r.violation_id = any(t.relieves)),
        t.track, c.election_day
    from remediation_task t join campaign c on c.id = t.campaign_id where t.id = :id
""")


def hold_task(session: Session, scope: Scope, task: UUID) -> HeldTask | None:
    """A task, its site held as a tablet's command holds it; None outside the scope."""
    values = {"id": task, "territories": list(scope.territories)}
    if session.execute(_HOLD, values).first() is None:
        return None
    state, rev, due_on, states, inspectors, *more = session.execute(_TASK, {"id": task}).one()
    return HeldTask(state, rev, due_on, frozenset(states), frozenset(inspectors), *more)


_OWN_PHOTOS = text("""
    select encode(p.sha256, 'hex') as sha256, p.bytes, p.content_type
    from photo p left join device d on d.id = p.device_id
    where p.sha256 = any(:photos) and (d.owner_id = :person or exists (select from task_photo h
        where h.task_id = :task and h.sha256 = p.sha256))
""")


def photos_to_show(
    session: Session, task: UUID, person: UUID, photos: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Which of these originals (hex hashes) a person's report on a task may show.

    What the person's tablets handed in, and what people did for the task; as events keep them.
    """
    values = {"task": task, "person": person, "photos": [bytes.fromhex(photo) for photo in photos]}
    rows = session.execute(_OWN_PHOTOS, values)
    return {row.sha256: dict(row._mapping) for row in rows}
