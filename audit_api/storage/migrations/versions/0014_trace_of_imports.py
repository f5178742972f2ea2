"""The trace of field changes keeps imports too: of them there is no operation and no person."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("field_change", "op", existing_type=sa.Uuid(), nullable=True)
    op.alter_column("field_change", "person_id", existing_type=sa.Uuid(), nullable=True)
    op.create_check_constraint(
        op.f("ck_field_change_author"), "field_change", "(op is null) = (person_id is null)"
    )
