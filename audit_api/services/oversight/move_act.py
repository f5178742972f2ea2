"""What happens to an act after it was issued: it is answered, and the prosecutor decides."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import Fault, FourEyes, InvalidInput, NotFound
from audit_api.domain.oversight.acts import ActMove, next_state
from audit_api.storage import audit_log
from audit_api.storage.oversight import acts
from audit_api.storage.oversight.acts import HeldAct


def answer_act(
    session: Session, actor: Actor, scope: Scope, act: UUID, *, answer: str, at: datetime
) -> None:
    """The head of the body that was written to answers.

    Raises NotFound for an act that was not written to a body in scope, FourEyes for who issued
    it, MoveRefused when no answer is awaited.
    """
    held = acts.hold_to_answer(session, scope, act)
    if held is None:
        raise NotFound
    if held.issued_by == actor.person:
        raise FourEyes("You issued this act yourself. Somebody else of the body answers it.")
    _move(session, actor, held, ActMove.ANSWER, reason=answer, at=at, answered_on=today(at))


def decide_act(
    session: Session,
    actor: Actor,
    scope: Scope,
    act: UUID,
    move: ActMove,
    *,
    reason: str,
    at: datetime,
    answered_on: date | None = None,
    signed_by: str | None = None,
) -> None:
    """A prosecutor of the office, or of one above it, decides; an answer on paper is recorded.

    Raises NotFound for an act of an office outside the scope, InvalidInput when day and signature
    are not given with an answer, or with anything else, MoveRefused when the state forbids it.
    """
    held = acts.hold_to_decide(session, scope, act)
    if held is None:
        raise NotFound
    recorded = move is ActMove.RECORD_ANSWER
    for name, value in (("answered_on", answered_on), ("signed_by", signed_by)):
        if (value is not None) != recorded:
            detail = (
                "Say on which day the answer was given and who signed it."
                if recorded
                else "Only an answer that is recorded has it."
            )
            raise InvalidInput(detail, faults=[Fault(f"/{name}", detail)])
    if answered_on is not None and not held.issued_on <= answered_on <= today(at):
        detail = f"An answer comes between the day of the act, {held.issued_on}, and today."
        raise InvalidInput(detail, faults=[Fault("/answered_on", detail)])
    _move(
        session,
        actor,
        held,
        move,
        reason=reason,
        at=at,
        answered_on=answered_on,
        signed_by=signed_by,
    )


def _move(
    session: Session,
    actor: Actor,
    held: HeldAct,
    move: ActMove,
    *,
    reason: str,
    at: datetime,
    answered_on: date | None = None,
    signed_by: str | None = None,
) -> None:
    state = next_state(held.state, move)
    acts.add_event(
        session,
        held.id,
        move,
        was=held.state,
        state=state,
        reason=reason,
        person=actor.person,
        at=at,
        answered_on=answered_on,
        signed_by=signed_by,
    )
    audit_log.record(
        session,
        "act_moved",
        held.id,
        at=at,
        person=actor.person,
        move=move,
        was=held.state,
        state=state,
    )
