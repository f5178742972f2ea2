"""Decisions of supervision about violations, beside the findings; moves of tasks by people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_STATES = "in ('open', 'contested', 'confirmed', 'remedied', 'closed', 'overturned', 'superseded')"


def upgrade() -> None:
    op.create_table(
        "adjudication",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("move", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_rev", sa.Integer(), nullable=False),
        sa.Column("measured", postgresql.JSON(), nullable=False),
        sa.Column("corrected", postgresql.JSON(none_as_null=True), nullable=True),
        sa.Column("verdict", sa.String(length=40), nullable=True),
        sa.Column("from_state", sa.String(length=40), nullable=False),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision in ('confirm', 'correct', 'overturn', 'remeasure')",
            name=op.f("ck_adjudication_decision"),
        ),
        sa.CheckConstraint(f"from_state {_STATES}", name=op.f("ck_adjudication_from_state")),
        sa.CheckConstraint(f"to_state {_STATES}", name=op.f("ck_adjudication_to_state")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_adjudication_reason")),
        sa.CheckConstraint(
            "(decision = 'correct') = (corrected is not null)",
            name=op.f("ck_adjudication_corrected"),
        ),
        sa.CheckConstraint(
            "(corrected is null) = (verdict is null)", name=op.f("ck_adjudication_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["violation_id"], ["violation.id"], name=op.f("fk_adjudication_violation_id_violation")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id", "inspection_rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_adjudication_inspection_id_inspection_rev_inspection"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_adjudication_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_adjudication")),
    )
    op.create_index("ix_adjudication_violation_id_n", "adjudication", ["violation_id", "n"])
    op.execute(
        "create trigger adjudication_append_only before update or delete or truncate "
        "on adjudication for each statement execute function refuse_change()"
    )
    # What waits for supervision is looked for among these few, not in the whole table.
    op.create_index(
        "ix_violation_contested",
        "violation",
        ["last_seen_at", "id"],
        postgresql_where=sa.text("state = 'contested'"),
    )
    op.create_index(
        "ix_violation_closed",
        "violation",
        ["ended_at", "id"],
        postgresql_where=sa.text("state = 'closed'"),
    )
    # Nullable and without defaults: no table is rewritten, no lock is held for long.
    op.add_column("violation", sa.Column("claimed_from", sa.String(length=40), nullable=True))
    op.add_column("remediation_task", sa.Column("cost_som", sa.BigInteger(), nullable=True))
    op.add_column("task_event", sa.Column("shown", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("task_event", sa.Column("move", sa.String(length=40), nullable=True))
    op.add_column("task_event", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("task_event", sa.Column("cost_som", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_task_event_asked",
        "task_event",
        ["task_id", "n"],
        postgresql_where=sa.text("move = 'ask_extension'"),
    )
    op.create_index("ix_task_event_shown", "task_event", ["shown"], postgresql_using="gin")
