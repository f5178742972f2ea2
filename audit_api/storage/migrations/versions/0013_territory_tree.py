"""The version of the territory tree, renewed with every change of a territory."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "territory_tree",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Uuid(), nullable=False),
        sa.CheckConstraint("single", name="ck_territory_tree_single"),
        sa.PrimaryKeyConstraint("single", name="pk_territory_tree"),
    )
    op.execute("insert into territory_tree (single, version) values (true, gen_random_uuid())")
    op.execute("""
        create function renew_territory_tree() returns trigger language plpgsql as $$
        begin
            insert into territory_tree (single, version) values (true, gen_random_uuid())
            on conflict (single) do update set version = excluded.version;
            return null;
        end $$
    """)
    op.execute("""
        create trigger territory_tree_changed
        after insert or update or delete or truncate on territory_version
        for each statement execute function renew_territory_tree()
    """)
