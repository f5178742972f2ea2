"""A worker killed between any two steps of finishing an upload: nothing acknowledged is lost."""

import hashlib
import subprocess
import sys

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World, operation, push, ramp_of
from tests.http.populated import with_photo
from tests.http.tus import Tus, photo
from tests.journeys.server import ROOT, environment

ASKS = 6
"""Statements of finishing: the upload is complete, its parts go, the arrival, the photo with the
audit log, who waits for it, the feed."""
WAITS = 2
MOMENTS = [
    "put-before",
    "put-after",
    *(f"ask-{n}" for n in range(1, ASKS + 1)),
    *(f"got-{n}" for n in range(1, WAITS + 1)),
    "committed",
]
KEPT = 30_000


def send_rest(
    settings: Settings, moment: str, token: str, path: str, offset: int, rest: bytes
) -> "subprocess.CompletedProcess[bytes]":
    """Send the rest in a process that dies at the moment."""
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.crashing_upload", moment, token, path, str(offset)],
        input=rest,
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_finishing_nothing_is_half_and_the_rest_succeeds(
    app: Flask, settings: Settings, world: World, database: Database, moment: str
) -> None:
    client = app.test_client()
    tus = Tus.near(client, world)
    data = photo(f"killed {moment}", 90_000)
    digest = hashlib.sha256(data).digest()
    body = with_photo(ramp_of(world, "near-1"), data)
    inspection = push(client, world, operation(body, seq=MOMENTS.index(moment) + 1))
    path = tus.begun(data)
    assert tus.patch(path, 0, data[:KEPT]).status_code == 204
    ended = send_rest(settings, moment, world.devices["near"][1], path, KEPT, data[KEPT:])
    assert ended.returncode == -9, ended.stdout + ended.stderr
    offset = tus.offset(path)
    assert offset == (len(data) if moment in ("committed", f"got-{WAITS}") else KEPT)
    store = PhotoStore(settings.s3)
    assert _noted(database, digest) == (offset == len(data))
    # Whole or absent, in the bucket too: no half photo under a hash.
    assert store.stored_sha256(digest) in (None, digest)
    if offset < len(data):
        assert tus.patch(path, offset, data[offset:]).status_code == 204
    assert _noted(database, digest)
    assert store.stored_sha256(digest) == digest
    assert tus.offset(path) == len(data)
    supervisor = world.headers(Role.TECHNICAL_SUPERVISOR)
    shown = client.get(f"/api/v1/inspections/{inspection['results'][0]['id']}", headers=supervisor)
    assert shown.json["state"] == "complete"
    with database.reading() as session:
        assert session.scalar(text("select count(*) from upload_segment")) == 0


def _noted(database: Database, digest: bytes) -> bool:
    """Whether the photo is here exactly once, in the audit log too."""
    with database.reading() as session:
        number = session.scalar(
            text("select count(*) from photo where sha256 = :sha256"), {"sha256": digest}
        )
        logged = session.scalar(
            text("select count(*) from audit_log where subject = :it and what = 'photo_received'"),
            {"it": digest.hex()},
        )
    assert number == logged
    assert number in (0, 1)
    return bool(number)


def test_the_moments_cover_every_statement_and_exchange_of_finishing(
    app: Flask, settings: Settings, world: World
) -> None:
    client = app.test_client()
    data = photo("never killed", 90_000)
    push(client, world, operation(with_photo(ramp_of(world, "near-1"), data), seq=100))
    tus = Tus.near(client, world)
    path = tus.begun(data)
    assert tus.patch(path, 0, data[:KEPT]).status_code == 204
    ended = send_rest(settings, "never", world.devices["near"][1], path, KEPT, data[KEPT:])
    assert ended.stdout.split() == [b"204", b"%d" % ASKS, b"%d" % WAITS], ended.stderr
