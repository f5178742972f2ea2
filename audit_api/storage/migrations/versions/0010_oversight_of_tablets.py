"""Assignments, returns for correction, and what oversight of tablets needs to know."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by is null)",
            name=op.f("ck_assignment_withdrawn_by"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_reason is null)",
            name=op.f("ck_assignment_withdrawn"),
        ),
        sa.CheckConstraint("withdrawn_at >= assigned_at", name=op.f("ck_assignment_order")),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["person.id"], name=op.f("fk_assignment_assigned_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_assignment_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["person.id"], name=op.f("fk_assignment_inspector_id_person")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_assignment_site_id_site")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["person.id"], name=op.f("fk_assignment_withdrawn_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_due_on_id", "assignment", ["due_on", "id"])
    op.create_index(op.f("ix_assignment_inspector_id"), "assignment", ["inspector_id"])
    op.create_index(op.f("ix_assignment_site_id"), "assignment", ["site_id"])
    op.create_index(
        "uq_assignment_live",
        "assignment",
        ["campaign_id", "site_id", "inspector_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_table(
        "inspection_return",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("returned_by", sa.Uuid(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_inspection_return_inspection_id_rev_inspection"),
        ),
        sa.ForeignKeyConstraint(
            ["returned_by"], ["person.id"], name=op.f("fk_inspection_return_returned_by_person")
        ),
        sa.PrimaryKeyConstraint("inspection_id", "rev", name=op.f("pk_inspection_return")),
    )
    op.add_column("device", sa.Column("revoked_by", sa.Uuid(), nullable=True))
    op.add_column("device", sa.Column("revoked_reason", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("device", sa.Column("pulled", sa.JSON(), nullable=True))
    op.create_foreign_key(
        op.f("fk_device_revoked_by_person"), "device", "person", ["revoked_by"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_device_revoked"), "device", "(revoked_by is null) = (revoked_reason is null)"
    )
    op.create_index(op.f("ix_person_grant_person_id"), "person_grant", ["person_id"])
    op.create_index("ix_photo_device_id_received_at", "photo", ["device_id", "received_at"])
    op.create_index(op.f("ix_reused_operation_device_id"), "reused_operation", ["device_id"])
