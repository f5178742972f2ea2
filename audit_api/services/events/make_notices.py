"""Who gets a mail: of what happened to a task or an act at once, of the rest once a day."""

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.deadlines import ZONE, today
from audit_api.storage import people
from audit_api.storage.events import digest, notices, outbox
from audit_api.storage.events.notices import NoticeKind

DAILY_FROM: Final = time(8)
"""In Kyrgyzstan: from then on the day's mail is made."""
_SOURCE: Final = "notices"
_TOLD: Final = {
    "task.returned": (NoticeKind.TASK_RETURNED, Noun.TASKS, "acknowledge"),
    "act.answered": (NoticeKind.ACT_ANSWERED, Noun.ACTS, "write"),
}
"""Type -> the mail at once, and to whom: those who may do that where it happened."""
_MOST: Final = 2_000
_FIRST_LOOKS_BACK: Final = timedelta(days=1)
STALE: Final = timedelta(days=3)
"""What is older is no news: mail was off, or the worker stood still."""


def make_notices(session: Session, *, at: datetime) -> None:
    """Make the notices of what is new in the outbox; nothing is sent here."""
    if not outbox.hold_outbox(session):
        return
    readers = [
        actor
        for reader in notices.readers(session)
        if (actor := people.actor_of_person(session, reader.person, today(at))) is not None
    ]
    _at_once(session, readers, at)
    if at.astimezone(ZONE).time() >= DAILY_FROM:
        _daily(session, readers, at)


def _at_once(session: Session, readers: list[Actor], at: datetime) -> None:
    known, _ = outbox.read_source(session, _SOURCE)
    top = max(known, digest.newest_before(session, at - STALE))
    events = digest.events_after(session, top, list(_TOLD), _MOST)
    for _, event, kind, place in events:
        notice, noun, verb = _TOLD[kind]
        for actor in readers:
            if place in scope_of(actor, noun, verb).territories:
                key, about = str(event), {"event": str(event)}
                notices.add_notice(session, actor.person, notice, key, about, at=at)
    if events:
        outbox.keep_source(session, _SOURCE, events[-1][0], ())


def _daily(session: Session, readers: list[Actor], at: datetime) -> None:
    day, upto = today(at).isoformat(), digest.newest(session)
    last = notices.last_daily(session)
    first = digest.newest_before(session, at - _FIRST_LOOKS_BACK)
    for actor in readers:
        was, after = last.get(actor.person) or ("", first)
        if was < day:
            about = {"after": after, "upto": upto}
            notices.add_notice(session, actor.person, NoticeKind.DAILY, day, about, at=at)


def tell_owner(
    session: Session, owner: UUID, kind: NoticeKind, webhook: UUID, why: str, *, at: datetime
) -> None:
    """Let the owner of a webhook know, once a day; only who has an address gets a mail."""
    about = {"why": why}
    notices.add_notice(session, owner, kind, f"{webhook} {today(at)} {why}", about, at=at)
