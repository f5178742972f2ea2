"""a violation copies the tolerance of its readings, as it copies what was measured."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was found before has none on record.
    op.add_column(
        "violation", sa.Column("tolerance", sa.JSON(), server_default="{}", nullable=False)
    )
    op.alter_column("violation", "tolerance", server_default=None)
