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
    # A task's document in the feed holds its violations now; tablets get all tasks anew.
    op.execute("delete from feed where kind = 'violation'")
    op.execute("""
        update feed set xid = pg_current_xact_id()::text::bigint, seq = nextval('feed_seq'),
            doc = (feed.doc::jsonb || jsonb_build_object('violations', (
                select jsonb_agg(jsonb_build_object('id', v.id, 'rev', v.rev,
                    'requirement', v.requirement, 'standard', v.standard, 'edition', v.edition,
                    'clause', v.clause, 'weight', 'binding', 'severity', v.severity,
                    'user_groups', v.user_groups, 'measured', v.measured,
                    'required', v.required, 'state', v.state, 'due_on', v.due_on,
                    'first_seen_at', v.first_seen_at) order by v.first_seen_at, v.id)
                from violation v where v.task_id = feed.entity_id)))::json
        where kind = 'task' and doc is not null
    """)
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
