"""The change feed that tablets pull: one row per scope and entity, in an order that loses nothing.

`(xid, seq)` is the order; a page ends at the oldest transaction still running, so that a row
which commits late is never jumped over (docs/decisions/0003). `seq` is the version of the row's
document too: it grows whenever the row is written. Reading is in `feed_pages`.
"""

from collections.abc import Iterable
from functools import cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Uuid,
    text,
)
from sqlalchemy import (
    Sequence as DbSequence,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Instant, Json, Word, ask
from audit_api.storage.sync.quarantine import SETTLED_WORDS

FEED_SEQ = DbSequence("feed_seq", metadata=Base.metadata)


class FeedRow(Base):
    """The latest state of an entity for a scope. `doc` null: it left the scope."""

    __tablename__ = "feed"
    __table_args__ = (
        CheckConstraint(
            "starts_with(scope, 'territory:') or starts_with(scope, 'person:')", name="scope"
        ),
        PrimaryKeyConstraint("entity_id", "kind", "scope"),
        Index("ix_feed_scope_xid_seq", "scope", "xid", "seq"),
    )

    scope: Mapped[str] = mapped_column(String(50))
    kind: Mapped[Word]
    entity_id: Mapped[UUID] = mapped_column(Uuid)
    xid: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)")
    )
    seq: Mapped[int] = mapped_column(BigInteger, FEED_SEQ, server_default=FEED_SEQ.next_value())
    doc: Mapped[Json | None]


class FeedEpoch(Base):
    """Which life of the database this is: a restored one gets a new epoch."""

    __tablename__ = "feed_epoch"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=True)
    epoch: Mapped[UUID] = mapped_column(Uuid)
    began_at: Mapped[Instant]
    # Where this row was written: see storage/sync/epochs.py.
    system_identifier: Mapped[int | None] = mapped_column(BigInteger)
    timeline: Mapped[int | None]
    xid: Mapped[int | None] = mapped_column(BigInteger)


_EVENT = """(select json_build_object({members}'reason', {e}.reason, 'by', {e}_by.full_name,
            'at', {e}.at) from task_event {e} join person {e}_by on {e}_by.id = {e}.person_id
            where {e}.task_id = remediation_task.id and {which} limit 1)"""
_RETURN = _EVENT.format(
    e="back",
    members="'move', back.move, ",
    which="back.from_state = 'reported_done' and back.to_state = 'returned' order by back.n desc",
)
_DECLINE = _EVENT.format(e="no", members="", which="no.move = 'decline' order by no.n desc")
# Whichever day is set next answers.
_ANSWER = _EVENT.format(
    e="reply",
    members="'due_on', reply.due_on, ",
    which="reply.move = 'set_deadline' and reply.n > asked.n order by reply.n",
)
_EXTENSION = _EVENT.format(
    e="asked",
    members=f"'due_on', asked.due_on, 'answer', {_ANSWER}, ",
    which="asked.move = 'ask_extension' order by asked.n desc",
)
# What a tablet needs to know of each thing. Table names are the aliases of `_SOURCES`.
_DOCS = {
    "site": """json_build_object(
        'id', site.id, 'rev', site.rev, 'territory', territory.code,
        'name', json_build_object('ky', site.name_ky, 'ru', site.name_ru, 'en', site.name_en),
        'address', site.address,
        'location', case when site.lat is not null
            then json_build_object('lat', site.lat, 'lon', site.lon) end,
        'building_status', site.building_status, 'built_on', site.built_on,
        'altered_on', site.altered_on, 'synthetic', site.synthetic,
        'stations', (select coalesce(json_agg(json_build_object('campaign', s.campaign_id,
            'number', s.number, 'voters', s.voters, 'constituency', s.constituency_number)
            order by s.campaign_id, s.number), '[]'::json)
            from station s where s.site_id = site.id),
        'elements', (select coalesce(json_agg(json_build_object('id', e.id, 'type', e.type,
            'label', e.label) order by e.created_at, e.id), '[]'::json)
            from element e where e.site_id = site.id))""",
    "task": f"""json_build_object('id', remediation_task.id, 'rev', remediation_task.rev,
        'site', remediation_task.site_id, 'element', remediation_task.element_id,
        'track', remediation_task.track, 'state', remediation_task.state,
        'due_on', remediation_task.due_on, 'notice_due_on', remediation_task.noticed_due_on,
        'cost_som', remediation_task.cost_som, 'returned', {_RETURN},
        'extension', {_EXTENSION}, 'declined', {_DECLINE},
        'relieves', remediation_task.relieves, 'violations',
        (select json_agg(json_build_object('id', v.id, 'rev', v.rev,
            'requirement', v.requirement, 'standard', v.standard, 'edition', v.edition,
            'clause', v.clause, 'clause_hint', v.clause_hint, 'confidence', v.confidence,
            'weight', 'binding', 'severity', v.severity,
            'user_groups', v.user_groups, 'measured', v.measured, 'tolerance', v.tolerance,
            'recalled', null, 'required', v.required, 'state', v.state,
            'due_on', v.due_on, 'notice_due_on', v.noticed_due_on,
            'first_seen_at', v.first_seen_at)
            order by v.first_seen_at, v.id)
            from violation v where v.task_id = remediation_task.id))""",
    "inspection": """json_build_object('id', inspection.id, 'rev', inspection.rev,
        'site', inspection.site_id, 'campaign', inspection.campaign_id, 'form', inspection.form,
        'received_at', inspection.received_at, 'flags', inspection.flags,
        'state', case when sent_back.rev is null then 'current' else 'returned' end,
        'returned', case when sent_back.rev is not null then json_build_object(
            'rev', sent_back.rev, 'reason', sent_back.reason, 'by', supervisor.full_name,
            'at', sent_back.returned_at) end,
        'photos_missing', (select count(*) from announced_photo a
            where a.inspection_id = inspection.id and a.rev = inspection.rev
            and not exists (select from photo p where p.sha256 = a.sha256))
            + (select count(*) from awaited_photo a
            where a.inspection_id = inspection.id and a.rev = inspection.rev))""",
    "held": """json_build_object('op', operation.op, 'kind', operation.kind,
        'entity', operation.entity_id, 'seq', operation.seq, 'status', operation.status,
        'reason', coalesce(again.result, operation.result) ->> 'reason',
        'decision', coalesce(review.decision, decided.decision),
        'decided_reason', coalesce(review.reason, decided.reason),
        'decided_at', coalesce(review.decided_at, decided.decided_at),
        'review', review.id, 'outcome', decided.status,
        'rev', decided.result -> 'rev', 'need_photos', decided.result -> 'need_photos')""",
    # Withdrawn ones stay, with the reason: an inspector must not think that one was lost. Whether
    # it is done or overdue a tablet tells by its own inspections and the day.
    "assignment": """json_build_object('id', assignment.id, 'campaign', assignment.campaign_id,
        'site', assignment.site_id, 'due_on', assignment.due_on, 'note', assignment.note,
        'assigned_at', assignment.assigned_at, 'withdrawn_at', assignment.withdrawn_at,
        'withdrawn_reason', assignment.withdrawn_reason)""",
}
_SOURCES = {
    "site": "site join territory on territory.id = site.territory_id",
    "task": "remediation_task join site on site.id = remediation_task.site_id",
    "held": f"""operation join device on device.id = operation.device_id
        left join review on review.op = operation.op
        left join quarantine_decision decided on decided.op = operation.op
            and (decided.status is null or decided.status in ({SETTLED_WORDS}))
        left join lateral (select d.result from quarantine_decision d where d.op = operation.op
            and d.status in ('rejected', 'quarantined') order by d.n desc limit 1) again on true""",
    "inspection": """inspection left join inspection_return sent_back
        on sent_back.inspection_id = inspection.id and sent_back.rev = inspection.rev
        left join person supervisor on supervisor.id = sent_back.returned_by""",
    "assignment": "assignment",
}
_IDS = {"task": "remediation_task.id", "held": "operation.op"}
_PERSONS = {
    "inspection": "inspection.inspector_id",
    "assignment": "assignment.inspector_id",
    "held": "device.owner_id",
}
"""Kinds that lie in the scope of a person, and of whom; the others lie in a territory's."""


def select_of(kind: str) -> str:
    """The rows of a kind as the feed has them, of the ids in the parameter of its name; SQL."""
    entity = _IDS.get(kind, f"{kind}.id")
    person = _PERSONS.get(kind)
    scope = f"'person:' || {person}" if person else "'territory:' || site.territory_id"
    current = " and inspection.is_current" if kind == "inspection" else ""
    return (
        f"select {scope} as scope, '{kind}' as kind, {entity} as entity_id, {_DOCS[kind]} as doc"
        f" from {_SOURCES[kind]} where {entity} = any(%({kind})s){current}"
    )


KINDS = tuple(_DOCS)
_UPSERT = """
    insert into feed (scope, kind, entity_id, doc) {rows}
    on conflict (scope, kind, entity_id)
    do update set doc = excluded.doc, xid = excluded.xid, seq = excluded.seq
"""
_LEAVE = text("""
    update feed set doc = null, xid = pg_current_xact_id()::text::bigint, seq = nextval('feed_seq')
    where entity_id = any(:ids) and kind not in ('inspection', 'held') and doc is not null
        and scope <> :scope
""")


def publish(session: Session, **ids: Iterable[UUID]) -> None:
    """Tell the feed that things changed: `publish(session, site=[…], task=[…])`.

    Rows are written in the order of their key, the last thing a transaction does: two writers
    of one row meet in one order.
    """
    wanted = {kind: sorted(set(ids[kind])) for kind in KINDS if ids.get(kind)}
    if not wanted:
        return
    ask(session, _publishing(tuple(wanted)), wanted)


@cache
def _publishing(kinds: tuple[str, ...]) -> str:
    union = " union all ".join(select_of(kind) for kind in kinds)
    return _UPSERT.format(rows=f"{union} order by 1, 2, 3")


def withdraw(session: Session, ids: Iterable[UUID], *, kept_in: str) -> None:
    """Let things leave every scope but `kept_in`: after a site moved, with all that hangs on it."""
    session.execute(_LEAVE, {"ids": sorted(set(ids)), "scope": kept_in})


def territory_scope(territory: UUID) -> str:
    """The scope of what lies in an LSG territory."""
    return f"territory:{territory}"


def person_scope(person: UUID) -> str:
    """The scope of what a person made."""
    return f"person:{person}"


# The oldest transaction that may still write: everything before it is final.
HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def horizon(session: Session) -> int:
    """The oldest transaction that may still write: everything before it is final."""
    return int(session.execute(text(f"select {HORIZON}")).scalar_one())


_next = text("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")


def next_transaction(session: Session) -> int:
    """No transaction from this number on has begun to write: see `horizon`."""
    return int(session.execute(_next).scalar_one())


_epoch = text("select epoch from feed_epoch")


def epoch(session: Session) -> UUID:
    """The life of the database that versions and cursors count in; see storage/sync/epochs.py."""
    found: UUID = session.execute(_epoch).scalar_one()
    return found
