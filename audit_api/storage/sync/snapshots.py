"""Files for the first sync: what lives in a scope, packed once and kept for all tablets.

A file never changes; a newer one takes its place, and the old one stays for a day, so that a
download that was cut can go on. The table is not logged: after a crash the files are made again.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String, Uuid, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Instant, Sha256, is_sha256
from audit_api.storage.sync import feed, feed_pages
from audit_api.storage.sync.feed_pages import START, Position

KEPT: Final = timedelta(days=1)
"""How long a file that was replaced can still be loaded."""

OLD: Final = timedelta(minutes=10)
"""From this age on, a single change makes a file old; before, only many do."""


class FeedSnapshot(Base):
    """A gzip file of all items that lived in a scope as of the horizon `until`.

    `version_sum`: the sum of their versions, as in a digest.
    """

    __tablename__ = "feed_snapshot"
    __table_args__ = (
        is_sha256("sha256"),
        Index(
            "uq_feed_snapshot_newest",
            "scope",
            unique=True,
            postgresql_where=text("replaced_at is null"),
        ),
        {"prefixes": ["unlogged"]},
    )

    scope: Mapped[str] = mapped_column(String(50), primary_key=True)
    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    epoch: Mapped[UUID] = mapped_column(Uuid)
    until: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[Instant]
    replaced_at: Mapped[Instant | None]
    items: Mapped[int] = mapped_column(Integer)
    version_sum: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class Listed:
    """The newest file of a scope, and how the scope has moved since.

    `last`: the end of the scope's feed below the horizon asked for. `behind`: what moved since
    the file was made, and is final, lies behind this place; None: nothing of that kind. Both name
    transactions that are on the disk: no crash gives their numbers again.
    """

    scope: str
    sha256: str
    bytes: int
    items: int
    version_sum: int
    last: Position
    behind: Position | None
    fresh: bool


_LISTED = text("""
    select s.scope, encode(s.sha256, 'hex'), length(s.data), s.items, s.version_sum,
        (select array[xid, seq] from feed where scope = s.scope and xid < :horizon
            order by xid desc, seq desc limit 1),
        case when moved.first is not null then array[moved.first, 0] end,
        moved.n = 0 or (s.made_at > :old and moved.n <= greatest(20, s.items / 10))
    from feed_snapshot s
    cross join lateral (
        select count(*) as n, min(xid) filter (where xid < :horizon) as first from (
            select xid from feed where scope = s.scope and xid >= s.until
            order by xid limit 1000) m) moved
    where s.scope = any(:scopes) and s.replaced_at is null and s.epoch = :epoch
""")


def listed(
    session: Session, scopes: Iterable[str], epoch: UUID, horizon: int, at: datetime
) -> dict[str, Listed]:
    """The newest file of each scope that has one of this epoch."""
    values = {"scopes": list(scopes), "epoch": epoch, "horizon": horizon, "old": at - OLD}
    found = {}
    for scope, sha256, size, items, total, last, behind, fresh in session.execute(_LISTED, values):
        end = Position(*last) if last else START
        moved = Position(*behind) if behind else None
        found[scope] = Listed(scope, sha256, size, items, total, end, moved, fresh)
    return found


_HOLD = text("select pg_advisory_xact_lock(hashtextextended('snapshot ' || :scope, 0))")
_SAVE = text("""
    insert into feed_snapshot
        (scope, sha256, epoch, until, made_at, items, version_sum, data)
    values (:scope, :sha256, :epoch, :until, :at, :items, :version_sum, :data)
    on conflict (scope, sha256) do update
        set until = excluded.until, made_at = excluded.made_at, replaced_at = null
""")
_REPLACE = text("""
    update feed_snapshot set replaced_at = :at
    where scope = :scope and replaced_at is null and sha256 <> :sha256
""")
_FORGET = text("delete from feed_snapshot where scope = :scope and replaced_at < :before")


def renew(session: Session, scope: str, epoch: UUID, at: datetime) -> None:
    """Make the file of a scope if it has none or an old one; one builder at a time."""
    session.execute(_HOLD, {"scope": scope})
    # No row is written before everything is packed: a transaction that has not begun to write
    # does not hold back the feed.
    until = feed.horizon(session)
    found = listed(session, [scope], epoch, until, at).get(scope)
    if found is not None and found.fresh:
        return
    lines, versions = [], []
    for line, version in feed_pages.live_items(session, scope, until):
        lines.append(line)
        versions.append(version)
    data = _packed(scope, epoch, lines, sum(versions))
    values = {
        "scope": scope,
        "sha256": hashlib.sha256(data).digest(),
        "epoch": epoch,
        "until": until,
        "at": at,
        "before": at - KEPT,
        "items": len(lines),
        "version_sum": sum(versions),
        "data": data,
    }
    session.execute(_REPLACE, values)
    session.execute(_SAVE, values)
    session.execute(_FORGET, values)


def _packed(scope: str, epoch: UUID, lines: list[str], version_sum: int) -> bytes:
    """The same items give the same bytes, whenever they are packed."""
    head = json.dumps(
        {"epoch": str(epoch), "scope": scope, "count": len(lines), "sum": version_sum}
    )
    whole = "\n".join([head, *lines, ""]).encode()
    return gzip.compress(whole, 9, mtime=0)


def find_file(session: Session, scope: str, sha256: bytes) -> bytes | None:
    """The bytes of a file, the newest one or one that was replaced less than a day ago."""
    return session.scalar(
        select(FeedSnapshot.data)
        .join(feed.FeedEpoch, feed.FeedEpoch.epoch == FeedSnapshot.epoch)
        .where(FeedSnapshot.scope == scope, FeedSnapshot.sha256 == sha256)
        .limit(1)
    )
