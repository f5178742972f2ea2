"""what is held back, and what was decided on it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_operation",
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("waits_for", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["op"], ["operation.op"], name=op.f("fk_held_operation_op_operation")
        ),
        sa.PrimaryKeyConstraint("op", name=op.f("pk_held_operation")),
    )
    op.create_index(op.f("ix_held_operation_site_id"), "held_operation", ["site_id"])
    op.create_index(op.f("ix_held_operation_waits_for"), "held_operation", ["waits_for"])
    op.create_table(
        "quarantine_decision",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("mended", postgresql.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("result", postgresql.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "decision in ('released', 'repaired', 'refused', 'replayed')",
            name=op.f("ck_quarantine_decision_decision"),
        ),
        sa.CheckConstraint(
            "status in ('applied', 'merged', 'conflict') or status in ('rejected', 'quarantined') "
            "and decision = 'replayed'",
            name=op.f("ck_quarantine_decision_status"),
        ),
        sa.CheckConstraint(
            "(decision = 'refused') = (status is null)",
            name=op.f("ck_quarantine_decision_refused"),
        ),
        sa.CheckConstraint(
            "(status is null) = (result is null)", name=op.f("ck_quarantine_decision_result")
        ),
        sa.CheckConstraint(
            "(decision = 'replayed') = (decided_by is null)",
            name=op.f("ck_quarantine_decision_by_a_person"),
        ),
        sa.CheckConstraint(
            "(decision = 'replayed') = (reason is null)",
            name=op.f("ck_quarantine_decision_with_a_reason"),
        ),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_quarantine_decision_reason")),
        sa.CheckConstraint(
            "(decision = 'repaired') = (body is not null) "
            "and (body is null) = (body_sha256 is null) and (mended is null or body is not null)",
            name=op.f("ck_quarantine_decision_mended"),
        ),
        sa.CheckConstraint(
            "body_sha256 = sha256(body)", name=op.f("ck_quarantine_decision_body_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["op"], ["held_operation.op"], name=op.f("fk_quarantine_decision_op_held_operation")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_quarantine_decision_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_quarantine_decision")),
    )
    op.create_index(
        "uq_quarantine_decision_settled",
        "quarantine_decision",
        ["op"],
        unique=True,
        postgresql_where=sa.text("(status is null or status in ('applied', 'merged', 'conflict'))"),
    )
    op.create_index("ix_quarantine_decision_op_n", "quarantine_decision", ["op", "n"])
    for table in ("held_operation", "quarantine_decision"):
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
