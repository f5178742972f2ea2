"""Lives of the database: one that was restored or rolled back begins a new epoch before it serves.

Cursors and versions count in transactions of one cluster. A restored database has others, so
`feed_epoch` remembers where it was written: in which cluster, on which timeline, and by which
transaction. Whoever opens a connection compares, and the first one that sees a difference sets
things right (docs/decisions/0022).
"""

from typing import Any
from uuid import UUID

import structlog
from psycopg import Connection, OperationalError, errors

log = structlog.get_logger()

SEQ_JUMP = 1 << 32
"""At least so far do versions of the feed jump: none repeats with another content."""

# Any constant will do; it only has to be the same in every release.
_LOCK = 7_205_461_831
_HERE = """
    select pg_is_in_recovery() as standby, system_identifier,
        case when not pg_is_in_recovery()
            then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
        end as timeline
    from pg_control_system()
"""
# A row that a restore has copied was written by the restoring transaction, not by the one it
# names: that tells a dump from its original even in the same cluster.
_LOOK = f"""
    select here.standby, case
        when e.xid is null then 'unknown'
        when e.system_identifier <> here.system_identifier then 'another cluster'
        when e.timeline <> here.timeline then 'another timeline'
        when e.xmin::text::bigint <> e.xid & 4294967295 then 'restored from a dump'
    end
    from feed_epoch e, ({_HERE}) here
"""
_STAMP = f"""
    update feed_epoch e set system_identifier = here.system_identifier,
        timeline = here.timeline, xid = pg_current_xact_id()::text::bigint
    from ({_HERE}) here
"""
_BEYOND = """
    select exists (select from feed
        where xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
"""
_BEGIN = (
    "update feed set xid = 0 where xid <> 0",
    # What is in the log is found there; the rest is final, whatever its transaction was called.
    """update operation o set xid = 0
        where not exists (select from log_leaf l where l.op = o.op)""",
    """update photo p set xid = 0
        where not exists (select from log_leaf l where l.photo = p.sha256)""",
    # Chance keeps two lives that begin from one dump apart.
    f"""select setval('feed_seq',
        last_value + {SEQ_JUMP} + floor(random() * {SEQ_JUMP})::bigint) from feed_seq""",
    """insert into audit_log (at, what, subject, detail)
        select clock_timestamp(), 'epoch_began', 'feed', json_build_object(
            'reason', %(reason)s::text, 'epoch', %(epoch)s::text, 'before', e.epoch,
            'system_identifier', e.system_identifier::text, 'timeline', e.timeline)
        from feed_epoch e""",
    "update feed_epoch set epoch = %(epoch)s::uuid, began_at = clock_timestamp()",
)
_NOT_HERE_YET = (errors.UndefinedTable, errors.UndefinedColumn)


def settle_epoch(driver: "Connection[Any]") -> None:
    """Begin a new epoch if this database is not where its feed was written; else one look.

    Several at once: one does it, the others wait. Does nothing before the migrations have made
    the tables, and nothing without the right to call `pg_control_system`, which the check of the
    server tells. Raises OperationalError on a standby: it can serve nobody.
    """
    reason = _look(driver)
    if reason is None:
        return
    with driver.transaction(), driver.cursor() as cursor:
        # However long another one takes, waiting for it is right.
        cursor.execute("set local lock_timeout = 0; set local statement_timeout = 0")
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        found = cursor.execute(_LOOK).fetchone()
        reason = found[1] if found else None
        if reason == "unknown":
            beyond = cursor.execute(_BEYOND).fetchone()
            reason = "another cluster" if beyond == (True,) else None
            cursor.execute(_STAMP)
        if reason is not None:
            _begin(cursor, reason)
    driver.autocommit = False


def begin_epoch(driver: "Connection[Any]", reason: str, *, instead_of: UUID | None = None) -> bool:
    """Begin a new epoch now, on a connection that is in no transaction; True when it was begun.

    For what nobody can see at the start: a data folder or a whole machine that was put back as it
    was looks as if nothing had happened. `instead_of`: only while that epoch is still the one.
    """
    with driver.transaction(), driver.cursor() as cursor:
        cursor.execute("set local lock_timeout = 0; set local statement_timeout = 0")
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        found = cursor.execute("select epoch from feed_epoch").fetchone()
        if found is None or instead_of not in (None, found[0]):
            return False
        _begin(cursor, reason)
    return True


def _look(driver: "Connection[Any]") -> str | None:
    """Why a new epoch is due; None when there is no reason."""
    driver.autocommit = True
    try:
        found = driver.execute(_LOOK).fetchone()
    except (*_NOT_HERE_YET, errors.InsufficientPrivilege):
        driver.autocommit = False
        return None
    if found is not None and found[0]:
        raise OperationalError("the server is a standby, which takes in nothing")
    if found is None or found[1] is None:
        driver.autocommit = False
        return None
    reason: str = found[1]
    return reason


def _begin(cursor: Any, reason: str) -> None:
    epoch = cursor.execute("select gen_random_uuid()::text").fetchone()[0]
    for statement in _BEGIN:
        cursor.execute(statement, {"reason": reason, "epoch": epoch})
    cursor.execute(_STAMP)
    log.warning("epoch_began", reason=reason, epoch=epoch)
