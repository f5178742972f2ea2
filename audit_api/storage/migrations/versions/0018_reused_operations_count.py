"""A record that came under a taken operation id came all the same: its number is not owed."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reused_operation", sa.Column("seq", sa.BigInteger(), nullable=True))
    # What is no JSON object with a whole number for it has none.
    op.execute(r"""
        update reused_operation set seq = cast(said.seq as bigint)
        from (select id, substring(encode(raw, 'escape') from '"seq"\s*:\s*([0-9]{1,15})[,}\s]')
            as seq from reused_operation) said
        where said.id = reused_operation.id and said.seq is not null
    """)
    op.drop_index(op.f("ix_reused_operation_device_id"), "reused_operation")
    op.create_index("ix_reused_operation_device_id_seq", "reused_operation", ["device_id", "seq"])
