"""Reports of tablets from before photos were looked up: whose photo it is, is found afterwards."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from alembic import command

from audit_api.settings import Settings
from audit_api.storage.base import make_engine
from audit_api.storage.migrations import runner

PHOTOS = '[{"sha256": "aa", "bytes": 1, "content_type": "image/jpeg"}, {"sha256": "bb"}]'


@pytest.fixture
def older(settings: Settings) -> Iterator[Settings]:
    """An empty database at 0022."""
    url = settings.database_url.replace("+psycopg", "")
    name = f"older_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"create database {name} template template0 encoding 'UTF8'")
    yield replace(settings, database_url=f"{settings.database_url.rsplit('/', 1)[0]}/{name}")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")


def test_photos_of_older_reports_are_found(older: Settings) -> None:
    engine = make_engine(older)
    with engine.connect() as connection:
        config = runner._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0022")
        connection.commit()
    with psycopg.connect(older.database_url.replace("+psycopg", "")) as direct:
        # Only the events matter here.
        direct.execute("set session_replication_role = replica")
        for photos in (PHOTOS, None):
            direct.execute(
                """insert into task_event (task_id, at, person_id, to_state, reason, photos)
                values (%s, now(), %s, 'reported_done', '', %s)""",
                (uuid4(), uuid4(), photos),
            )
        direct.commit()
        runner.migrate(engine)
        engine.dispose()
        found = direct.execute("select shown from task_event order by n").fetchall()
    assert found == [(["aa", "bb"],), (None,)]
