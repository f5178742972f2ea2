"""What ODK Collect hands in: instances, their files, what was refused, photos awaited by name."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "openrosa_instance",
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("corrects", sa.Uuid(), nullable=True),
        sa.Column("completed_by", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named", sa.JSON(), nullable=False),
        sa.Column("xml_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "octet_length(xml_sha256) = 32", name=op.f("ck_openrosa_instance_xml_sha256_length")
        ),
        sa.CheckConstraint(
            "xml_sha256 = sha256(xml)", name=op.f("ck_openrosa_instance_xml_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["op"],
            ["operation.op"],
            name=op.f("fk_openrosa_instance_op_operation"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["completed_by"],
            ["operation.op"],
            name=op.f("fk_openrosa_instance_completed_by_operation"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["corrects"],
            ["openrosa_instance.op"],
            name=op.f("fk_openrosa_instance_corrects_openrosa_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_openrosa_instance_device_id_device")
        ),
        sa.PrimaryKeyConstraint("op", name=op.f("pk_openrosa_instance")),
    )
    op.create_index("ix_openrosa_instance_corrects", "openrosa_instance", ["corrects"], unique=True)
    op.create_index("ix_openrosa_instance_inspection_id", "openrosa_instance", ["inspection_id"])
    op.create_table(
        "openrosa_file",
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "octet_length(sha256) = 32", name=op.f("ck_openrosa_file_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["op"], ["openrosa_instance.op"], name=op.f("fk_openrosa_file_op_openrosa_instance")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["photo.sha256"], name=op.f("fk_openrosa_file_sha256_photo")
        ),
        sa.PrimaryKeyConstraint("op", "name", "sha256", name=op.f("pk_openrosa_file")),
    )
    op.create_index(
        "uq_openrosa_file_first",
        "openrosa_file",
        ["op", "name"],
        unique=True,
        postgresql_where=sa.text("first"),
    )
    op.create_table(
        "openrosa_refused",
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("xml_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "octet_length(xml_sha256) = 32", name=op.f("ck_openrosa_refused_xml_sha256_length")
        ),
        sa.CheckConstraint("xml_sha256 = sha256(xml)", name=op.f("ck_openrosa_refused_xml_sha256")),
        sa.CheckConstraint(
            "reason in ('other-xml', 'not-current')", name=op.f("ck_openrosa_refused_reason")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_openrosa_refused_device_id_device")
        ),
        sa.PrimaryKeyConstraint("op", "xml_sha256", name=op.f("pk_openrosa_refused")),
    )
    op.create_table(
        "awaited_photo",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["element_id"], ["element.id"], name=op.f("fk_awaited_photo_element_id_element")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_awaited_photo_inspection_id_rev_inspection"),
        ),
        sa.PrimaryKeyConstraint("inspection_id", "rev", "id", name=op.f("pk_awaited_photo")),
    )
    # Packing them costs more than the place that they take.
    for table in ("openrosa_instance", "openrosa_refused"):
        op.execute(f"alter table {table} alter column xml set storage external")
    for table in ("openrosa_file", "openrosa_refused"):
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
