"""Whether an inspection is in the database whole, or not at all."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_TRACES = text("""
    select
        (select count(*) from operation where op = :op),
        (select count(*) from inspection where id = :id),
        (select count(*) from assessment where inspection_id = :id),
        (select count(*) from announced_photo where inspection_id = :id) > 0,
        (select count(*) from element where site_id = :site) > 0,
        (select count(*) from violation where last_inspection_id = :id) > 0,
        (select count(*) from element where advice::text like '%' || :id || '%') > 0,
        (select count(*) from remediation_task where site_id = :site) > 0,
        (select count(*) from audit_log where subject = cast(:id as text)),
        (select count(*) from feed where kind = 'inspection' and entity_id = :id),
        (select count(*) from feed where kind = 'task') > 0
""")
ABSENT = (0, 0, 0, False, False, False, False, False, 0, 0, False)
WHOLE = (1, 1, 1, True, True, True, True, True, 1, 1, True)


def traces(session: Session, *, op: UUID, inspection: UUID, site: UUID) -> tuple[object, ...]:
    """What there is of an inspection with violations at a site that has no other."""
    row = session.execute(_TRACES, {"op": op, "id": inspection, "site": site}).one()
    return tuple(row)
