"""A temporary task beside a permanent one: what stands in its place on election day."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.deadlines import FINAL_CHECK_MILESTONE, day_task_due_on, today
from audit_api.domain.errors import MoveRefused, NotCurrent, NotFound
from audit_api.domain.vocabulary import ENDED_TASK_STATES, TaskTrack
from audit_api.domain.working_days import working_days
from audit_api.storage import audit_log
from audit_api.storage.oversight import relief
from audit_api.storage.oversight.relief import OpenedForTheDay
from audit_api.storage.oversight.task_moves import hold_task
from audit_api.storage.sync import feed
from field_schema.catalog import Catalog


def open_temporary(
    session: Session,
    actor: Actor,
    scope: Scope,
    task: UUID,
    rev: int,
    reason: str,
    *,
    catalog: Catalog,
    at: datetime,
) -> UUID:
    """Open the temporary task of a permanent one's element for the next vote there; returns it.

    It is about the live violations whose requirements have a temporary remedy. Raises NotFound
    outside the scope, NotCurrent, and MoveRefused when nothing helps, or one is open, or the day
    is over.
    """
    held = hold_task(session, scope, task)
    if held is None:
        raise NotFound
    if held.rev != rev:
        raise NotCurrent(
            f"The task is at rev {held.rev}, not {rev}. Read it again, then say it.",
            extra={"rev": held.rev},
        )
    day = today(at)
    territory, site, element, campaign = relief.task_beside(session, task, day)
    _refuse(held.track, held.state, campaign)
    days = relief.days_of(session, campaign, FINAL_CHECK_MILESTONE)
    for open_one, *_ in relief.day_tasks(session, [element]):
        raise MoveRefused(
            "This element has a temporary task that has not ended. Go on with that one.",
            extra={"state": held.state, "task": str(open_one)},
        )
    helped = [
        case
        for case, _, standard, edition, requirement, usable in relief.live_cases(
            session, [element], day
        )
        if not usable and catalog.requirement(standard, edition, requirement).has_temporary_remedy
    ]
    if not helped:
        raise MoveRefused(
            "No violation here waits for a temporary remedy: its requirements know none, or what "
            "is in place was measured within the limits. Only the permanent repair helps.",
            extra={"state": held.state},
        )
    by_head = territory in scope_of(actor, Noun.TASKS, "acknowledge").territories
    opened = OpenedForTheDay(
        uuid4(),
        site,
        element,
        campaign,
        day_task_due_on(
            days.election_day,
            days.final_check_before,
            working_days(days.day_corrections),
            today=day,
        ),
        helped,
        "open_temporary" if by_head else "order_temporary",
        actor.person,
        reason,
    )
    relief.open_day_task(session, opened, at=at)
    audit_log.record(
        session,
        "task_moved",
        opened.id,
        at=at,
        person=actor.person,
        device=None,
        move=opened.move,
        source=None,
        target="assigned",
        rev=1,
        due_on=opened.due_on.isoformat(),
        beside=str(task),
    )
    feed.publish(session, task=[opened.id])
    return opened.id


def _refuse(track: str, state: str, campaign: str | None) -> None:
    why = None
    if track == TaskTrack.TEMPORARY:
        why = "This is a temporary task. Say it of the permanent task of the element."
    elif state in ENDED_TASK_STATES:
        why = "This task has ended: nothing of it is left to relieve."
    elif campaign is None:
        why = "No election is ahead at this site: only the permanent repair helps now."
    if why is not None:
        raise MoveRefused(why, extra={"state": state})
