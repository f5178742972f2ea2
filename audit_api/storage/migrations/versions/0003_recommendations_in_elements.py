"""recommendations stand in their element's row; an operation is written once, when it is settled."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("element", sa.Column("advice", sa.JSON(), nullable=True))
    op.execute("""
        update element set advice = r.advice from (
            select element_id, json_agg(json_build_object(
                'rule', standard || '/' || edition || '/' || requirement, 'row', null,
                'state', state, 'measured', measured, 'photos', photos, 'campaign', campaign_id,
                'first_seen_at', first_seen_at, 'last_seen_at', last_seen_at,
                'inspection', last_inspection_id,
                'inspectors', json_build_array(first_inspector_id, last_inspector_id))
                order by first_seen_at, id) as advice
            from recommendation group by element_id) r
        where r.element_id = element.id
    """)
    op.drop_table("recommendation")
    # Claimed by an advisory lock now, and written with its result at once.
    op.execute("drop trigger operation_settled on operation")
    op.execute("drop function require_settled")
    op.drop_constraint("ck_operation_result_with_status", "operation")
    op.alter_column("operation", "status", nullable=False)
    op.alter_column("operation", "result", nullable=False)
    # The inspection names its operation, which is written behind it in the same transaction.
    op.drop_constraint("fk_inspection_op_operation", "inspection")
    op.create_foreign_key(
        "fk_inspection_op_operation",
        "inspection",
        "operation",
        ["op"],
        ["op"],
        deferrable=True,
        initially="DEFERRED",
    )
