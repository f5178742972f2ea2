"""Alembic's entry: runs with the connection that the runner holds the advisory lock on."""

from alembic import context

from audit_api.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
    compare_server_default=True,
)
context.run_migrations()
