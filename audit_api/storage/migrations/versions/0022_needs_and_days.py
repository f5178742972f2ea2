"""The needs map, the priority of tasks that follows from it, working days,
notices of new deadlines, and escalation."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
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
    op.create_table(
        "election_day_move",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("was", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_election_day_move_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_election_day_move_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_election_day_move")),
    )
    op.create_table(
        "deadline_notice",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("move", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("was", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["move"],
            ["election_day_move.n"],
            name=op.f("fk_deadline_notice_move_election_day_move"),
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["remediation_task.id"],
            name=op.f("fk_deadline_notice_task_id_remediation_task"),
        ),
        sa.PrimaryKeyConstraint("task_id", "move", name=op.f("pk_deadline_notice")),
    )
    for table in ("remediation_task", "violation"):
        op.add_column(table, sa.Column("noticed_due_on", sa.Date(), nullable=True))
        op.add_column(
            table,
            sa.Column(
                "current_due_on",
                sa.Date(),
                sa.Computed("coalesce(noticed_due_on, due_on)", persisted=True),
                nullable=False,
            ),
        )
    op.drop_index("ix_remediation_task_due_on_id", "remediation_task")
    op.create_index(
        "ix_remediation_task_current_due_on_id", "remediation_task", ["current_due_on", "id"]
    )
    op.drop_index("ix_violation_live_due_on", "violation")
    op.create_index(
        "ix_violation_live_current_due_on",
        "violation",
        ["current_due_on"],
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "task_escalation",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step in ('lsg_reminded', 'district', 'coordinator', 'prosecutor')",
            name=op.f("ck_task_escalation_step"),
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["remediation_task.id"],
            name=op.f("fk_task_escalation_task_id_remediation_task"),
        ),
        sa.PrimaryKeyConstraint("task_id", "due_on", "step", name=op.f("pk_task_escalation")),
    )
