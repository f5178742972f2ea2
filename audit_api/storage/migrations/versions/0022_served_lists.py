"""Served lists, and the numbers that prosecutors' offices give out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "office_number",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("series", sa.String(40), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last > 0", name=op.f("ck_office_number_last")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["territory.id"], name=op.f("fk_office_number_office_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_office_number_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint(
            "office_id", "campaign_id", "series", name=op.f("pk_office_number")
        ),
    )
    op.create_table(
        "served_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("addressee_kind", sa.String(40), nullable=False),
        sa.Column("addressee_name", sa.Text(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("served_by", sa.Uuid(), nullable=False),
        sa.Column("fixed", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint(
            "addressee_kind in ('lsg_body', 'building_owner', 'budget_institution')",
            name=op.f("ck_served_list_addressee_kind"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_served_list_number")),
        sa.CheckConstraint(
            "(addressee_kind = 'lsg_body') = (addressee_name is null)",
            name=op.f("ck_served_list_named"),
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_served_list_sha256_length")),
        sa.CheckConstraint("sha256 = sha256(document)", name=op.f("ck_served_list_sha256")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_served_list_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["territory.id"], name=op.f("fk_served_list_office_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_served_list_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["served_by"], ["person.id"], name=op.f("fk_served_list_served_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_served_list")),
        sa.UniqueConstraint(
            "office_id",
            "campaign_id",
            "number",
            name=op.f("uq_served_list_office_id_campaign_id_number"),
        ),
    )
    op.create_index("ix_served_list_territory_id", "served_list", ["territory_id"])
    op.create_index("ix_served_list_served_at_id", "served_list", ["served_at", "id"])
    op.create_table(
        "served_violation",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["served_list.id"], name=op.f("fk_served_violation_list_id_served_list")
        ),
        sa.ForeignKeyConstraint(
            ["violation_id"],
            ["violation.id"],
            name=op.f("fk_served_violation_violation_id_violation"),
        ),
        sa.PrimaryKeyConstraint("list_id", "violation_id", name=op.f("pk_served_violation")),
    )
    op.create_index("ix_served_violation_violation_id", "served_violation", ["violation_id"])
    for table in ("served_list", "served_violation"):
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
