"""Keys of receipts, the log with its checkpoints and backup marks, where an epoch was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("receipt_key", "log_leaf", "checkpoint")
_XID = sa.text("(pg_current_xact_id()::text::bigint)")


def upgrade() -> None:
    op.create_table(
        "receipt_key",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "octet_length(public_key) = 32", name=op.f("ck_receipt_key_public_key_length")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_receipt_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_receipt_key_public_key")),
    )
    op.create_table(
        "log_leaf",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("op", sa.Uuid(), nullable=True),
        sa.Column("photo", sa.LargeBinary(length=32), nullable=True),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_log_leaf_n")),
        sa.CheckConstraint("(op is null) <> (photo is null)", name=op.f("ck_log_leaf_about_one")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_log_leaf")),
        sa.UniqueConstraint("op", name=op.f("uq_log_leaf_op")),
        sa.UniqueConstraint("photo", name=op.f("uq_log_leaf_photo")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("below_xid", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("octet_length(root) = 32", name=op.f("ck_checkpoint_root_length")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_checkpoint_size")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "backup_mark",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("checkpoint", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("done_at >= begun_at", name=op.f("ck_backup_mark_order")),
        sa.ForeignKeyConstraint(
            ["checkpoint"], ["checkpoint.n"], name=op.f("fk_backup_mark_checkpoint_checkpoint")
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_backup_mark")),
    )
    for table in ("operation", "photo"):
        # What is here already is final: 0, as after a restore. A constant rewrites no table.
        op.add_column(table, sa.Column("xid", sa.BigInteger(), server_default="0", nullable=False))
        op.alter_column(table, "xid", server_default=_XID)
        # Rows lie in the order of their transactions: a few bytes for each 128 pages.
        op.create_index(
            op.f(f"ix_{table}_xid"),
            table,
            ["xid"],
            postgresql_using="brin",
            postgresql_with={"autosummarize": True},
        )
    # Filled by whoever opens the next connection (storage/sync/epochs.py).
    op.add_column("feed_epoch", sa.Column("system_identifier", sa.BigInteger(), nullable=True))
    op.add_column("feed_epoch", sa.Column("timeline", sa.Integer(), nullable=True))
    op.add_column("feed_epoch", sa.Column("xid", sa.BigInteger(), nullable=True))
    for table in _APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
