"""PostgreSQL's folder: where it lies, what it lacks, and what an earlier run left in it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from audit_api.embedded import EmbeddedError, EmbeddedServices, postgres
from audit_api.embedded.postgres import Postgres
from audit_api.storage.server_check import reasons_against

only_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root's server runs as another account"
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every account may enter."""
    made = Path(tempfile.mkdtemp(prefix="audit_api-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server(home: Path) -> Iterator[Postgres]:
    """A server of its own, stopped and with its cluster made."""
    made = Postgres(home / "postgres")
    made.start()
    made.wait_ready()
    made.stop()
    yield made
    made.stop()
    made.erase()


def answers(server: Postgres) -> bool:
    with psycopg.connect(server.url.replace("+psycopg", "", 1)) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_a_database_without_fsync_is_told_to_be_unfit(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres._SETTINGS, "fsync", "off")
    server.start()
    server.wait_ready()
    engine = create_engine(server.url)
    reasons = reasons_against(engine)
    engine.dispose()
    assert "fsync is off, so that a power cut loses acknowledged work; switch it on" in reasons


def test_a_stale_number_of_another_program_does_not_hinder_a_start(
    server: Postgres, home: Path
) -> None:
    data = home / "postgres" / "data"
    account = data.stat()
    with subprocess.Popen(["/bin/sleep", "60"], user=account.st_uid) as stranger:
        # As after a restart of the machine: the number of a killed server, used anew.
        stale = data / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{data}\n1600000000\n5432\n\n127.0.0.1\n\nready\n")
        os.chown(stale, account.st_uid, account.st_gid)
        try:
            server.start()
            server.wait_ready()
            assert answers(server)
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_data_without_their_password_are_not_thrown_away(home: Path) -> None:
    version = home / "postgres" / "data" / "PG_VERSION"
    version.parent.mkdir(parents=True)
    version.write_text("18\n")
    with pytest.raises(EmbeddedError, match="postgres-password is gone while the data are there"):
        Postgres(home / "postgres").start()
    assert version.exists()


@only_root
def test_after_a_folder_was_deleted_by_hand_its_data_elsewhere_are_made_anew(
    tmp_path: Path,
) -> None:
    home = tmp_path / "services"
    for _ in range(2):
        home.mkdir()
        server = Postgres(home / "postgres")
        try:
            server.start()
            server.wait_ready()
            assert answers(server)
        finally:
            server.stop()
        shutil.rmtree(home)
    server.erase()


@only_root
def test_a_strict_umask_does_not_keep_the_server_from_its_folder(
    home: Path, project_root: Path
) -> None:
    script = (
        "import sys, pathlib; from audit_api.embedded.postgres import Postgres\n"
        "home = pathlib.Path(sys.argv[1]); home.mkdir(); server = Postgres(home / 'postgres')\n"
        "server.start(); server.wait_ready(); server.stop(); server.erase()"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(home / "strict")],
        cwd=project_root,
        check=True,
        umask=0o077,
    )


@only_root
def test_erasing_leaves_nothing_elsewhere(tmp_path: Path) -> None:
    before = set(Path("/var/tmp").iterdir())
    home = tmp_path / "services"
    home.mkdir()
    server = Postgres(home / "postgres")
    server.start()
    server.wait_ready()
    server.stop()
    server.erase()
    assert set(Path("/var/tmp").iterdir()) <= before


def test_a_folder_that_cannot_be_written_is_told(home: Path) -> None:
    (home / "file").touch()
    with pytest.raises(EmbeddedError, match="Choose a folder that you may write to"):
        EmbeddedServices(home / "file" / "data").start()
