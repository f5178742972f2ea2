"""Photos that a revision names by their files' names: awaited until they come, then announced."""

from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage.base import ask

# What came between the instance and its application (a release from quarantine) is announced. An
# element that a repair left out shows nothing.
_AWAIT = """
    with named as (
        select n.id, n.element, n.question, n.name, f.sha256, f.bytes, f.content_type
        from openrosa_instance i
        cross join json_to_recordset(i.named)
            as n(id uuid, element uuid, question text, name text)
        join element e on e.id = n.element
        left join openrosa_file f on f.op = i.op and f.name = n.name and f.first
        where i.op = %(op)s
    ), announced as (
        insert into announced_photo (inspection_id, rev, id, element_id, question, sha256, bytes,
            content_type)
        select %(inspection)s, %(rev)s, id, element, question, sha256, bytes, content_type
        from named where sha256 is not null on conflict do nothing
    )
    insert into awaited_photo (inspection_id, rev, id, element_id, question, name)
    select %(inspection)s, %(rev)s, id, element, question, name from named where sha256 is null
"""
_ARRIVED = """
    with came as (
        delete from awaited_photo a using inspection v, openrosa_file f
        where v.op = %(op)s and a.inspection_id = v.id and a.rev = v.rev
            and f.op = %(op)s and f.name = a.name and f.first
        returning a.inspection_id, a.rev, a.id, a.element_id, a.question, f.sha256, f.bytes,
            f.content_type
    ), announced as (
        insert into announced_photo (inspection_id, rev, id, element_id, question, sha256, bytes,
            content_type) select * from came on conflict do nothing
    )
    select distinct inspection_id from came
"""


def await_photos(session: Session, op: UUID, inspection: UUID, rev: int) -> None:
    """Say which photos the revision that this instance made waits for."""
    ask(session, _AWAIT, {"op": op, "inspection": inspection, "rev": rev})


def announce_arrived(session: Session, op: UUID) -> list[UUID]:
    """Announce what came of the photos that the instance's revision waits for: whose it is."""
    return [row[0] for row in ask(session, _ARRIVED, {"op": op})]
