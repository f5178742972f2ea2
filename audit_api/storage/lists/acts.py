"""Supervisory acts, as those who may see them read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import TERRITORY_NAME, AnyRow, Selection
from audit_api.storage.lists.served_lists import LetterFilter

_OVERDUE = "(last.to_state = 'issued' and a.answer_due_on < :today)"
_ACT = f"""select json_build_object('id', a.id, 'kind', a.kind, 'number', a.number,
    'campaign', a.campaign_id, 'office', office.code, 'addressee', json_build_object(
        'kind', a.addressee_kind, 'territory', territory.code,
        'territory_name', {TERRITORY_NAME}, 'name', a.addressee_name),
    'issued_on', a.issued_on, 'issued_at', a.issued_at, 'issued_by', person.full_name,
    'served_list', a.list_id, 'answer_due_on', a.answer_due_on, 'state', last.to_state,
    'overdue', {_OVERDUE},
    'violations', (select count(*) from act_violation c where c.act_id = a.id),
    'sha256', encode(a.sha256, 'hex'))::text as doc"""
_FROM = """
    from supervisory_act a join territory on territory.id = a.territory_id
    join territory office on office.id = a.office_id
    join person on person.id = a.issued_by
    join lateral (select e.to_state from act_event e where e.act_id = a.id
        order by e.n desc limit 1) last on true"""
# A head of local self-government sees what was written to that body.
_OWN = "a.addressee_kind = 'lsg_body'"


@dataclass(frozen=True, slots=True)
class ActFilter(LetterFilter):
    """What the list may be narrowed by; None: not at all."""

    kind: str | None = None
    state: str | None = None
    overdue: bool | None = None


def _acts(scope: Scope, today: date) -> Selection:
    return Selection(scope, own=_OWN, place="a.territory_id", today=today)


def list_acts(
    session: Session,
    scope: Scope,
    wanted: ActFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Acts in scope, oldest first, as rows of (JSON text, issued_at, id)."""
    chosen = _acts(scope, today)
    wanted.narrow(chosen, "a", contents="act_violation", of="act_id")
    chosen.where("a.kind = :kind", kind=wanted.kind)
    chosen.where("last.to_state = :state", state=wanted.state)
    chosen.where(f"{_OVERDUE} = :overdue", overdue=wanted.overdue)
    order = "a.issued_at, a.id"
    chosen.after(order, after, ("timestamptz", "uuid"))
    return chosen.rows(session, f"{_ACT}, a.issued_at, a.id{_FROM}", order=order, limit=limit)


_EVENTS = text("""
    select json_agg(json_build_object('at', e.at, 'by', p.full_name, 'move', e.move,
        'from_state', e.from_state, 'to_state', e.to_state, 'reason', e.reason,
        'answered_on', e.answered_on, 'signed_by', e.signed_by) order by e.n)::text
    from act_event e join person p on p.id = e.person_id where e.act_id = :id
""")


def find_act(
    session: Session, scope: Scope, act: UUID, today: date
) -> tuple[str, bytes, str] | None:
    """One act as (JSON text, its document's bytes, its events as a JSON list); None outside."""
    chosen = _acts(scope, today)
    chosen.where("a.id = :id", id=act)
    rows = chosen.rows(session, f"{_ACT}, a.document{_FROM}", order="a.id", limit=1)
    if not rows:
        return None
    events = session.execute(_EVENTS, {"id": act}).scalar_one()
    return rows[0][0], bytes(rows[0][1]), str(events)
