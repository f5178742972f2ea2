"""Documents of the feed that an older version wrote: compared with what they would be now.

Only what differs is written, so that tablets get nothing anew in vain.
"""

from functools import cache
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.storage.base import ask
from audit_api.storage.sync import feed

# Each thing that belongs into the feed, whether or not a row of it is there.
_IDS = {
    "site": "select id from site",
    "task": "select id from remediation_task",
    "inspection": "select id from inspection where is_current",
    "assignment": "select id from assignment",
    "held": "select op from held_operation",
}
_FIRST = UUID(int=0)
# A row that somebody wrote since this statement began has another `seq`: it stays as they wrote it.
_REPUBLISH = """
    with fresh as materialized ({rows})
    insert into feed (scope, kind, entity_id, doc, seq)
    select fresh.scope, fresh.kind, fresh.entity_id, fresh.doc,
        coalesce(old.seq, nextval('feed_seq'))
    from fresh left join feed old using (scope, kind, entity_id)
    where old.seq is null or old.doc::text is distinct from fresh.doc::text
    order by 1, 2, 3
    on conflict (scope, kind, entity_id) do update
        set doc = excluded.doc, xid = excluded.xid, seq = nextval('feed_seq')
        where feed.seq = excluded.seq
    returning 1
"""
# What lies in a territory's scope must not move between the look and the writing.
_HOLD = {
    "site": "select from site where id = any(:ids) order by id for share",
    "task": """select from site where id in (
        select site_id from remediation_task where id = any(:ids)) order by id for share""",
}


def count(session: Session, kind: str) -> int:
    """How many things of a kind belong into the feed."""
    return int(session.execute(text(f"select count(*) from ({_IDS[kind]}) i")).scalar_one())


@cache
def _following(kind: str) -> str:
    column = "op" if kind == "held" else "id"
    return f"""
        select {column} from ({_IDS[kind]}) i where {column} > :after order by {column} limit :rows
    """


def ids_after(session: Session, kind: str, after: UUID | None, *, limit: int) -> list[UUID]:
    """The next things of a kind behind an id, in the order of their ids."""
    values = {"after": after or _FIRST, "rows": limit}
    return list(session.scalars(text(_following(kind)), values))


def republish(session: Session, kind: str, ids: list[UUID]) -> int:
    """Write the documents that differ from what they would be now; returns how many."""
    if kind in _HOLD:
        session.execute(text(_HOLD[kind]), {"ids": ids})
    return sum(1 for _ in ask(session, _statement(kind), {kind: ids}))


@cache
def _statement(kind: str) -> str:
    return _REPUBLISH.format(rows=feed.select_of(kind))
