"""What waits for technical supervision because two sides differ; the trace of field changes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ENTITY_KINDS = "entity_kind in ('inspection', 'site', 'element', 'task')"


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("entity_kind", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("mine", sa.JSON(), nullable=False),
        sa.Column("server", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('branch', 'field', 'law-relevant', 'task')", name=op.f("ck_review_kind")
        ),
        sa.CheckConstraint(_ENTITY_KINDS, name=op.f("ck_review_entity_kind")),
        sa.CheckConstraint("state in ('open', 'resolved')", name=op.f("ck_review_state")),
        sa.CheckConstraint("decision in ('mine', 'server')", name=op.f("ck_review_decision")),
        sa.CheckConstraint(
            "case state when 'open' then num_nonnulls(decision, reason, decided_by, decided_at) = 0"
            " else num_nulls(decision, reason, decided_by, decided_at) = 0 end",
            name=op.f("ck_review_decided"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_review_reason")),
        sa.CheckConstraint("decided_at >= opened_at", name=op.f("ck_review_decided_later")),
        sa.CheckConstraint(
            "(kind = 'branch') = (entity_kind = 'inspection')", name=op.f("ck_review_branch")
        ),
        sa.CheckConstraint("(kind = 'task') = (entity_kind = 'task')", name=op.f("ck_review_task")),
        sa.CheckConstraint(
            "kind <> 'law-relevant' or entity_kind = 'site'",
            name=op.f("ck_review_law_relevant"),
        ),
        sa.ForeignKeyConstraint(
            ["op"],
            ["operation.op"],
            name=op.f("fk_review_op_operation"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_review_site_id_site")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_review_decided_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("op", name=op.f("uq_review_op")),
    )
    op.create_index(
        "ix_review_open",
        "review",
        ["opened_at", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_review_entity_id", "review", ["entity_id"])
    op.create_index("ix_review_site_id", "review", ["site_id"])
    op.create_table(
        "field_change",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entity_kind", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("old", sa.JSON(), nullable=True),
        sa.Column("new", sa.JSON(), nullable=True),
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_ENTITY_KINDS, name=op.f("ck_field_change_entity_kind")),
        sa.CheckConstraint("rev > 1", name=op.f("ck_field_change_rev")),
        sa.ForeignKeyConstraint(
            ["op"],
            ["operation.op"],
            name=op.f("fk_field_change_op_operation"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_field_change_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_field_change_device_id_device")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_field_change")),
    )
    op.create_index("ix_field_change_entity_id_rev", "field_change", ["entity_id", "rev"])
    op.create_index("ix_field_change_op", "field_change", ["op"])
