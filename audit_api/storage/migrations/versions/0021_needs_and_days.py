"""The needs map, the priority of tasks that follows from it, and working days."""

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
    op.add_column(
        "milestone",
        sa.Column("working_days", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "day_correction",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('working', 'off', 'computed')", name=op.f("ck_day_correction_kind")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_day_correction_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_day_correction")),
    )
    op.create_index("ix_day_correction_day_n", "day_correction", ["day", "n"])
