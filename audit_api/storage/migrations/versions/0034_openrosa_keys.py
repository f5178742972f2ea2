"""Keys of ODK Collect, and by which channel a device hands in."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "device",
        sa.Column("channel", sa.String(40), nullable=False, server_default="sync"),
    )
    op.create_check_constraint(
        op.f("ck_device_channel"), "device", "channel in ('sync', 'openrosa')"
    )
    op.create_table(
        "openrosa_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "octet_length(token_sha256) = 32", name=op.f("ck_openrosa_key_token_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_openrosa_key_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk_openrosa_key_created_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openrosa_key")),
        sa.UniqueConstraint("device_id", name=op.f("uq_openrosa_key_device_id")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_openrosa_key_token_sha256")),
    )
