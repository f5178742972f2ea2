"""What long lists walk along instead of sorting all that there is."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_remediation_task_priority_id", "remediation_task")
    op.create_index(
        "ix_remediation_task_by_priority",
        "remediation_task",
        ["priority", sa.text("(- coalesce(cost_som, 4611686018427387904))"), "id"],
    )
    op.create_index("ix_review_opened_at_id", "review", ["opened_at", "id"])
    op.create_index("ix_device_name_id", "device", ["name", "id"])
    op.create_index(
        "ix_fabrication_flag_found_at", "fabrication_flag", ["found_at", "inspection_id"]
    )
    op.create_index(
        "ix_fabrication_flag_open",
        "fabrication_flag",
        ["found_at", "inspection_id"],
        postgresql_where=sa.text("set_aside_at is null"),
    )
    op.create_index(
        "ix_task_event_declined",
        "task_event",
        ["at", "task_id"],
        postgresql_where=sa.text("move = 'decline'"),
    )
    # An outcome that begins with b: `storage.inspections.BORDERLINE`.
    op.create_index(
        "ix_assessment_borderline",
        "assessment",
        ["assessed_at", "inspection_id"],
        postgresql_where=sa.text("findings::text ~ '[\" ]b(?=-?[0-9]*(#[0-9]+)?[\" ])'"),
    )
