"""What a mail tells somebody, looked up when it is sent and within what they may read then."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.oversight.escalation import EscalationStep
from audit_api.storage.lists.selection import SITE_NAME

_NEWEST = text("select coalesce(max(n), 0) from outbox_event")
_BETWEEN = text("""
    select e.n, e.id, e.type, coalesce(site.territory_id, e.territory_id)
    from outbox_event e left join site on site.id = e.site_id
    where e.n > :top and e.type = any(:types) order by e.n limit :most
""")


def newest(session: Session) -> int:
    """The last number of the outbox."""
    return int(session.scalar(_NEWEST) or 0)


_BEFORE = text("""
    select coalesce(max(n), 0) from outbox_event where at < :at
""")


def newest_before(session: Session, at: datetime) -> int:
    """The last number of what happened before an instant."""
    return int(session.scalar(_BEFORE, {"at": at}) or 0)


def events_after(session: Session, top: int, types: Sequence[str], most: int) -> Sequence[Any]:
    """The next events of some types: number, id, type, where it lies now."""
    return session.execute(_BETWEEN, {"top": top, "types": list(types), "most": most}).all()


# Once for each task, whatever happened to it meanwhile; one that is done by now is none.
_TASKS = f"""
    select json_build_object('site_name', {SITE_NAME}, 'element_label', element.label,
        'due_on', t.current_due_on)
    from remediation_task t join site on site.id = t.site_id
    join element on element.id = t.element_id
    where t.id in (select e.object_id from outbox_event e where e.n > :after and e.n <= :upto
            and e.type = :type
            and (cast(:steps as text[]) is null or e.payload -> 'data' ->> 'step' = any(:steps)))
        and t.state not in ('verified', 'reported_done', 'lapsed')
        and site.territory_id = any(:territories)
    order by t.current_due_on, t.priority desc, t.id
"""
_QUEUE = text("""
    select (select count(*) from violation v join site s on s.id = v.site_id
            where v.state = 'open' and s.territory_id = any(:territories)),
        (select count(*) from violation v join site s on s.id = v.site_id
            where v.state = 'contested' and s.territory_id = any(:territories))
""")
_LARGE = text("""
    select g.territory_id from person_grant g join territory t on t.id = g.territory_id
    where g.person_id = :person and g.revoked_at is null and t.kind = 'region'
""")


def daily_facts(session: Session, actor: Actor, after: int, upto: int) -> Mapping[str, Any]:
    """What is new for somebody in the outbox between two numbers, and what waits for them."""
    found: dict[str, Any] = {}
    heads = scope_of(actor, Noun.TASKS, "acknowledge")
    between = {"after": after, "upto": upto}
    if not heads.empty:
        found["assigned"] = _tasks(session, heads, "task.assigned", None, between)
        reminded = [EscalationStep.LSG_REMINDED]
        found["reminded"] = _tasks(session, heads, "task.escalated", reminded, between)
    found["escalated"] = [
        task
        for scope, step in _steps(session, actor)
        for task in _tasks(session, scope, "task.escalated", [step], between)
    ]
    judges = scope_of(actor, Noun.VIOLATIONS, "adjudicate")
    if not judges.empty:
        values = {"territories": list(judges.territories)}
        found["open"], found["contested"] = session.execute(_QUEUE, values).one()
    return found


def _steps(session: Session, actor: Actor) -> list[tuple[Scope, EscalationStep]]:
    """The steps of escalation that somebody hears of: coordinators of a region of the second."""
    told = []
    coordinates = scope_of(actor, Noun.TASKS, "deadline")
    if not coordinates.empty:
        wide = session.execute(_LARGE, {"person": actor.person}).first() is not None
        step = EscalationStep.COORDINATOR if wide else EscalationStep.DISTRICT
        told.append((coordinates, step))
    prosecutes = scope_of(actor, Noun.ACTS, "write")
    if not prosecutes.empty:
        told.append((prosecutes, EscalationStep.PROSECUTOR))
    return told


def _tasks(
    session: Session,
    scope: Scope,
    kind: str,
    steps: Sequence[EscalationStep] | None,
    between: Mapping[str, int],
) -> list[Any]:
    values = {
        "type": kind,
        "steps": None if steps is None else [step.value for step in steps],
        "territories": list(scope.territories),
    }
    return list(session.scalars(text(_TASKS), {**values, **between}))


_RETURNED = text(f"""
    select json_build_object('site_name', {SITE_NAME}, 'element_label', element.label,
        'due_on', t.current_due_on), v.reason
    from outbox_event e join remediation_task t on t.id = e.object_id
    join task_event v on v.n = e.source_n and e.source = 'task_event'
    join site on site.id = t.site_id join element on element.id = t.element_id
    where e.id = :event and site.territory_id = any(:territories)
""")
_ANSWERED = text("""
    select json_build_object('number', a.number, 'issued_on', a.issued_on)
    from outbox_event e join supervisory_act a on a.id = e.object_id
    where e.id = :event and a.territory_id = any(:territories)
""")


def returned_task(session: Session, scope: Scope, event: UUID) -> Any:
    """The task that was returned and the reason; None outside the scope."""
    values = {"event": event, "territories": list(scope.territories)}
    return session.execute(_RETURNED, values).one_or_none()


def answered_act(session: Session, scope: Scope, event: UUID) -> Any:
    """The act that was answered; None outside the scope."""
    values = {"event": event, "territories": list(scope.territories)}
    return session.scalar(_ANSWERED, values)
