"""Photos that people hand in for a task, without a tablet; older reports' photos are found too."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Few rows: reports of tablets from before 0020.
    op.execute(
        """update task_event set shown = array(
            select photo ->> 'sha256' from json_array_elements(photos) photo)
        where photos is not null and shown is null"""
    )
    op.create_table(
        "task_photo",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["remediation_task.id"],
            name=op.f("fk_task_photo_task_id_remediation_task"),
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["photo.sha256"], name=op.f("fk_task_photo_sha256_photo")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_task_photo_person_id_person")
        ),
        sa.PrimaryKeyConstraint("task_id", "sha256", name=op.f("pk_task_photo")),
    )
    op.create_index("ix_task_photo_sha256", "task_photo", ["sha256"])
    op.alter_column("photo", "device_id", existing_type=sa.Uuid(), nullable=True)
    op.add_column("photo", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_photo_person_id_person"), "photo", "person", ["person_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_photo_sender"), "photo", "(device_id is null) <> (person_id is null)"
    )
