"""Imported editions, adoptions, rulesets by digest, packed measures, superseded violations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What decisions and assessments rest on only grows.
_APPEND_ONLY = ("catalog_document", "adoption", "ruleset", "superseded_violation")


def upgrade() -> None:
    op.create_table(
        "catalog_document",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "octet_length(sha256) = 32", name=op.f("ck_catalog_document_sha256_length")
        ),
        sa.CheckConstraint("kind in ('edition', 'profile')", name=op.f("ck_catalog_document_kind")),
        sa.CheckConstraint("n > 0", name=op.f("ck_catalog_document_n")),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["person.id"], name=op.f("fk_catalog_document_imported_by_person")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_catalog_document")),
        sa.UniqueConstraint("n", name=op.f("uq_catalog_document_n")),
    )
    op.create_index(
        "uq_catalog_document_edition",
        "catalog_document",
        ["id"],
        unique=True,
        postgresql_where=sa.text("kind = 'edition'"),
    )
    op.create_table(
        "adoption",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("weight", sa.String(length=40), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("decision_date", sa.Date(), nullable=False),
        sa.Column("document", sa.LargeBinary(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("octet_length(document) = 32", name=op.f("ck_adoption_document_length")),
        sa.CheckConstraint("weight in ('binding', 'reference')", name=op.f("ck_adoption_weight")),
        sa.ForeignKeyConstraint(
            ["document"],
            ["catalog_document.sha256"],
            name=op.f("fk_adoption_document_catalog_document"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["person.id"], name=op.f("fk_adoption_recorded_by_person")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_adoption")),
    )
    op.create_index("ix_adoption_profile", "adoption", ["profile", "n"], unique=False)
    op.create_table(
        "ruleset",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("manifest", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_ruleset")),
    )
    op.create_table(
        "packed_inspection",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("measures", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_packed_inspection")),
    )
    op.create_table(
        "superseded_violation",
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("adoption", sa.BigInteger(), nullable=False),
        sa.Column("followed_by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["violation_id"],
            ["violation.id"],
            name=op.f("fk_superseded_violation_violation_id_violation"),
        ),
        sa.ForeignKeyConstraint(
            ["adoption"], ["adoption.n"], name=op.f("fk_superseded_violation_adoption_adoption")
        ),
        sa.ForeignKeyConstraint(
            ["followed_by"],
            ["violation.id"],
            name=op.f("fk_superseded_violation_followed_by_violation"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["person.id"], name=op.f("fk_superseded_violation_recorded_by_person")
        ),
        sa.PrimaryKeyConstraint("violation_id", "adoption", name=op.f("pk_superseded_violation")),
    )
    op.create_index(
        op.f("ix_superseded_violation_followed_by"),
        "superseded_violation",
        ["followed_by"],
        unique=False,
    )
    # Nullable and without a default: no table is rewritten, no lock is held for long.
    op.add_column("assessment", sa.Column("building_status", sa.String(length=40), nullable=True))
    op.add_column("assessment", sa.Column("built_on", sa.Date(), nullable=True))
    op.add_column("assessment", sa.Column("altered_on", sa.Date(), nullable=True))
    for table in _APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
