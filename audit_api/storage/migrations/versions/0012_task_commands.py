"""Moves of tasks that tablets ask for: the operation, and the photos that show them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task_event", sa.Column("op", sa.Uuid(), nullable=True))
    op.add_column("task_event", sa.Column("photos", sa.JSON(), nullable=True))
    op.create_foreign_key(
        op.f("fk_task_event_op_operation"),
        "task_event",
        "operation",
        ["op"],
        ["op"],
        deferrable=True,
        initially="DEFERRED",
    )
    op.create_index(op.f("ix_task_event_op"), "task_event", ["op"])
