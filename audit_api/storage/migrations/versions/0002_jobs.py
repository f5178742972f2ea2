"""The tables of the job queue."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The schema of the locked version; a new version brings migrations of its own.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema())
