"""Files that people ask for, and papers by the code that verifies them."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer()),
        sa.Column("problem", sa.JSON()),
        sa.Column("grants", sa.JSON()),
        sa.Column("file_key", sa.Text()),
        sa.Column("file_sha256", sa.LargeBinary(32)),
        sa.Column("file_bytes", sa.BigInteger()),
        sa.Column("content_type", sa.Text()),
        sa.Column("file_name", sa.Text()),
        sa.Column("paper_code", sa.String(26)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name=op.f("ck_export_state")),
        sa.CheckConstraint("language in ('ky', 'ru', 'en')", name=op.f("ck_export_language")),
        sa.CheckConstraint("octet_length(file_sha256) = 32", name=op.f("ck_export_file_sha256_length")),
        sa.CheckConstraint("(state = 'failed') = (problem is not null)", name=op.f("ck_export_problem")),
        sa.CheckConstraint("(state = 'done') = (file_key is not null)", name=op.f("ck_export_file")),
        sa.CheckConstraint("done >= 0 and attempts >= 0", name=op.f("ck_export_counts")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_export_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )  # fmt: skip
    op.create_index("ix_export_person_id_asked_at_id", "export", ["person_id", "asked_at", "id"])
    op.create_table(
        "paper",
        sa.Column("code", sa.String(26), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("number", sa.Integer()),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("office_role", sa.String(40), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_key", sa.Text()),
        sa.CheckConstraint("language in ('ky', 'ru', 'en')", name=op.f("ck_paper_language")),
        sa.CheckConstraint(
            "office_role in ('inspector', 'technical_supervisor', 'prosecutor', 'lsg_head', "
            "'coordinator', 'administrator')",
            name=op.f("ck_paper_office_role"),
        ),
        sa.CheckConstraint("octet_length(content_sha256) = 32", name=op.f("ck_paper_content_sha256_length")),
        sa.CheckConstraint("octet_length(file_sha256) = 32", name=op.f("ck_paper_file_sha256_length")),
        sa.CheckConstraint("code ~ '^[a-z2-7]{26}$'", name=op.f("ck_paper_code")),
        sa.CheckConstraint("file_bytes > 0 and rows >= 0", name=op.f("ck_paper_counts")),
        sa.ForeignKeyConstraint(["office_id"], ["territory.id"], name=op.f("fk_paper_office_id_territory")),
        sa.PrimaryKeyConstraint("code", "file_sha256", name=op.f("pk_paper")),
    )  # fmt: skip
    op.create_index("ix_paper_subject_id", "paper", ["subject_id"])
