"""Real PostgreSQL with the real migrations, real S3, started once for the whole run."""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from audit_api.app import create_app
from audit_api.embedded import EmbeddedServices
from audit_api.settings import S3Settings, Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.migrations.runner import migrate
from tests.factories import World, make_world

SECRET = "only-for-tests-" + secrets.token_hex(16)
SIGNING_KEY = secrets.token_bytes(32)


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServices]:
    """PostgreSQL and S3."""
    running = EmbeddedServices(tmp_path_factory.mktemp("services"))
    try:
        with running:
            yield running
    finally:
        running.erase()


@pytest.fixture(scope="session")
def base_settings(services: EmbeddedServices) -> Settings:
    """Settings that point at the template database."""
    return Settings(
        database_url=services.database_url,
        s3=S3Settings(
            bucket=services.s3.bucket,
            region=services.s3.region,
            access_key=services.s3.access_key,
            secret_key=services.s3.secret_key,
            endpoint_url=services.s3.endpoint_url,
        ),
        secret_key=SECRET,
        receipt_signing_key=SIGNING_KEY,
        log_level="CRITICAL",
    )


@pytest.fixture(scope="session")
def template(base_settings: Settings) -> str:
    """A migrated, empty database to copy."""
    engine = make_engine(base_settings)
    migrate(engine)
    engine.dispose()
    return base_settings.database_url.rsplit("/", 1)[1]


@pytest.fixture(scope="session")
def new_settings(base_settings: Settings, template: str) -> Iterator[Callable[[], Settings]]:
    """Makes a database of its own, migrated and empty, and settings for it."""
    address, _ = base_settings.database_url.rsplit("/", 1)
    admin = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")

    def make() -> Settings:
        name = f"test_{secrets.token_hex(6)}"
        with admin.connect() as connection:
            connection.execute(text(f'create database "{name}" template "{template}"'))
        return replace(base_settings, database_url=f"{address}/{name}")

    yield make
    admin.dispose()


@pytest.fixture(scope="module")
def settings(new_settings: Callable[[], Settings]) -> Settings:
    """Settings with a database that one test module has for itself."""
    return new_settings()


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Flask]:
    """The application on the module's database."""
    made = create_app(settings)
    yield made
    made.extensions["database"].engine.dispose()


@pytest.fixture(scope="module")
def database(app: Flask) -> Database:
    """The module's database, for what a test must arrange or look up itself."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture(scope="module")
def world(database: Database) -> World:
    """A small region with two districts, a campaign, stations, people and tablets."""
    with database.writing() as session:
        return make_world(session)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session whose work is rolled back after the test."""
    with database.engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        outer.rollback()


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The project's root folder."""
    return Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(
            (
                "DATABASE_",
                "S3_",
                "SECRET_KEY",
                "RECEIPT_",
                "FLASK_",
                "FLAG_",
                "ESCALATE_",
                "ACT_",
                "INSPECTING_",
                "WEBHOOKS_",
                "SMTP_",
                "MAIL_",
            )
        ):
            monkeypatch.delenv(name)
