"""What was seen of originals, and an index for a thing's entries in the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_examination",
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("format", sa.String(40), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("dhash", sa.BigInteger(), nullable=True),
        sa.Column(
            "previews",
            postgresql.ARRAY(sa.Integer()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(refused is null) = (format is not null)",
            name=op.f("ck_photo_examination_seen_or_refused"),
        ),
        sa.CheckConstraint(
            "(lat is null) = (lon is null)", name=op.f("ck_photo_examination_position_whole")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["photo.sha256"], name=op.f("fk_photo_examination_sha256_photo")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_photo_examination")),
    )
    # Only for what is looked up by what it is about: pushes, the many, do not pay for it.
    op.create_index(
        "ix_audit_log_photo",
        "audit_log",
        ["subject"],
        postgresql_where=sa.text("what in ('photo_received', 'original_read')"),
    )
