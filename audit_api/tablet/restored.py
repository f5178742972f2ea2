"""A server that was restored from a backup: another life of its database, another epoch.

What only this tablet has goes out again: everything without a durable receipt. Sending again what
the server has is harmless, since it answers what it answered before.
"""

import sqlite3

from audit_api.tablet.outbox import follow, renumber
from audit_api.tablet.store import note


def check_epoch(db: sqlite3.Connection, epoch: object) -> bool:
    """Compare an answer's epoch with the known one; True, and work to do, when it is another."""
    (known,) = db.execute("select epoch from tablet").fetchone()
    if not isinstance(epoch, str) or epoch == known:
        return False
    if known is None:
        db.execute("update tablet set epoch = ?", (epoch,))
        return False
    begin_again(db)
    db.execute("update tablet set epoch = ?", (epoch,))
    return True


def begin_again(db: sqlite3.Connection) -> None:
    """Put everything without a durable receipt back into the outbox, and ask for a resync."""
    # Work that was damaged on its way went out anew under another id, and does so now.
    db.execute(
        """update operation set state = 'waiting' where durable is null and (state <> 'mended'
            or (said like '%"rejected"%' and said not like '%"hash-mismatch"%'))"""
    )
    # What an earlier device of this owner handed in is now this one's to hand in.
    renumber(db)
    # What was sent anew under another id goes out under that one alone.
    follow(db)
    db.execute("update photo set state = 'announced' where state in ('wanted', 'handed_over')")
    db.execute("update tablet set epoch = null, cursor = null, resync = 1")
    note(db, "restored server")
