"""Reading the feed: is there anything new, a page of it, its digest, what differs.

Everything here goes through `ask` and needs no transaction of its own: what lies below a horizon
is final, whichever statement reads it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage.base import Answered, ask
from audit_api.storage.sync import feed


class Position(NamedTuple):
    """A place in the feed's order."""

    xid: int
    seq: int


START = Position(0, 0)
Key = tuple[str, str, UUID]
"""Scope, kind and id of an item."""


class Look(NamedTuple):
    """The feed at a glance: epoch, horizon, the catalog's version, whether anything is new."""

    epoch: UUID
    horizon: int
    catalog_version: int
    news: bool


@cache
def _look(horizon: str) -> str:
    return f"""
        select epoch, {horizon},
            (select coalesce(max(n), 0) from catalog_document),
            exists(select from unnest(cast(%(scopes)s as text[])) as s (name)
                cross join lateral (select from feed
                    where scope = s.name and (xid, seq) > (%(xid)s, %(seq)s) and xid < {horizon}
                    limit 1) later)
        from feed_epoch
    """


def ask_look(session: Session, scopes: Sequence[str], after: Position) -> Answered:
    """Ask whether anything in `scopes` came after a position; see `looked`."""
    values = {"scopes": list(scopes), "xid": after.xid, "seq": after.seq}
    return ask(session, _look(feed.HORIZON), values)


def looked(answer: Answered) -> Look:
    """What `ask_look` was told."""
    row = answer.fetchone()
    if row is None:
        raise RuntimeError("the feed has no epoch")
    epoch, horizon, version, news = row
    return Look(UUID(str(epoch)), int(horizon), int(version), news)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page: the items as JSON text, where it ended, and whether more is there."""

    items: str
    end: Position | None
    more: bool


_ITEM = """'["' || f.scope || '","' || f.kind || '","' || f.entity_id || '",'
    || coalesce(f.doc::text, 'null') || ',' || f.seq || ']'"""
_LATER = """
    select f.* from unnest(cast(%({set})s as text[])) as s (name)
    cross join lateral (
        select scope, kind, entity_id, xid, seq from feed
        where scope = s.name and (xid, seq) > (%({set}_xid)s, %({set}_seq)s) and xid < %(until)s
            {live}
        order by xid, seq limit %(rows)s) f
"""
# Keys first, from the index, scope by scope; documents only of those that make the page.
# Whoever has nothing of a scope yet needs not be told what has left it.
_PAGE = f"""
    with later as ({_LATER.format(set="known", live="")}
        union all {_LATER.format(set="fresh", live="and doc is not null")}),
    page as (
        select l.*, row_number() over (order by xid, seq) as n
        from (select * from later order by xid, seq limit %(rows)s) l
    ), shown as (select * from page where n < %(rows)s)
    select
        (select string_agg({_ITEM}, ',' order by n)
            from shown join feed f using (entity_id, kind, scope)),
        (select array[xid, seq] from shown order by n desc limit 1),
        (select count(*) from page) = %(rows)s
"""


def read_page(
    session: Session,
    *,
    known: Iterable[str],
    known_after: Position,
    fresh: Iterable[str],
    fresh_after: Position,
    until: int,
    limit: int,
) -> FeedPage:
    """Changes in the scopes `known` after one position; what is in `fresh` after another.

    `until` is a horizon read before, for this page or for the first one of its run: without it a
    row that got its number early and commits late would be lost.
    """
    values = {
        "known": list(known),
        "known_xid": known_after.xid,
        "known_seq": known_after.seq,
        "fresh": list(fresh),
        "fresh_xid": fresh_after.xid,
        "fresh_seq": fresh_after.seq,
        "until": until,
        "rows": limit + 1,
    }
    row = ask(session, _PAGE, values).fetchone()
    if row is None:
        raise TypeError("an aggregate gives a row")
    items, end, more = row
    return FeedPage(items or "", Position(*end) if end else None, more)


# What was written again beyond `until` has lost the version that a tablet got: no digest then.
_DIGEST = """
    select string_agg('"' || s.name || '":{"count":' || d.count || ',"sum":' || d.sum || '}', ','
        order by s.n)
    from unnest(cast(%(scopes)s as text[])) with ordinality as s (name, n)
    cross join lateral (
        select count(*) as count, coalesce(sum(seq), 0) as sum from feed
        where scope = s.name and xid < %(until)s and doc is not null) d
    where not exists (select from feed where scope = s.name and xid >= %(until)s)
"""


def digest(session: Session, scopes: Sequence[str], until: int) -> str:
    """The members of a JSON object: for each scope how many items live, and their versions' sum.

    As of `until`; a scope that was written since is left out.
    """
    row = ask(session, _DIGEST, {"scopes": list(scopes), "until": until}).fetchone()
    return row[0] or "" if row else ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets a tablet apart from the feed: keys to send, in the feed's order, and to forget.

    `end`: the last place below the horizon. Not the horizon itself: after a crash the number of a
    transaction that was rolled back may be given again.
    """

    send: list[tuple[Position, Key]]
    forget: list[Key]
    end: Position


_VERSIONS = """
    select scope, kind, entity_id, xid, seq, doc is not null from feed
    where scope = any(%(scopes)s) order by xid, seq
"""


def difference(
    session: Session, scopes: Sequence[str], have: Mapping[Key, int], until: int
) -> Difference:
    """Compare what a tablet has (version by key) with the feed as of `until`.

    What was written since is left alone: it comes with the next page behind `until`.
    """
    send: list[tuple[Position, Key]] = []
    kept: set[Key] = set()
    end = START
    for scope, kind, entity, xid, seq, live in ask(session, _VERSIONS, {"scopes": list(scopes)}):
        key = (scope, kind, entity)
        if xid >= until:
            kept.add(key)
            continue
        end = Position(xid, seq)
        if live:
            kept.add(key)
            if have.get(key) != seq:
                send.append((end, key))
    return Difference(send, [key for key in have if key not in kept], end)


_ITEMS = f"""
    select string_agg({_ITEM}, ',' order by f.xid, f.seq)
    from json_to_recordset(%(keys)s) as k (s text, k text, e uuid)
    join feed f on f.entity_id = k.e and f.kind = k.k and f.scope = k.s
    where f.xid < %(until)s and f.doc is not null
"""


def items_of(session: Session, keys: Iterable[Key], until: int) -> str:
    """These items as JSON text; those that were written since `until` are left out."""
    named = json.dumps([{"s": scope, "k": kind, "e": str(entity)} for scope, kind, entity in keys])
    row = ask(session, _ITEMS, {"keys": named, "until": until}).fetchone()
    return row[0] or "" if row else ""


_LIVE = f"""
    select {_ITEM}, f.seq from feed f
    where scope = %(scope)s and xid < %(until)s and doc is not null order by kind, seq
"""


def live_items(session: Session, scope: str, until: int) -> Iterator[tuple[str, int]]:
    """Every item that lives in a scope as of `until`, as JSON text, and its version."""
    yield from ask(session, _LIVE, {"scope": scope, "until": until})
