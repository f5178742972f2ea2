"""Files whose term is over are deleted; what was asked for is forgotten a month later."""

from datetime import datetime, timedelta
from typing import Final

from audit_api.services.exports.run import KEPT
from audit_api.storage import exports
from audit_api.storage.base import Database
from audit_api.storage.file_store import FileStore

REMEMBERED: Final = timedelta(days=30)


def sweep_files(database: Database, files: FileStore, *, at: datetime) -> int:
    """Delete what is over; returns how many files went. Papers that verify stay known for ever."""
    gone = files.sweep(older_than=at - KEPT)
    with database.writing() as session:
        exports.sweep_exports(session, ended_before=at - REMEMBERED)
    return gone
