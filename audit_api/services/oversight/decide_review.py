"""Decide on a review: the tablet's side is taken, or what the server has is kept.

What is taken is the operation once more, as an edit of what is there now: a branch becomes a
revision that corrects the current one, with its bytes as they were handed in; a command is given
to the task as it is. Fields are written with a trace. The author stays whose operation it is.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import AlreadyDecided, FourEyes, NotFound
from audit_api.domain.sync.mending import Mending, mended
from audit_api.domain.sync.merge import Change
from audit_api.domain.sync.operations import Authority, ReceivedOperation
from audit_api.domain.vocabulary import EntityKind, ReviewDecision
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.oversight.decide_quarantine import let_followers_in, of_kept, still_held
from audit_api.services.sync.replay_operation import kept_operation, replay_operation
from audit_api.storage import audit_log, people
from audit_api.storage.oversight import review_decisions
from audit_api.storage.oversight.review_decisions import OpenReview
from audit_api.storage.sync import edits, feed, quarantine
from audit_api.storage.sync.edits import Author
from audit_api.storage.sync.quarantine import APPLIED

AS_ASKED: Final = {ReviewDecision.MINE: "take_mine", ReviewDecision.SERVER: "keep_server"}
"""How a person asks for a decision."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whose side a person takes, and why."""

    decision: ReviewDecision
    reason: str


def decide_review(
    session: Session,
    decider: Actor,
    scope: Scope,
    review_id: UUID,
    ruling: Ruling,
    *,
    catalogs: CatalogKeeper,
    at: datetime,
) -> None:
    """Settle a review by a person's word, with all that follows from it.

    Raises AlreadyDecided, FourEyes, BytesChanged, and StillHeld when the tablet's side cannot be
    applied to what is there now: then nothing may be committed.
    """
    review = review_decisions.hold_review(session, review_id)
    if review is None:
        raise NotFound
    if review.decision is not None and review.decided_at is not None:
        word = AS_ASKED[ReviewDecision(review.decision)]
        raise AlreadyDecided(
            f"{review.decided_by} decided on it before: {word}. Read it again; what was decided "
            "stands.",
            extra={
                "decision": word,
                "decided_by": review.decided_by,
                "decided_at": review.decided_at.isoformat(),
                "reason": review.reason,
            },
        )
    if review.owner == decider.person:
        raise FourEyes("One side is your own. Ask another technical supervisor to decide.")
    taken = ruling.decision is ReviewDecision.MINE
    review_decisions.resolve(
        session,
        review.id,
        decision=ruling.decision.value,
        reason=ruling.reason,
        person=decider.person,
        at=at,
    )
    if taken and review.entity_kind in (EntityKind.SITE, EntityKind.ELEMENT):
        _take_fields(session, review, at)
    elif taken:
        _take_operation(session, decider, scope, review, catalogs, at)
    audit_log.record(
        session,
        "review_decided",
        review.id,
        at=at,
        person=decider.person,
        op=str(review.op),
        decision=ruling.decision.value,
    )
    feed.publish(session, held=[review.op])
    if taken:
        let_followers_in(session, decider, scope, [review.op], ruling.reason, catalogs, at)


def _take_fields(session: Session, review: OpenReview, at: datetime) -> None:
    """Write the tablet's values, whatever is there now: the person has seen both."""
    kind = EntityKind(review.entity_kind)
    asked = edits.ask_fields(session, kind, review.entity, None)
    held = edits.place(asked)
    if held is None:
        raise NotFound
    now, _ = edits.fields(asked)
    writes = {
        name: Change(now[name], mine)
        for name, mine in review.mine.items()
        if name in now and now[name] != mine
    }
    if not writes:
        return
    author = Author(review.op, review.owner, review.device)
    edits.write_fields(session, kind, review.entity, held, writes, author, at)
    feed.publish(session, site=[held.site])


def _take_operation(
    session: Session,
    decider: Actor,
    scope: Scope,
    review: OpenReview,
    catalogs: CatalogKeeper,
    at: datetime,
) -> None:
    # Before looking what is current: a push may be making the next revision just now.
    review_decisions.hold_site(session, review.site)
    held = of_kept(session, review.op)
    owner = replace(
        people.owner_of_device(session, review.device, today(at)), language=decider.language
    )
    operation = handed_in(session, kept_operation(held))
    result = replay_operation(
        session,
        owner,
        Authority(scope, released_by=decider.person),
        _as_edit_of_now(session, review, operation),
        catalogs=catalogs,
        at=at,
    )
    if result.status not in APPLIED:
        raise still_held(review.op, result)
    audit_log.record_all(session, result.logged)


def handed_in(session: Session, operation: ReceivedOperation) -> ReceivedOperation:
    """The operation as it came to its review: a repair may have mended it before."""
    found = quarantine.repair_of(session, operation.op)
    if found is None:
        return operation
    return mended(operation, Mending(found.body, found.body_bytes, found.members))


def _as_edit_of_now(
    session: Session, review: OpenReview, operation: ReceivedOperation
) -> ReceivedOperation:
    if review.entity_kind == EntityKind.INSPECTION:
        rev = review_decisions.current_rev(session, review.entity)
        return replace(operation, base=None if rev is None else {"rev": rev})
    state = review_decisions.task_state(session, review.entity)
    body = {**operation.body, "if": {"state": state}}
    return replace(operation, base=None, body=body)
