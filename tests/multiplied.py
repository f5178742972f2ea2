"""Many violations from a few real ones: copies at elements of their own, all over the stations."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_STEPS = (
    """create temp table copied on commit drop as
        with source as (select v.id, row_number() over (order by v.id) - 1 as n from violation v),
        place as (select id, row_number() over (order by id) - 1 as n from site)
        select gen_random_uuid() as id, gen_random_uuid() as element_id,
            gen_random_uuid() as task_id, source.id as source_id, place.id as site_id, k.n
        from generate_series(1, :copies) k (n)
        join source on source.n = k.n % (select count(*) from source)
        join place on place.n = k.n % (select count(*) from place)""",
    """insert into element (id, site_id, type, label, created_at)
        select c.element_id, c.site_id, e.type, e.label || ' ' || c.n, now()
        from copied c join violation v on v.id = c.source_id
        join element e on e.id = v.element_id""",
    """insert into remediation_task (id, site_id, element_id, campaign_id, track, state, due_on,
            assigned_at, rev)
        select c.task_id, c.site_id, c.element_id, v.campaign_id, 'permanent', 'assigned',
            v.due_on, v.first_seen_at, 1
        from copied c join violation v on v.id = c.source_id""",
    """insert into violation (id, site_id, element_id, campaign_id, requirement, standard, edition,
            clause, clause_hint, confidence, severity, user_groups, measured, tolerance, required,
            photos, state, first_seen_at, last_seen_at, first_inspection_id, first_inspector_id,
            last_inspection_id, last_inspection_rev, last_inspector_id, rev, due_on, task_id)
        select c.id, c.site_id, c.element_id, v.campaign_id, v.requirement, v.standard, v.edition,
            v.clause, v.clause_hint, v.confidence, v.severity, v.user_groups, v.measured,
            v.tolerance, v.required,
            array[encode(sha256(cast(cast(c.n as text) as bytea)), 'hex')], 'open',
            v.first_seen_at + c.n * interval '1 second', v.last_seen_at, v.first_inspection_id,
            v.first_inspector_id, v.last_inspection_id, v.last_inspection_rev,
            v.last_inspector_id, 1, v.due_on, c.task_id
        from copied c join violation v on v.id = c.source_id""",
)


def multiply_violations(session: Session, copies: int) -> None:
    """Add so many violations, each with an element, a photo's hash and a task of its own."""
    for step in _STEPS:
        session.execute(text(step), {"copies": copies} if ":copies" in step else {})
