"""What an instance with a `deprecatedID` stands on, held so that nobody else moves it meanwhile."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage.base import ask
from audit_api.storage.sync.quarantine import NEWEST_TRY, SETTLED_WORDS

_REJECTED: Final = f"""exists (select from operation o {NEWEST_TRY} where o.op = i.op
    and coalesce(again.status, o.status) = 'rejected' and not exists (
        select from quarantine_decision d where d.op = o.op and d.status in ({SETTLED_WORDS})))"""
# Instances that were rejected made nothing: what corrects one stands on what that one corrects.
_LINE: Final = f"""
    with recursive line as (
        select i.op, i.corrects, i.completed_by, i.inspection_id, {_REJECTED} as rejected, 0 as step
        from openrosa_instance i where i.op = %(op)s
        union all
        select i.op, i.corrects, i.completed_by, i.inspection_id, {_REJECTED}, line.step + 1
        from line join openrosa_instance i on i.op = line.corrects where line.rejected)
"""
# The lock of `operations.claim` and `quarantine.claim`: more files, repairs and corrections of one
# instance take turns. Only what is here is waited for, so two forms that name each other never do.
_HOLD: Final = f"""{_LINE}
    select count(pg_advisory_xact_lock(hashtextextended(op::text, 0))) from line
"""
_STANDS: Final = f"""{_LINE}, base as (
        select *, coalesce((select v.id from inspection v where v.op = line.op), inspection_id)
            as inspection
        from line order by step desc limit 1)
    select base.inspection, d.owner_id,
        exists (select from openrosa_instance n where n.corrects = named.op),
        case when base.rejected then v.op is null else v.op is null or made.by_it end,
        case when base.rejected then null when made.by_it then v.op
            else coalesce(base.completed_by, base.op) end
    from openrosa_instance named join device d on d.id = named.device_id
    cross join base left join inspection v on v.id = base.inspection and v.is_current
    cross join lateral (select v.op is not null
        and v.op in (base.op, coalesce(base.completed_by, base.op)) as by_it) made
    where named.op = %(op)s
"""
_MENDED: Final = """
    select body from quarantine_decision
    where op = %(op)s and decision = 'repaired' and status = 'applied'
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """An instance that another one says it corrects."""

    inspection: UUID
    owner: UUID
    corrected: bool
    current: bool
    """Nothing newer is here than what it made, or than what it corrected when it was rejected."""
    last_op: UUID | None
    """The operation that its correction follows; None: it makes the first revision."""


def hold_instance(session: Session, op: UUID) -> Standing | None:
    """Keep others from correcting or mending an instance until commit; None when it is not here.

    An instance that was rejected (422) and that nobody repaired is passed over: its correction
    takes the place that it would have had.
    """
    ask(session, _HOLD, {"op": op})
    row = ask(session, _STANDS, {"op": op}).fetchone()
    return None if row is None else Standing(*row)


def mended_body(session: Session, op: UUID) -> bytes | None:
    """The body that supervision put in the place of an instance's, if it did."""
    row = ask(session, _MENDED, {"op": op}).fetchone()
    return None if row is None else bytes(row[0])
