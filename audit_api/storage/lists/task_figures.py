"""How many tasks of a campaign are in which state, and how many are late."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.oversight.escalation import EscalationStep
from audit_api.domain.vocabulary import TaskState
from audit_api.storage.lists.selection import TERRITORY_NAME
from audit_api.storage.oversight.remediation import ENDED_TASKS

# A building with stations of two constituencies has its tasks in both, and once in all.
_TASKS = f"""
    with task_now as (
        select t.id, t.state,
            t.state not in ({ENDED_TASKS}) and t.current_due_on < :today as overdue,
            coalesce((select array_agg(e.step::text) from task_escalation e
                where e.task_id = t.id and e.due_on = t.current_due_on), '{{}}') as steps,
            site.territory_id, st.constituency_number,
            row_number() over (partition by t.id order by st.constituency_number) = 1 as first
        from remediation_task t join site on site.id = t.site_id
        left join lateral (select distinct constituency_number from station s
            where s.site_id = t.site_id and s.campaign_id = t.campaign_id) st on true
        where t.campaign_id = :campaign and site.territory_id = any(:whole)
            and (cast(:track as text) is null or t.track = :track)
    )"""
_STATES = ", ".join(
    f"'{state}', count(*) filter (where state = '{state}' and {{once}})" for state in TaskState
)
_STEPS = ", ".join(
    f"'{step}', count(*) filter (where '{step}' = any(steps) and {{once}})"
    for step in EscalationStep
)


def _figures(once: str) -> str:
    return f"""'tasks', count(*) filter (where {once}),
        'states', json_build_object({_STATES.format(once=once)}),
        'overdue', count(*) filter (where overdue and {once}),
        'escalated', json_build_object({_STEPS.format(once=once)})"""


_BY_TERRITORY = text(f"""{_TASKS}
    select case when grouping(territory.id) = 1 then json_build_object({_figures("first")})
        else json_build_object('territory', territory.code, 'name', {TERRITORY_NAME},
            {_figures("first")}) end::text, grouping(territory.id) = 1
    from task_now left join territory on territory.id = task_now.territory_id
    group by grouping sets ((territory.id, territory.code), ()) order by territory.code""")
_BY_CONSTITUENCY = text(f"""{_TASKS}
    select case when grouping(c.number) = 1 then json_build_object({_figures("first")})
        else json_build_object('constituency', c.number,
            'name', json_build_object('ky', c.name_ky, 'ru', c.name_ru, 'en', c.name_en),
            {_figures("true")}) end::text, grouping(c.number) = 1
    from task_now left join constituency c on c.number = task_now.constituency_number
        and c.campaign_id = :campaign
    group by grouping sets ((c.number, c.name_ky, c.name_ru, c.name_en), ()) order by c.number""")


def task_figures(
    session: Session, scope: Scope, campaign: str, *, by: str, track: str | None, today: date
) -> tuple[list[str], str]:
    """Tasks in scope by group (`territory` or `constituency`) and in all, as JSON texts."""
    values = {
        "campaign": campaign,
        "whole": list(scope.territories),
        "track": track,
        "today": today,
    }
    rows = session.execute(_BY_TERRITORY if by == "territory" else _BY_CONSTITUENCY, values).all()
    groups = [str(doc) for doc, of_all in rows if not of_all]
    return groups, next(str(doc) for doc, of_all in rows if of_all)
