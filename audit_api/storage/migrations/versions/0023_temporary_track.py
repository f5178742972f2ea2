"""The temporary track: what was measured in its election-day state, tasks of the day, their end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_STATES = "in ('assigned', 'acknowledged', 'in_progress', 'reported_done', 'verified', 'returned'"


def upgrade() -> None:
    op.create_table(
        "relief",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_rev", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("measured", postgresql.JSON(), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict in ('compliant', 'violation')", name=op.f("ck_relief_verdict")),
        sa.CheckConstraint(
            "verdict = 'violation' or cardinality(photos) > 0", name=op.f("ck_relief_shown")
        ),
        sa.ForeignKeyConstraint(
            ["violation_id"], ["violation.id"], name=op.f("fk_relief_violation_id_violation")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id", "inspection_rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_relief_inspection_id_inspection_rev_inspection"),
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_relief")),
    )
    op.create_index("ix_relief_violation_id_n", "relief", ["violation_id", "n"])
    op.execute(
        "create trigger relief_append_only before update or delete or truncate "
        "on relief for each statement execute function refuse_change()"
    )
    # Nullable and without defaults: no table is rewritten, no lock is held for long.
    op.add_column("violation", sa.Column("revived_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "remediation_task", sa.Column("relieves", postgresql.ARRAY(sa.Uuid()), nullable=True)
    )
    op.alter_column("task_event", "person_id", nullable=True)
    for table, column in (("remediation_task", "state"), ("task_event", "to_state")):
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"{column} {_STATES}, 'lapsed')")
    op.drop_index("uq_remediation_task_open", "remediation_task")
    op.create_index(
        "uq_remediation_task_open",
        "remediation_task",
        ["element_id", "track"],
        unique=True,
        postgresql_where=sa.text("state not in ('lapsed', 'verified')"),
    )
