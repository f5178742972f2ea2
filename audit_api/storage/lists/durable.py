"""What of a device lies under a checkpoint that has a backup."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.storage.lists.selection import AnyRow

_LOWEST = UUID(int=0)
# A photo counts when its own leaf lies there: a row that was committed, not only begun, before.
_rows = text("""
    select o.seq, o.op, o.entity_id, o.sha256, o.received_at,
        (o.result->'receipt'->>'rev')::int as rev,
        (o.result->'receipt'->>'bytes')::bigint as bytes,
        array(select distinct encode(a.sha256, 'hex') from inspection i
            join announced_photo a on a.inspection_id = i.id and a.rev = i.rev
            join log_leaf p on p.photo = a.sha256 and p.n < :size
            where i.op = o.op or i.id = o.entity_id and i.body_sha256 = o.sha256
            union select encode(p.photo, 'hex') from task_event e
            cross join lateral json_array_elements(e.photos) as named(doc)
            join log_leaf p on p.photo = decode(named.doc ->> 'sha256', 'hex') and p.n < :size
            where e.op = o.op) as photos
    from operation o join log_leaf l on l.op = o.op and l.n < :size
    where o.device_id = :device and (o.seq, o.op) > (:seq, :op)
        and o.result->'receipt' is not null
    order by o.seq, o.op limit :rows
""")


def durable_operations(
    session: Session, device: UUID, *, size: int, after: tuple[int, UUID | None], limit: int
) -> Sequence[AnyRow]:
    """The device's operations among the first `size` leaves, by seq; one row more than `limit`.

    `after`: a seq, and the operation of that seq to go on behind (None: behind all of it).
    """
    seq, op = after
    parameters = {"device": device, "size": size, "rows": limit + 1}
    at = {"seq": seq, "op": op} if op else {"seq": seq + 1, "op": _LOWEST}
    return session.execute(_rows, parameters | at).all()


_of = text("select exists (select from device where id = :device and owner_id = :person)")


def is_of(session: Session, device: UUID, person: UUID) -> bool:
    """Whether a device is that person's: revoked or not."""
    return bool(session.scalar(_of, {"device": device, "person": person}))
