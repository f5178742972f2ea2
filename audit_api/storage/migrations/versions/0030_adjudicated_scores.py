"""Scores as adjudications leave them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adjudicated_score",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("ruleset_digest", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("station_state", sa.String(40), nullable=False),
        sa.Column("index", sa.Integer(), nullable=True),
        sa.Column("coverage_permille", sa.Integer(), nullable=True),
        sa.Column("score", sa.JSON(), nullable=False),
        sa.CheckConstraint("index between 0 and 100", name=op.f("ck_adjudicated_score_index")),
        sa.CheckConstraint(
            "coverage_permille between 0 and 1000", name=op.f("ck_adjudicated_score_coverage")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev", "ruleset_digest"],
            ["assessment.inspection_id", "assessment.rev", "assessment.ruleset_digest"],
            name=op.f("fk_adjudicated_score_inspection_id_assessment"),
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_adjudicated_score")),
    )
    op.create_index(
        "ix_adjudicated_score_assessment",
        "adjudicated_score",
        ["inspection_id", "rev", "ruleset_digest", "n"],
    )
