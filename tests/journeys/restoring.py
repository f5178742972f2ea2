"""Backups as an operator makes them, new servers to restore them to, and tablets that live on."""

import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import psycopg

from audit_api.embedded import EmbeddedServices
from audit_api.embedded.child import account
from audit_api.embedded.postgres import _programs
from audit_api.settings import S3Settings, Settings
from audit_api.tablet import HttpTransport, Operation, Patience, Tablet
from audit_api.tablet.store import Store
from tests.factories import CAMPAIGN, World
from tests.journeys.server import Server
from torture.bodies import Visit, draw_visit


def run_program(name: str, *words: str, url: str) -> None:
    """Run a program of PostgreSQL on a database; what it says when it fails is the error."""
    outcome = subprocess.run(
        [str(_programs() / name), *words, "--dbname", url.replace("+psycopg", "")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr[-2000:]


def dump(settings: Settings, file: Path) -> None:
    """What docs/backups.md says: one file with everything."""
    options = ("--format=custom", "--no-unlogged-table-data", f"--file={file}")
    run_program("pg_dump", *options, url=settings.database_url)


def restore(settings: Settings, file: Path) -> None:
    """Into an empty database."""
    run_program("pg_restore", "--exit-on-error", str(file), url=settings.database_url)


def renew_database(settings: Settings) -> None:
    """An empty database in the place of the one that was there, in the same cluster."""
    address, name = settings.database_url.replace("+psycopg", "").rsplit("/", 1)
    with psycopg.connect(f"{address}/postgres", autocommit=True) as admin:
        admin.execute(f'drop database "{name}" with (force)')
        admin.execute(f"create database \"{name}\" template template0 encoding 'UTF8'")


def _bucket(s3: S3Settings) -> Any:
    return boto3.resource(
        "s3",
        endpoint_url=s3.endpoint_url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
    ).Bucket(s3.bucket)


def originals(s3: S3Settings) -> dict[str, bytes]:
    """Every object of a bucket by its key."""
    return {item.key: item.get()["Body"].read() for item in _bucket(s3).objects.all()}


def fill_bucket(s3: S3Settings, objects: dict[str, bytes]) -> None:
    """Put a copy of a bucket into another one."""
    bucket = _bucket(s3)
    for key, data in objects.items():
        bucket.put_object(Key=key, Body=data)


def empty_bucket(s3: S3Settings, prefix: str = "") -> None:
    """Delete every object of a bucket whose key begins so."""
    for item in _bucket(s3).objects.filter(Prefix=prefix):
        item.delete()


@contextmanager
def new_cluster(folder: Path) -> Iterator[EmbeddedServices]:
    """A PostgreSQL and an S3 of one's own, empty; they may be stopped and started."""
    services = EmbeddedServices(folder)
    try:
        with services:
            yield services
    finally:
        services.erase()


def moved_to(settings: Settings, services: EmbeddedServices) -> Settings:
    """The same installation, with the same keys, on other services."""
    return replace(settings, database_url=services.database_url, s3=services.s3)


def copy_data(services: EmbeddedServices, copy: Path) -> None:
    """A copy of a stopped server's data folder beside it."""
    subprocess.run(["cp", "-a", services._postgres._data, copy], check=True)  # noqa: S607


def put_back(services: EmbeddedServices, copy: Path) -> None:
    """The copy in the place of what a stopped server has; nothing but the data changes."""
    shutil.rmtree(services._postgres._data)
    subprocess.run(["cp", "-a", copy, services._postgres._data], check=True)  # noqa: S607


@contextmanager
def recovered(services: EmbeddedServices, base: Path, folder: Path) -> Iterator[EmbeddedServices]:
    """A server that recovers from a base backup and its log, as to a point in time."""
    made = EmbeddedServices(folder)
    folder.mkdir()
    shutil.copy(services.folder / "postgres-password", folder)
    data = _data_of(made)
    subprocess.run(["cp", "-a", base, data], check=True)  # noqa: S607
    for name, words in (("recovery.signal", ""), ("postgresql.auto.conf", _RECOVERY)):
        (data / name).write_text(words)
        shutil.chown(data / name, data.owner())
    try:
        with made:
            yield made
    finally:
        made.erase()


_RECOVERY = "restore_command = 'false'\n"
"""There is nothing behind the log that the base backup brought along."""


def _data_of(services: EmbeddedServices) -> Path:
    """Where its PostgreSQL will look for data; the folder above is there."""
    postgres = services._postgres
    postgres._locate()
    for folder in (postgres._data.parent.parent, postgres._data.parent):
        folder.mkdir(exist_ok=True, parents=True)
        folder.chmod(0o755)
    return postgres._data


def base_backup(services: EmbeddedServices, base: Path) -> None:
    """What pg_basebackup makes of a running server."""
    postgres = services._postgres
    base.mkdir()
    if postgres._user:
        shutil.chown(base, postgres._user)
        base.chmod(0o700)
    url = services.database_url.replace("+psycopg", "")
    subprocess.run(
        [postgres._programs / "pg_basebackup", "-c", "fast", "-D", base, "-d", url],
        check=True,
        cwd="/",
        **account(postgres._user),
    )


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[Server]:
    """The shipped server on a database."""
    server = Server(settings, log)
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Carried:
    """A tablet in its folder, and what it was told: everything that must not get lost."""

    folder: Path
    rng: random.Random
    acknowledged: dict[str, tuple[bytes, dict[str, bytes]]] = field(default_factory=dict)
    """By operation: the body, and the originals by their hash."""

    def open(self, server: Server) -> Tablet:
        """The tablet, which asks that server."""
        patience = Patience(tries=4, sleep=lambda seconds: None, chance=self.rng)
        return Tablet(self.folder, transport=HttpTransport(server.base_url), patience=patience)

    def capture(
        self, tablet: Tablet, site: str, *, photos: int = 0, after: Operation | None = None
    ) -> Operation:
        """A visit; `after`: a correction of an earlier one, in the chain of this tablet."""
        entity = after.entity if after else None
        element = json.loads(after.body)["elements"][0]["id"] if after else None
        visit = self._draw(site, element, entity, photos)
        while len(visit.photos) != photos:
            visit = self._draw(site, element, entity, photos)
        operation = tablet.capture(
            visit.body,
            entity=visit.entity,
            originals=visit.photos,
            base={"op": after.op} if after else None,
        )
        self.acknowledged[operation.op] = (visit.body, visit.originals())
        return operation

    def _draw(self, site: str, element: str | None, entity: str | None, photos: int) -> Visit:
        return draw_visit(
            self.rng,
            site,
            campaign=CAMPAIGN,
            photos=photos,
            photo_bytes=2_000,
            clock=timedelta(0),
            element=element,
            entity=entity,
        )


def enrolled(folder: Path, world: World, where: str, seed: int) -> Carried:
    """The tablet of a district's inspector, as if it had been enrolled in that folder."""
    return enrolled_as(folder, *world.devices[where], seed)


def enrolled_as(folder: Path, device: UUID, token: str, seed: int) -> Carried:
    """A tablet with that token, as if it had been enrolled in that folder."""
    store = Store(folder, new=True)
    with store.writing() as db:
        db.execute(
            """insert into tablet (single, base_url, device, token, name, owner)
            values (1, 'http://tablet.test', ?, ?, ?, 'somebody')""",
            (str(device), token, f"tablet {seed}"),
        )
    store.close()
    return Carried(folder, random.Random(seed))  # noqa: S311 - the same work every time


def stored(settings: Settings) -> dict[str, list[bytes]]:
    """The bodies that the database holds, by operation."""
    found: dict[str, list[bytes]] = {}
    with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
        for op, body in connection.execute("select op::text, body::text from inspection"):
            found.setdefault(op, []).append(body.encode())
    return found


def held_photos(settings: Settings) -> set[str]:
    """Hashes of the originals that the database knows."""
    with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
        rows = connection.execute("select encode(sha256, 'hex') from photo")
        return {sha256 for (sha256,) in rows}


def lost(settings: Settings, *tablets: Carried) -> list[str]:
    """What was acknowledged and is not there exactly once and byte for byte."""
    bodies, photos, objects = stored(settings), held_photos(settings), originals(settings.s3)
    whole = {hashlib.sha256(data).hexdigest() for data in objects.values()}
    wrong = []
    for tablet in tablets:
        for op, (body, its_photos) in tablet.acknowledged.items():
            if bodies.get(op) != [body]:
                wrong.append(f"operation {op}")
            wrong += [f"photo {s}" for s in its_photos if s not in photos or s not in whole]
    return wrong
