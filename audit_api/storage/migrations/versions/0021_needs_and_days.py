"""The needs map, and the priority of tasks that follows from it."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None

_GROUPS = ("wheelchair", "mobility", "vision", "hearing", "intellectual")


def upgrade() -> None:
    op.create_table(
        "needs_map",
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(group, sa.Integer(), nullable=False) for group in _GROUPS),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "least(wheelchair, mobility, vision, hearing, intellectual) >= 0",
            name=op.f("ck_needs_map_voters"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "number"],
            ["station.campaign_id", "station.number"],
            name=op.f("fk_needs_map_campaign_id_number_station"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_needs_map")),
    )
    op.add_column(
        "remediation_task",
        sa.Column("priority", sa.Numeric(14, 2), server_default="0", nullable=False),
    )
    op.create_index("ix_remediation_task_priority_id", "remediation_task", ["priority", "id"])
