"""when an operation was done, as bounds; what a tablet said of itself; operations that merge."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operation", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("operation", sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "operation",
        sa.Column("clock_off", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.alter_column("operation", "clock_off", server_default=None)
    op.drop_constraint(op.f("ck_operation_status"), "operation")
    op.create_check_constraint(
        op.f("ck_operation_status"),
        "operation",
        "status in ('applied', 'merged', 'conflict', 'rejected', 'quarantined', 'blocked', "
        "'retry', 'op_reused')",
    )
    op.add_column("device", sa.Column("client", sa.JSON(), nullable=True))
