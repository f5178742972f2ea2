"""What was held back before there was a desk for it (0008) lies there too."""

import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_FORGOTTEN = sa.text("""
    select op, kind, entity_id, raw, result->>'waits_for' as waits_for from operation o
    where status in ('rejected', 'quarantined', 'conflict')
        and not exists (select from held_operation h where h.op = o.op)
""")
_HOLD = sa.text("""
    insert into held_operation (op, site_id, waits_for)
    values (:op, coalesce(:site,
        (select site_id from remediation_task where id = :entity and :kind = 'task'),
        (select site_id from element where id = :entity and :kind = 'element')), :waits_for)
""").bindparams(
    sa.bindparam("kind", type_=sa.String()),
    *(sa.bindparam(name, type_=sa.Uuid()) for name in ("op", "site", "entity", "waits_for")),
)


def upgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(_FORGOTTEN).all():
        said = _read(row.raw)
        site = row.entity_id if row.kind == "site" else _uuid(_member(said, "body", "site"))
        connection.execute(
            _HOLD,
            {
                "op": row.op,
                "kind": row.kind,
                "entity": row.entity_id,
                "site": site,
                "waits_for": _uuid(row.waits_for) or _uuid(_member(said, "base", "op")),
            },
        )


def _read(raw: bytes) -> Any:
    """What was handed in, if it can be read; it was perhaps held because it cannot."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _member(said: Any, *names: str) -> Any:
    for name in names:
        said = said.get(name) if isinstance(said, dict) else None
    return said


def _uuid(said: Any) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
