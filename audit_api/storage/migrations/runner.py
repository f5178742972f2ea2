"""Runs the migrations, one runner at a time."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

# Any constant will do; it only has to be the same in every release.
_LOCK = 7_205_461_830


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


@cache
def head_revision() -> str:
    """The migration this program expects."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current_revision(engine: Engine) -> str | None:
    """The migration the database is at."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine) -> str:
    """Bring the database to the head, waiting for another runner; returns the revision.

    A migration waits at most 5 seconds for a lock: it fails rather than stop the inspectors.
    """
    with engine.connect() as connection:
        # However long another runner takes, waiting for it is right.
        connection.execute(text("set lock_timeout = 0"))
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            connection.execute(text("set lock_timeout = '5s'"))
            connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
            # The settings above belong to this connection: it must not go back to the pool.
            connection.invalidate()
    # Whoever opens a connection to a restored database sets its epoch right.
    engine.connect().close()
    return head_revision()
