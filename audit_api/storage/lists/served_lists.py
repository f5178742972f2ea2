"""Served lists, as those who may see them read them: whole, or what a page shows of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import TERRITORY_NAME, AnyRow, Selection

_LIST = f"""select json_build_object('id', l.id, 'number', l.number, 'campaign', l.campaign_id,
    'office', office.code, 'addressee', json_build_object('kind', l.addressee_kind,
        'territory', territory.code, 'territory_name', {TERRITORY_NAME},
        'name', l.addressee_name),
    'served_on', l.served_on, 'served_at', l.served_at, 'served_by', person.full_name,
    'violations', (select count(*) from served_violation s where s.list_id = l.id),
    'sha256', encode(l.sha256, 'hex'))::text as doc"""
_FROM = """
    from served_list l join territory on territory.id = l.territory_id
    join territory office on office.id = l.office_id
    join person on person.id = l.served_by"""
# A head of local self-government sees what was served to that body.
_OWN = "l.addressee_kind = 'lsg_body'"


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """What lists and acts may be narrowed by; None: not at all."""

    territories: frozenset[UUID] | None = None
    campaign: str | None = None
    addressee_kind: str | None = None
    violation: UUID | None = None

    def narrow(self, chosen: Selection, letter: str, *, contents: str, of: str) -> None:
        """Narrow to these; `letter`: their alias, `contents`: the table whose `of` names them."""
        territories = None if self.territories is None else list(self.territories)
        chosen.where(f"{letter}.territory_id = any(:territories)", territories=territories)
        chosen.where(f"{letter}.campaign_id = :campaign", campaign=self.campaign)
        chosen.where(
            f"{letter}.addressee_kind = :addressee_kind", addressee_kind=self.addressee_kind
        )
        chosen.where(
            f"""exists (select from {contents} c
                where c.{of} = {letter}.id and c.violation_id = :violation)""",
            violation=self.violation,
        )


def _lists(scope: Scope, today: date) -> Selection:
    return Selection(scope, own=_OWN, place="l.territory_id", today=today)


def list_served(
    session: Session,
    scope: Scope,
    wanted: LetterFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
    today: date,
) -> Sequence[AnyRow]:
    """Served lists in scope, oldest first, as rows of (JSON text, served_at, id)."""
    chosen = _lists(scope, today)
    wanted.narrow(chosen, "l", contents="served_violation", of="list_id")
    order = "l.served_at, l.id"
    chosen.after(order, after, ("timestamptz", "uuid"))
    return chosen.rows(session, f"{_LIST}, l.served_at, l.id{_FROM}", order=order, limit=limit)


def find_served(session: Session, scope: Scope, served: UUID, today: date) -> AnyRow | None:
    """One list as (JSON text, its document's bytes); None outside the scope."""
    chosen = _lists(scope, today)
    chosen.where("l.id = :id", id=served)
    rows = chosen.rows(session, f"{_LIST}, l.document{_FROM}", order="l.id", limit=1)
    return rows[0] if rows else None
