"""The command line on a database of each test's own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from audit_api.cli import main
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from tests.cli.lawful import Lawful, empty, make_lawful


def environment_of(settings: Settings) -> dict[str, str]:
    """What an installation on these settings exports."""
    return {
        "DATABASE_URL": settings.database_url,
        "S3_ENDPOINT_URL": settings.s3.endpoint_url or "",
        "S3_BUCKET": settings.s3.bucket,
        "S3_ACCESS_KEY_ID": settings.s3.access_key,
        "S3_SECRET_ACCESS_KEY": settings.s3.secret_key,
        "SECRET_KEY": settings.secret_key,
        "RECEIPT_SIGNING_KEY": settings.receipt_signing_key.hex(),
        "LOG_LEVEL": settings.log_level,
    }


@dataclass(frozen=True)
class Cli:
    """`audit-api`, and a look at what it did."""

    database: Database
    folder: Path

    def __call__(self, *words: str, typed: str = "") -> Result:
        """Run a command; an unforeseen exception is the test's."""
        return CliRunner().invoke(main, words, input=typed, catch_exceptions=False)

    def done(self, *words: str, typed: str = "") -> str:
        """Run a command that works; returns what it says."""
        outcome = self(*words, typed=typed)
        assert outcome.exit_code == 0, outcome.output
        return outcome.output

    def refused(self, *words: str, typed: str = "") -> str:
        """Run a command that is refused with a message; returns that."""
        outcome = self(*words, typed=typed)
        assert outcome.exit_code == 1, outcome.output
        return outcome.output

    def file(self, name: str, content: bytes) -> str:
        """Write a file; returns its path."""
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with self.database.reading() as session:
            return [tuple(row) for row in session.execute(text(sql))]


@contextmanager
def cli_on(settings: Settings, folder: Path) -> Iterator[Cli]:
    """The command line with the settings exported as an administrator would."""
    database = Database(make_engine(settings))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in environment_of(settings).items():
            environment.setenv(name, value)
        yield Cli(database, folder)
    database.engine.dispose()


@pytest.fixture
def cli(new_settings: Callable[[], Settings], tmp_path: Path) -> Iterator[Cli]:
    """The command line on an empty database of the test's own."""
    with cli_on(new_settings(), tmp_path) as made:
        yield made


@pytest.fixture
def shared(settings: Settings, tmp_path: Path) -> Iterator[Cli]:
    """The command line on the module's database, for what must not change it."""
    with cli_on(settings, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def clean_environment() -> dict[str, str]:
    """The environment for a process of its own, without settings from outside."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "S3_", "SECRET_KEY", "RECEIPT_", "FLASK_"))
    }


@pytest.fixture
def lawful(settings: Settings) -> Iterator[Lawful]:
    """The application with a world in it, on the module's database, which is emptied before."""
    empty(settings)
    made = make_lawful(settings)
    yield made
    made.app.extensions["database"].engine.dispose()


@pytest.fixture
def law(lawful: Lawful, tmp_path: Path) -> Iterator[Cli]:
    """The command line on that database."""
    with cli_on(lawful.app.extensions["settings"], tmp_path) as made:
        yield made
