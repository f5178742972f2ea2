"""Backup marks: the operator's word that a dump and a copy of the bucket cover a checkpoint."""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.errors import BackupRefused
from audit_api.services.evidence.keep_log import Signed
from audit_api.storage import audit_log
from audit_api.storage.evidence import evidence_log


def begin_backup(session: Session, signed: Signed, *, at: datetime) -> str:
    """Note that a backup begins behind this checkpoint; returns its token.

    The token says when and how many leaves lie under the checkpoint. A dump that is made after
    this was committed, and a copy of the bucket made after it, hold all that these leaves name.
    """
    token = f"{at:%Y%m%dT%H%M%SZ}-{signed.size}-{secrets.token_hex(4)}"
    evidence_log.add_mark(session, token, signed.n, at=at)
    audit_log.record(session, "backup_begun", token, at=at, checkpoint=signed.n)
    return token


def finish_backup(session: Session, token: str, *, at: datetime) -> int:
    """Record that the backup is whole; returns how many leaves it covers.

    Raises BackupRefused for a token that `begin_backup` of this database did not give, and for
    one that was recorded before.
    """
    mark = evidence_log.held_mark(session, token)
    if mark is None:
        raise BackupRefused(
            f"No backup {token[:100]!r} was begun on this database. Give the token that "
            "`audit-api backup begin` printed before the dump was made."
        )
    if mark.done_at is not None:
        raise BackupRefused(
            f"Backup {token} was recorded at {mark.done_at.isoformat()} already. "
            "Begin the next one with `audit-api backup begin`."
        )
    mark.done_at = at
    session.flush()
    audit_log.record(session, "backup_done", token, at=at, checkpoint=mark.checkpoint)
    return evidence_log.backed_up_size(session)
