"""A pooled connection that the server ended is not given to anybody."""

from sqlalchemy import text

from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine

END_OTHERS = text("""
    select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
""")


def test_a_connection_that_was_ended_while_it_lay_idle_is_replaced(settings: Settings) -> None:
    one, other = Database(make_engine(settings)), Database(make_engine(settings))
    try:
        for opened in (one.reading, one.writing):
            with opened() as session:
                session.execute(text("select 1"))
            with other.writing() as session:
                assert session.execute(END_OTHERS).scalar_one() == 1
            with opened() as session:
                assert session.execute(text("select 1")).scalar_one() == 1
    finally:
        one.engine.dispose()
        other.engine.dispose()
