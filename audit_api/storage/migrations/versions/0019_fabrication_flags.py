"""Fabrication flags, and which revisions were looked at for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KINDS = (
    "kind in ('same_photo', 'alike_photo', 'photo_before_visit', 'photo_after_visit', 'photo_far', "
    "'visit_far', 'impossible_travel', 'same_measurements')"
)


def upgrade() -> None:
    op.create_table(
        "fabrication_check",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("examined", sa.Integer(), nullable=False),
        sa.Column("measured", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "examined between 0 and announced", name=op.f("ck_fabrication_check_examined")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_fabrication_check_inspection_id_rev_inspection"),
        ),
        sa.PrimaryKeyConstraint("inspection_id", "rev", name=op.f("pk_fabrication_check")),
    )
    op.create_table(
        "fabrication_flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("photo", sa.LargeBinary(32), nullable=True),
        sa.Column("element_id", sa.Uuid(), nullable=True),
        sa.Column("other_inspection_id", sa.Uuid(), nullable=True),
        sa.Column("other_rev", sa.Integer(), nullable=True),
        sa.Column("other_photo", sa.LargeBinary(32), nullable=True),
        sa.Column("other_element_id", sa.Uuid(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("set_aside_by", sa.Uuid(), nullable=True),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_KINDS, name=op.f("ck_fabrication_flag_kind")),
        sa.CheckConstraint(
            "num_nulls(other_inspection_id, other_rev) in (0, 2)",
            name=op.f("ck_fabrication_flag_other_revision"),
        ),
        sa.CheckConstraint(
            "num_nulls(reason, set_aside_by, set_aside_at) in (0, 3)",
            name=op.f("ck_fabrication_flag_aside"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_fabrication_flag_reason")),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_fabrication_flag_inspection_id_rev_inspection"),
        ),
        sa.ForeignKeyConstraint(
            ["other_inspection_id", "other_rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_fabrication_flag_other_inspection_id_other_rev_inspection"),
        ),
        sa.ForeignKeyConstraint(
            ["set_aside_by"], ["person.id"], name=op.f("fk_fabrication_flag_set_aside_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fabrication_flag")),
    )
    op.create_index(
        "ix_fabrication_flag_inspection_id_rev", "fabrication_flag", ["inspection_id", "rev"]
    )
