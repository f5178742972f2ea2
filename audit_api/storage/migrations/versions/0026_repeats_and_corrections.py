"""Requests that were carried out under a key; the corrected answers of adjudications."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answered_request",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("thing", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "octet_length(body_sha256) = 32", name=op.f("ck_answered_request_body_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_answered_request_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_answered_request")),
    )
    op.create_index("ix_answered_request_at", "answered_request", ["at"])
    op.add_column("adjudication", sa.Column("corrections", sa.JSON(), nullable=True))
    op.create_check_constraint(
        op.f("ck_adjudication_corrections"),
        "adjudication",
        "corrections is null or decision = 'correct'",
    )
