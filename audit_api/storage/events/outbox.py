"""The outbox: what happened, in an order of its own, derived from what was written anyway.

Only the worker writes here, one at a time: `n` rises in the order of commits, so that a cursor
over it loses nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.events.gaps import Gap
from audit_api.domain.events.types import AUDIT, ESCALATION, TASK, TOLD, Event
from audit_api.storage.base import Base, Id, Instant, Json, Word


class OutboxEvent(Base):
    """One thing that happened, as subscribers are told. It lies where its site or letter lies."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        UniqueConstraint("source", "source_n", "part"),
        CheckConstraint("num_nonnulls(site_id, territory_id) = 1", name="place"),
        Index("ix_outbox_event_object_id_n", "object_id", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    id: Mapped[Id] = mapped_column(unique=True)
    type: Mapped[Word]
    at: Mapped[Instant]
    object_id: Mapped[Id]
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    territory_id: Mapped[Id | None] = mapped_column(ForeignKey("territory.id"))
    payload: Mapped[Json]
    source: Mapped[Word]
    source_n: Mapped[int] = mapped_column(BigInteger)
    part: Mapped[int] = mapped_column(Integer)


class OutboxSource(Base):
    """How far a table was read: its highest number seen, and the gaps behind it."""

    __tablename__ = "outbox_source"

    source: Mapped[Word] = mapped_column(primary_key=True)
    top: Mapped[int] = mapped_column(BigInteger)
    gaps: Mapped[Json]


_COLUMNS = {
    AUDIT: "n, at, what, subject, case when what = any(:told) then detail end",
    TASK: "n, at, task_id, move, from_state, to_state, due_on",
    ESCALATION: "n, at, task_id, step, due_on",
}
_ABOVE = {
    source: text(f"select {columns} from {source} where n > :top order by n limit :most")
    for source, columns in _COLUMNS.items()
}
_WITHIN = {
    source: text(f"select {columns} from {source} where n between :first and :last order by n")
    for source, columns in _COLUMNS.items()
}
_HOLD = text("select pg_try_advisory_xact_lock(hashtext('outbox'))")
_SOURCE = text("select top, gaps from outbox_source where source = :source")
_KEEP = text("""
    insert into outbox_source (source, top, gaps) values (:source, :top, :gaps)
    on conflict (source) do update set top = excluded.top, gaps = excluded.gaps
""")


def hold_outbox(session: Session) -> bool:
    """Whether this is the one that derives, until commit."""
    return bool(session.scalar(_HOLD))


def read_source(session: Session, source: str) -> tuple[int, list[Gap]]:
    """How far a table was read."""
    row = session.execute(_SOURCE, {"source": source}).one_or_none()
    if row is None:
        return 0, []
    return row[0], [Gap(a, b, datetime.fromisoformat(at), xid) for a, b, at, xid in row[1]]


def keep_source(session: Session, source: str, top: int, gaps: Iterable[Gap]) -> None:
    """Note how far a table was read."""
    kept = msgspec.json.encode([(*gap[:2], gap.at.isoformat(), gap.before) for gap in gaps])
    session.execute(_KEEP, {"source": source, "top": top, "gaps": kept.decode()})


def rows_above(session: Session, source: str, top: int, most: int) -> Sequence[Any]:
    """Up to `most` rows with greater numbers, rising."""
    values: dict[str, Any] = {"top": top, "most": most}
    return session.execute(_ABOVE[source], _told(source) | values).all()


def rows_within(session: Session, source: str, gap: Gap) -> Sequence[Any]:
    """The rows that have come into a gap, rising."""
    values: dict[str, Any] = {"first": gap.first, "last": gap.last}
    return session.execute(_WITHIN[source], _told(source) | values).all()


def _told(source: str) -> dict[str, Any]:
    return {"told": list(TOLD)} if source == AUDIT else {}


# An entry of the log names the campaign and the instant; the decision has both.
_NOTICES = text("""
    select d.task_id, d.was, d.due_on from election_day_move m
    join deadline_notice d on d.move = m.n
    where m.campaign_id = :campaign and m.decided_at = :at order by m.n, d.task_id
""")


def notices_of(session: Session, campaign: str, at: datetime) -> Sequence[Any]:
    """The notices that a decision on the election day gave: task, the day it was, the day."""
    return session.execute(_NOTICES, {"campaign": campaign, "at": at}).all()


_KNOWN = {
    "violation": """select v.id, v.site_id, null::uuid, json_build_object('site', v.site_id,
        'campaign', v.campaign_id, 'element', v.element_id, 'task', v.task_id,
        'requirement', v.requirement, 'standard', v.standard, 'edition', v.edition,
        'clause', v.clause, 'severity', v.severity)
        from violation v where v.id = any(:ids)""",
    "task": """select t.id, t.site_id, null::uuid, json_build_object('site', t.site_id,
        'campaign', t.campaign_id, 'element', t.element_id, 'track', t.track, 'violations',
        (select coalesce(json_agg(v.id order by v.id), '[]'::json)
            from violation v where v.task_id = t.id or v.id = any(t.relieves)))
        from remediation_task t where t.id = any(:ids)""",
    "inspection": """select distinct on (i.id) i.id, i.site_id, null::uuid,
        json_build_object('site', i.site_id, 'campaign', i.campaign_id, 'form', i.form)
        from inspection i where i.id = any(:ids) order by i.id, i.rev""",
    "served_list": """select l.id, null::uuid, l.territory_id, json_build_object(
        'campaign', l.campaign_id, 'addressee_kind', l.addressee_kind)
        from served_list l where l.id = any(:ids)""",
    "act": """select a.id, null::uuid, a.territory_id, json_build_object(
        'campaign', a.campaign_id, 'addressee_kind', a.addressee_kind, 'kind', a.kind,
        'number', a.number, 'served_list', a.list_id, 'answer_due_on', a.answer_due_on)
        from supervisory_act a where a.id = any(:ids)""",
}
_ADD = text("""
    insert into outbox_event (id, type, at, object_id, site_id, territory_id, payload, source,
        source_n, part)
    select id, type, at, object_id, site_id, territory_id, payload, source, source_n, part
    from json_to_recordset(cast(:events as json)) as e(id uuid, type text,
        at timestamptz, object_id uuid, site_id uuid, territory_id uuid, payload json,
        source text, source_n bigint, part int, place bigint)
    order by place
    on conflict do nothing
""")


def add_events(session: Session, events: Sequence[Event]) -> None:
    """Add events in their order; one that is there already stays, of what is nowhere is none."""
    known: dict[UUID, Any] = {}
    for kind, statement in _KNOWN.items():
        ids = sorted({event.object for event in events if event.kind == kind})
        if ids:
            known |= {row[0]: row for row in session.execute(text(statement), {"ids": ids})}
    rows: list[dict[str, Any]] = []
    for event in events:
        if event.object not in known:
            continue
        _, site, territory, data = known[event.object]
        rows.append(
            {
                "id": event.id,
                "type": event.type,
                "at": event.at,
                "object_id": event.object,
                "site_id": site,
                "territory_id": territory,
                "payload": event.payload(data),
                "source": event.source,
                "source_n": event.n,
                "part": event.part,
                "place": len(rows),
            }
        )
    if rows:
        session.execute(_ADD, {"events": msgspec.json.encode(rows).decode()})


PLACE = """left join site on site.id = e.site_id
    cross join lateral (select coalesce(site.territory_id, e.territory_id) as id) place"""
"""Where a row `e` of the outbox lies now; SQL, gives `place.id`."""
READABLE = """(starts_with(e.type, 'violation.') and place.id = any(:violations)
    or starts_with(e.type, 'task.') and place.id = any(:tasks)
    or starts_with(e.type, 'inspection.') and place.id = any(:inspections)
    or (starts_with(e.type, 'act.') or starts_with(e.type, 'served_list.'))
        and place.id = any(:acts))"""
"""Whether a reader may read a row `e` that lies at `place`; SQL, parameters of `readable_by`."""


def readable_by(actor: Actor) -> dict[str, list[UUID]]:
    """The parameters of `READABLE`: where somebody reads everything of a kind.

    What is read only as one's own is not told of.
    """
    nouns = {
        "violations": Noun.VIOLATIONS,
        "tasks": Noun.TASKS,
        "inspections": Noun.INSPECTIONS,
        "acts": Noun.ACTS,
    }
    return {name: list(scope_of(actor, noun).territories) for name, noun in nouns.items()}
