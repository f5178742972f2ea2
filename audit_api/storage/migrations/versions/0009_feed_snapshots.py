"""Files for the first sync: what lives in a scope, packed once for all tablets."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not logged: after a crash it is empty, and the files are made again.
    op.create_table(
        "feed_snapshot",
        sa.Column("scope", sa.String(50), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("version_sum", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name="ck_feed_snapshot_sha256_length"),
        sa.PrimaryKeyConstraint("scope", "sha256", name="pk_feed_snapshot"),
        prefixes=["unlogged"],
    )
    op.create_index(
        "uq_feed_snapshot_newest",
        "feed_snapshot",
        ["scope"],
        unique=True,
        postgresql_where=sa.text("replaced_at is null"),
    )
    # It is packed already.
    op.execute("alter table feed_snapshot alter column data set storage external")
