"""What is measured, running: services of its own, the bench's place, the shipped server."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit_api.embedded import EmbeddedServices
from audit_api.settings import S3Settings, Settings, psycopg_url
from audit_api.storage.base import Database, make_engine
from audit_api.storage.migrations.runner import migrate
from audit_api.storage.sync import feed
from bench.place import STATIONS, Place, make_place
from tests.journeys.server import Server


@dataclass(frozen=True, slots=True)
class Stand:
    """Where it runs: process ids of the server's master, PostgreSQL and the object store."""

    settings: Settings
    place: Place
    address: str
    server_pid: int
    postgres_pid: int
    store_pid: int


@contextmanager
def standing(stations: int = STATIONS) -> Iterator[Stand]:
    """Start everything on new folders, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="audit-api-bench-"))
    services = EmbeddedServices(folder)
    try:
        with services:
            s3 = services.s3
            settings = Settings(
                database_url=psycopg_url(services.database_url),
                s3=S3Settings(s3.bucket, s3.region, s3.access_key, s3.secret_key, s3.endpoint_url),
                secret_key=secrets.token_hex(32),
                receipt_signing_key=secrets.token_bytes(32),
            )
            database = Database(make_engine(settings))
            migrate(database.engine)
            with database.writing() as session:
                place = make_place(session, stations)
                feed.publish(session, site=place.sites)
            database.engine.dispose()
            server = Server(settings, folder / "web.log")
            try:
                address = server.base_url.removeprefix("http://")
                postgres, store = services.pids
                yield Stand(settings, place, address, server.pid, postgres, store)
            finally:
                server.stop()
    finally:
        services.erase()
