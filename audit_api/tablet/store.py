"""What a tablet keeps: one SQLite file, and photos under their own hash beside it.

Every change is one transaction that is on the disk before the next step begins (WAL with
`synchronous=FULL`), so a tablet that is switched off at any moment goes on where it was.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_api.tablet.errors import NotEnrolled, TabletError

FILE = "tablet.db"
_VERSION = 2
_WAIT_S = 60
_WORK = """
create table operation (
    n integer primary key, op text not null unique, owner text not null, device text not null,
    seq integer not null, kind text not null, entity text not null,
    base text, group_id text, body blob not null, sha256 text not null, record blob not null,
    state text not null default 'waiting' check (state in ('waiting', 'applied', 'merged',
        'conflict', 'quarantined', 'rejected', 'op_reused', 'mended')),
    said text, receipt text, durable text, replaced_by text, unique (device, seq)
) strict;
create index operation_state on operation (state, device, seq);
create table photo_use (
    op text not null references operation (op), sha256 text not null references photo,
    primary key (op, sha256)
) strict
"""
_SCHEMA = """
create table tablet (
    single integer primary key check (single = 1),
    base_url text not null, device text not null, token text not null,
    name text not null, owner text not null, private_key text,
    seq integer not null default 0, last_sha256 text, acked_seq integer not null default 0,
    epoch text, cursor text, resync integer not null default 0, catalog text,
    revoked integer not null default 0, last_contact text
) strict;
create table photo (
    sha256 text primary key, bytes integer not null, content_type text not null,
    state text not null default 'announced' check (state in ('announced', 'wanted',
        'handed_over', 'durable', 'deleted')),
    problem text
) strict;
create table upload (sha256 text primary key, path text not null) strict;
create table scope (name text primary key) strict;
create table item (
    scope text not null, kind text not null, id text not null, version integer not null,
    doc text not null, primary key (scope, kind, id)
) strict, without rowid;
create table anchor (n integer primary key, server_time text not null, mono_ms integer not null,
    boot text not null) strict;
create table server_key (key text primary key, public text not null) strict;
create table note (n integer primary key autoincrement, at text not null, what text not null,
    about text, detail text) strict;
"""


# Version 1 knew one device and one owner.
_BEFORE_1 = """
alter table operation rename to operation_1;
alter table photo_use rename to photo_use_1;
drop index operation_state;
"""
_AFTER_1 = """;
insert into operation (owner, device, op, seq, kind, entity, base, group_id, body, sha256, record,
        state, said, receipt, durable, replaced_by)
    select t.owner, t.device, o.op, o.seq, o.kind, o.entity, o.base, o.group_id, o.body, o.sha256,
        o.record, o.state, o.said, o.receipt, o.durable, o.replaced_by
    from operation_1 o, tablet t order by o.seq;
insert into photo_use select op, sha256 from photo_use_1;
drop table photo_use_1;
drop table operation_1;
create table upload (sha256 text primary key, path text not null) strict
"""
_STEPS = {0: _SCHEMA + _WORK, 1: _BEFORE_1 + _WORK + _AFTER_1}


class Store:
    """A tablet's folder, open. Several processes may have it open at once."""

    def __init__(self, folder: Path, *, new: bool = False) -> None:
        """`new`: make what is missing; else without a tablet NotEnrolled and nothing made."""
        self.folder = folder
        self.photos = folder / "photos"
        path = folder / FILE
        if not new and not path.exists():
            raise _not_enrolled(folder)
        self.photos.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The token lies in it: nobody else on the device reads it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute("pragma foreign_keys = on")
        self._prepare()

    def _prepare(self) -> None:
        with self.writing() as db:
            (version,) = db.execute("pragma user_version").fetchone()
            if version in _STEPS:
                for statement in _STEPS[version].split(";"):
                    db.execute(statement)
                db.execute(f"pragma user_version = {_VERSION}")
            elif version != _VERSION:
                raise TabletError(
                    f"{self.folder / FILE} was made by another version of this program "
                    f"({version}, not {_VERSION}). Hand in its work with that version."
                )

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk when the block ends, or nothing."""
        self._db.execute("begin immediate")
        try:
            yield self._db
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row; None without one."""
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]

    @property
    def identity(self) -> sqlite3.Row:
        """The row about the tablet itself; NotEnrolled without one."""
        row: sqlite3.Row | None = self._db.execute("select * from tablet").fetchone()
        if row is None:
            raise _not_enrolled(self.folder)
        return row


def _not_enrolled(folder: Path) -> NotEnrolled:
    return NotEnrolled(
        f"{folder} holds no enrolled tablet. Name the right one with --folder, or ask the "
        "coordinator for a code and run `audit-api tablet enrol`."
    )


def note(db: sqlite3.Connection, what: str, about: str | None = None, **detail: Any) -> None:
    """Write down what the tablet saw or did, in the transaction in which it became true."""
    db.execute(
        "insert into note (at, what, about, detail) values (?, ?, ?, ?)",
        (datetime.now(UTC).isoformat(), what, about, json.dumps(detail) if detail else None),
    )
