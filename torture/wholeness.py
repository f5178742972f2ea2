"""Whether the database is whole: nothing half, nothing twice. Each check lists what breaks it."""

from collections.abc import Mapping

DUPLICATED: Mapping[str, str] = {
    "an operation twice": "select op from operation group by op having count(*) > 1",
    "one operation, two revisions": """
        select op from inspection group by op having count(*) > 1
    """,
    "one body, two revisions": """
        select encode(body_sha256, 'hex') from inspection group by body_sha256 having count(*) > 1
    """,
    "more than one current revision": """
        select id from inspection where is_current group by id having count(*) <> 1
    """,
    "twin violations": """
        select element_id || ' ' || requirement from violation
        group by element_id, standard, edition, requirement having count(*) > 1
    """,
    "twin open tasks": """
        select element_id from remediation_task where state <> 'verified'
        group by element_id, track having count(*) > 1
    """,
    "a revision noted twice": """
        select subject || ' ' || (detail->>'rev') from audit_log
        where what = 'inspection_accepted'
        group by subject, detail->>'rev' having count(*) > 1
    """,
}
HALF: Mapping[str, str] = {
    "an applied operation without its inspection": """
        select op from operation o where status = 'applied' and kind = 'inspection'
        and not exists (select from inspection i where i.op = o.op)
    """,
    "an inspection without its operation": """
        select op from inspection i where not exists (select from operation o where o.op = i.op)
    """,
    "an inspection without an assessment": """
        select id from inspection i where not exists
        (select from assessment a where a.inspection_id = i.id and a.rev = i.rev)
    """,
    "an inspection that nobody noted": """
        select id from inspection i where not exists (select from audit_log l
        where l.what = 'inspection_accepted' and l.subject = i.id::text
        and (l.detail->>'rev')::int = i.rev)
    """,
    "revisions with a hole": """
        select id from inspection group by id having count(*) <> max(rev)
    """,
    "an inspection that is not in the feed as it is": """
        select id from inspection i where is_current and not exists (select from feed f
        where f.kind = 'inspection' and f.entity_id = i.id and (f.doc->>'rev')::int = i.rev)
    """,
    "a site that is not in the feed as it is": """
        select id from site s where not exists (select from feed f where f.kind = 'site'
        and f.entity_id = s.id and f.scope = 'territory:' || s.territory_id
        and json_array_length(f.doc->'elements')
            = (select count(*) from element e where e.site_id = s.id))
    """,
    "a task that is not in the feed as it is": """
        select id from remediation_task t where not exists (select from feed f
        where f.kind = 'task' and f.entity_id = t.id and (f.doc->>'rev')::int = t.rev
        and (f.doc->>'state') = t.state)
    """,
    "a feed row of nothing": """
        select entity_id from feed f where doc is not null and not exists (
            select from inspection i where i.id = f.entity_id
            union all select from site s where s.id = f.entity_id
            union all select from remediation_task t where t.id = f.entity_id)
        and kind in ('inspection', 'site', 'task')
    """,
    "an announced photo that waits though it is here": """
        select f.entity_id from feed f where f.kind = 'inspection' and doc is not null
        and (f.doc->>'photos_missing')::int <> (select count(*) from inspection i
            join announced_photo a on a.inspection_id = i.id and a.rev = i.rev
            where i.id = f.entity_id and i.is_current
            and not exists (select from photo p where p.sha256 = a.sha256))
    """,
    "an element without an inspection": """
        select id from element e where not exists (select from announced_photo a
        where a.element_id = e.id) and not exists (select from inspection i
        where i.site_id = e.site_id and i.body::text like '%' || e.id || '%')
    """,
    "a task without violations": """
        select id from remediation_task t where not exists
        (select from violation v where v.task_id = t.id)
    """,
}
