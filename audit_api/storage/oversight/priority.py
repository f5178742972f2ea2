"""Priorities in SQL: of a violation where it is read, of all tasks when they are swept."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.oversight.priority import SEVERITY_POINTS, VotersFrom
from audit_api.domain.vocabulary import UserGroup
from audit_api.storage.oversight.remediation import ENDED_TASKS

_POINTS = " ".join(f"when '{severity}' then {n}" for severity, n in SEVERITY_POINTS.items())
_OF_GROUPS = " + ".join(
    f"case when '{group}' = any(violation.user_groups) then mapped.{group} else 0 end"
    for group in UserGroup
)
_SUMS = ", ".join(f"sum(needs.{group}) as {group}" for group in UserGroup)


def _days_left(due_on: str) -> str:
    return f"greatest(1, {due_on} - cast(:today as date))"


def _priority(voters: str, due_on: str) -> str:
    points = f"case violation.severity {_POINTS} end"
    return f"round({points} * {voters}::numeric / {_days_left(due_on)}, 2)"


OF_VIOLATION = f"""(select json_build_object(
    'value', {_priority("affected.voters", "violation.current_due_on")}, 'voters', affected.voters,
    'voters_from', affected.voters_from, 'days_left', {_days_left("violation.current_due_on")})
    from (select coalesce({_OF_GROUPS}, (select sum(st.voters) from station st
            where st.site_id = violation.site_id and st.campaign_id = violation.campaign_id), 0)
            as voters,
        case when mapped.wheelchair is null then '{VotersFrom.STATION}'
            else '{VotersFrom.NEEDS_MAP}' end as voters_from
        from (select {_SUMS} from needs_map needs join station st
            on st.campaign_id = needs.campaign_id and st.number = needs.number
            where st.site_id = violation.site_id and st.campaign_id = violation.campaign_id)
            mapped) affected
    where violation.ended_at is null and site.territory_id = any(:needs))"""
"""The priority of a row `violation` with what it is made of; `:today`, `:needs`.

Null for an ended one, and outside the territories `:needs` whose needs map the reader may see:
divided by the severity, it is a count of that map.
"""

# Rows that somebody writes just now are left to the next sweep: it never waits, and nothing can
# wait for it in a circle.
_SWEEP = text(f"""
    with held as (
        select t.id, t.current_due_on as due_on, t.state in ({ENDED_TASKS}) as ended, t.relieves
        from remediation_task t where t.state not in ({ENDED_TASKS}) or t.priority <> 0
        order by t.id for no key update skip locked
    ), urging as (
        select held.id as task, v.severity, v.user_groups, v.site_id, v.campaign_id
        from held join violation v on v.task_id = held.id and v.ended_at is null
        where not held.ended
        union all
        select held.id, v.severity, v.user_groups, v.site_id, v.campaign_id
        from held cross join unnest(held.relieves) relieved (id)
        join violation v on v.id = relieved.id and v.ended_at is null
        where not held.ended
    ), mapped as (
        select st.site_id, st.campaign_id, sum(st.voters) as voters, {_SUMS}
        from station st left join needs_map needs on needs.campaign_id = st.campaign_id
            and needs.number = st.number
        group by st.site_id, st.campaign_id
    ), reckoned as (
        select held.id, coalesce(max({
    _priority(f"coalesce({_OF_GROUPS}, mapped.voters, 0)", "held.due_on")
}), 0) as priority
        from held left join urging violation on violation.task = held.id
        left join mapped on mapped.site_id = violation.site_id
            and mapped.campaign_id = violation.campaign_id
        group by held.id
    )
    update remediation_task t set priority = reckoned.priority from reckoned
    where t.id = reckoned.id and t.priority <> reckoned.priority
""")


def sweep_priorities(session: Session, *, today: date) -> int:
    """Reckon the priority of every task anew; returns how many changed."""
    changed: int = session.execute(_SWEEP, {"today": today}).rowcount  # type: ignore[attr-defined]
    return changed
