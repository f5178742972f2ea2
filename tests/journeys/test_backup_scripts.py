"""The restore drill proves every hash, and says what of a backup is not as it was signed."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit_api.app import create_app
from audit_api.embedded import EmbeddedServices
from audit_api.settings import Settings
from tests.cli.conftest import cli_on
from tests.journeys.by_the_book import backed_up, restored
from tests.journeys.restoring import (
    empty_bucket,
    fill_bucket,
    moved_to,
    new_cluster,
    originals,
    renew_database,
)
from tests.services.logged import Logged


@dataclass
class Backup:
    """A backup of two operations and two photos, and scratch services for drills."""

    folder: Path
    settings: Settings
    scratch: Settings
    photos: tuple[bytes, bytes]

    def drill(self) -> subprocess.CompletedProcess[str]:
        """Restore into scratch services that are empty again."""
        renew_database(self.scratch)
        return restored(self.scratch, self.folder)

    def file(self, photo: bytes) -> Path:
        name = photo.hex()
        return self.folder / "originals" / "sha256" / name[:2] / name[2:4] / name


@contextmanager
def logged_on(settings: Settings) -> Iterator[Logged]:
    app = create_app(settings)
    try:
        yield Logged(app)
    finally:
        app.extensions["database"].engine.dispose()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServices]:
    with new_cluster(tmp_path_factory.mktemp("scratch") / "services") as services:
        yield services


@pytest.fixture(scope="module")
def made_once(
    new_settings: Callable[[], Settings],
    scratch: EmbeddedServices,
    tmp_path_factory: pytest.TempPathFactory,
) -> Backup:
    settings, folder = new_settings(), tmp_path_factory.mktemp("backups")
    with logged_on(settings) as logged:
        logged.hand_in(2)
        photos = (logged.hand_over(), logged.hand_over())
        made = backed_up(settings, folder)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines() == [
        "2 originals, 2 of them copied now; all have the bytes that their hash says.",
        made.stdout.splitlines()[-1],
    ]
    assert made.stdout.endswith("recorded; 4 entries of the log have a backup.\n")
    return Backup(folder, settings, moved_to(settings, scratch), photos)


@pytest.fixture
def backup(made_once: Backup, tmp_path: Path) -> Backup:
    """A copy of it, to be altered; the scratch bucket is empty again."""
    shutil.copytree(made_once.folder, tmp_path / "backups")
    empty_bucket(made_once.scratch.s3)
    return replace(made_once, folder=tmp_path / "backups")


def test_a_drill_proves_every_hash_and_touches_nothing_of_the_installation(backup: Backup) -> None:
    before = originals(backup.settings.s3)
    done = backup.drill()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "4 leaves under 1 checkpoints, 2 originals in the bucket: all as they were signed."
    )
    assert originals(backup.settings.s3) == before
    # A second backup copies nothing twice, and the drill over a full database is refused.
    again = restored(backup.scratch, backup.folder)
    assert again.returncode != 0
    assert "already exists" in again.stderr


def _exchange(backup: Backup) -> None:
    backup.file(backup.photos[0]).write_bytes(b"other")


def _remove(backup: Backup) -> None:
    backup.file(backup.photos[0]).unlink()


def _half(backup: Backup) -> None:
    (dump,) = backup.folder.glob("database-*.dump")
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])


FAULTS = {
    "an original exchanged": (_exchange, "its bytes are not what its name says"),
    "an original missing": (_remove, "its original is missing in the bucket"),
    "half a dump": (_half, "pg_restore: error"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_drill_finds_what_is_not_as_it_was_signed(backup: Backup, fault: str) -> None:
    plant, told = FAULTS[fault]
    plant(backup)
    done = backup.drill()
    assert done.returncode != 0
    assert told in done.stderr
    assert "all as they were signed" not in done.stdout


def test_a_body_changed_before_the_backup_is_found_by_the_drill(
    new_settings: Callable[[], Settings], scratch: EmbeddedServices, tmp_path: Path
) -> None:
    settings = new_settings()
    with logged_on(settings) as logged:
        logged.hand_in(1)
        logged.sign()
        logged.tamper("update inspection set body = (body::jsonb || '{\"position\": null}')::json")
        assert backed_up(settings, tmp_path).returncode == 0
    renew_database(moved_to(settings, scratch))
    done = restored(moved_to(settings, scratch), tmp_path)
    assert done.returncode != 0
    assert re.search("operation .*: the stored body is not the one that was handed in", done.stderr)


def test_a_bucket_that_lacks_an_original_is_not_recorded_as_backed_up(
    new_settings: Callable[[], Settings], tmp_path: Path
) -> None:
    settings = new_settings()
    with logged_on(settings) as logged:
        photo = logged.hand_over()
        store = originals(settings.s3)
        fill_bucket(settings.s3, {key: b"other" for key in store if photo.hex() in key})
        made = backed_up(settings, tmp_path)
    assert made.returncode != 0
    assert f"photo {photo.hex()}: other bytes lie in its place in the bucket" in made.stderr
    with cli_on(settings, tmp_path) as cli:
        assert cli.query("select count(*) from backup_mark where done_at is not null") == [(0,)]
    # What was begun and not finished is no backup that a restore could take for one.
    assert list(tmp_path.glob("database-*.dump")) == []
