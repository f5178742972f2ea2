"""Served lists, supervisory acts, and the numbers that prosecutors' offices give out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_STATES = "'issued', 'answered', 'fulfilled', 'not_fulfilled', 'withdrawn'"
_FROZEN = ("served_list", "served_violation", "supervisory_act", "act_violation", "act_event")


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
    op.create_table(
        "supervisory_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("addressee_kind", sa.String(40), nullable=False),
        sa.Column("addressee_name", sa.Text(), nullable=True),
        sa.Column("list_id", sa.Uuid(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint(
            "kind in ('order', 'representation', 'warning')",
            name=op.f("ck_supervisory_act_kind"),
        ),
        sa.CheckConstraint(
            "addressee_kind in ('lsg_body', 'building_owner', 'budget_institution')",
            name=op.f("ck_supervisory_act_addressee_kind"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_supervisory_act_number")),
        sa.CheckConstraint(
            "(addressee_kind = 'lsg_body') = (addressee_name is null)",
            name=op.f("ck_supervisory_act_named"),
        ),
        sa.CheckConstraint(
            "answer_due_on >= issued_on", name=op.f("ck_supervisory_act_answer_due_on")
        ),
        sa.CheckConstraint(
            "octet_length(sha256) = 32", name=op.f("ck_supervisory_act_sha256_length")
        ),
        sa.CheckConstraint("sha256 = sha256(document)", name=op.f("ck_supervisory_act_sha256")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_supervisory_act_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["territory.id"], name=op.f("fk_supervisory_act_office_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_supervisory_act_territory_id_territory"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["served_list.id"], name=op.f("fk_supervisory_act_list_id_served_list")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["person.id"], name=op.f("fk_supervisory_act_issued_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisory_act")),
        sa.UniqueConstraint(
            "office_id",
            "campaign_id",
            "kind",
            "number",
            name=op.f("uq_supervisory_act_office_id_campaign_id_kind_number"),
        ),
    )
    op.create_index("ix_supervisory_act_territory_id", "supervisory_act", ["territory_id"])
    op.create_index("ix_supervisory_act_issued_at_id", "supervisory_act", ["issued_at", "id"])
    op.create_table(
        "act_violation",
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["act_id"], ["supervisory_act.id"], name=op.f("fk_act_violation_act_id_supervisory_act")
        ),
        sa.ForeignKeyConstraint(
            ["violation_id"], ["violation.id"], name=op.f("fk_act_violation_violation_id_violation")
        ),
        sa.PrimaryKeyConstraint("act_id", "violation_id", name=op.f("pk_act_violation")),
    )
    op.create_index("ix_act_violation_violation_id", "act_violation", ["violation_id"])
    op.create_table(
        "act_event",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("move", sa.String(40), nullable=False),
        sa.Column("from_state", sa.String(40), nullable=True),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(f"from_state in ({_STATES})", name=op.f("ck_act_event_from_state")),
        sa.CheckConstraint(f"to_state in ({_STATES})", name=op.f("ck_act_event_to_state")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_act_event_reason")),
        sa.ForeignKeyConstraint(
            ["act_id"], ["supervisory_act.id"], name=op.f("fk_act_event_act_id_supervisory_act")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_act_event_person_id_person")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_act_event")),
    )
    op.create_index("ix_act_event_act_id_n", "act_event", ["act_id", "n"])
    for table in _FROZEN:
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
