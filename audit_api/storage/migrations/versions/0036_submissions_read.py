"""What ODK Collect handed in is read by route: refused forms say what they contradict."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("openrosa_refused", sa.Column("corrects", sa.Uuid(), nullable=True))
    op.add_column("openrosa_refused", sa.Column("site_id", sa.Uuid(), nullable=True))
    op.create_index("ix_openrosa_refused_xml_sha256", "openrosa_refused", ["xml_sha256"])
    op.create_index("ix_openrosa_refused_received_at", "openrosa_refused", ["received_at"])
    op.create_index("ix_openrosa_file_sha256", "openrosa_file", ["sha256"])
