"""Migrating, and a database that is not fit: told by the command line, /readyz and the start."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from audit_api.app import create_app
from audit_api.settings import Settings
from audit_api.storage.base import make_engine
from audit_api.storage.migrations.runner import current_revision, head_revision
from tests.cli.conftest import Cli, cli_on, environment_of

MIGRATE = (sys.executable, "-c", "from audit_api.cli import main; main()", "database", "migrate")


@pytest.fixture
def unmigrated(new_settings: Callable[[], Settings]) -> Settings:
    """Settings of a database with nothing in it."""
    return made_anew(new_settings(), "template template0")


def made_anew(settings: Settings, options: str) -> Settings:
    """Settings of a second database beside the first, made with these options."""
    address, name = settings.database_url.rsplit("/", 1)
    admin = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'create database "{name}_anew" {options}'))
    admin.dispose()
    return replace(settings, database_url=f"{address}/{name}_anew")


def execute(settings: Settings, statement: str) -> None:
    engine = make_engine(settings)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def revision(settings: Settings) -> str | None:
    engine = make_engine(settings)
    found = current_revision(engine)
    engine.dispose()
    return found


def behind(settings: Settings) -> Settings:
    execute(settings, "update alembic_version set version_num = '0001'")
    return settings


def lax(settings: Settings) -> Settings:
    name = settings.database_url.rsplit("/", 1)[1]
    execute(settings, f'alter database "{name}" set synchronous_commit = off')
    return settings


def narrow(settings: Settings) -> Settings:
    return made_anew(settings, "template template0 encoding 'LATIN1' locale 'C'")


UNFIT = [
    (behind, "the database is at migration 0001, the program at"),
    (narrow, "the database's encoding is LATIN1"),
    (lax, "synchronous_commit is off"),
]
IDS = ["migration behind", "wrong encoding", "not durable"]


def test_migrating_twice_works_and_tells_the_revision(unmigrated: Settings, tmp_path: Path) -> None:
    with cli_on(unmigrated, tmp_path) as cli:
        said = [cli.done("database", "migrate") for _ in range(2)]
    assert said == [f"The database is at migration {head_revision()}.\n"] * 2


def test_two_who_migrate_at_once_both_succeed(
    unmigrated: Settings, project_root: Path, clean_environment: dict[str, str]
) -> None:
    both = [
        subprocess.Popen(
            MIGRATE, cwd=project_root, env=clean_environment | environment_of(unmigrated)
        )
        for _ in range(2)
    ]
    assert [process.wait() for process in both] == [0, 0]
    assert revision(unmigrated) == head_revision()


def test_an_unreachable_database_is_told_in_words(settings: Settings, tmp_path: Path) -> None:
    away = settings.database_url.rsplit(":", 1)[0] + ":1/audit"
    with cli_on(replace(settings, database_url=away), tmp_path) as cli:
        said = cli.refused("database", "migrate")
    assert "The database refused: connection failed" in said


def test_missing_settings_are_told_in_words(shared: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert "DATABASE_URL not set" in shared.refused("database", "migrate")


@pytest.mark.parametrize(("make", "told"), UNFIT, ids=IDS)
def test_a_server_does_not_start_on_an_unfit_database(
    new_settings: Callable[[], Settings],
    project_root: Path,
    clean_environment: dict[str, str],
    make: Callable[[Settings], Settings],
    told: str,
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=project_root,
        env=clean_environment | environment_of(make(new_settings())),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert told in ended.stderr.splitlines()[-1]


@pytest.fixture(params=UNFIT, ids=IDS)
def unfit(
    request: pytest.FixtureRequest, new_settings: Callable[[], Settings]
) -> tuple[Settings, str]:
    make, told = request.param
    return make(new_settings()), told


def test_a_running_server_says_why_it_is_not_ready(unfit: tuple[Settings, str]) -> None:
    settings, told = unfit
    app = create_app(settings)
    answer = app.test_client().get("/readyz")
    app.extensions["database"].engine.dispose()
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert told in answer.text


def test_a_server_on_a_fit_database_is_ready(settings: Settings) -> None:
    app = create_app(settings)
    answer = app.test_client().get("/readyz")
    app.extensions["database"].engine.dispose()
    assert answer.status_code == 200
