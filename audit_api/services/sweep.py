"""Cleaning up what nobody can use any more. Evidence is never among it."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from audit_api.storage.oversight.repeats import sweep_answered
from audit_api.storage.people import EnrolmentCode, FailedSignIn, LoginSession
from audit_api.storage.sync.uploads import sweep_uploads

KEPT = timedelta(days=30)


def sweep(session: Session, *, at: datetime) -> int:
    """Delete sessions and unused codes that ended 30 days ago, keys of requests of before then,
    day-old failed sign-ins, and uploads that were not gone on with for a week.

    Returns how many rows went.
    """
    outcomes = (
        session.execute(delete(LoginSession).where(LoginSession.expires_at < at - KEPT)),
        session.execute(
            delete(EnrolmentCode).where(
                EnrolmentCode.expires_at < at - KEPT, EnrolmentCode.used_at.is_(None)
            )
        ),
        session.execute(delete(FailedSignIn).where(FailedSignIn.at < at - timedelta(days=1))),
    )
    gone: int = sum(outcome.rowcount for outcome in outcomes)  # type: ignore[attr-defined]
    return gone + sweep_answered(session, before=at - KEPT) + sweep_uploads(session, at=at)
