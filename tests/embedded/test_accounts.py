"""Started by an ordinary account: the same services, without a word about root."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.keeping import keep, kept_object, kept_rows
from tests.embedded.processes import family, is_alive

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups",
)  # fmt: skip
# Reads every file, as if Python were installed for all, and is an ordinary account otherwise.
READS_ALL = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


@dataclass
class Run:
    """What a start by an ordinary account did."""

    owner: int
    rows: set[object]
    word: str
    left_running: set[int]
    ended_with: int


def command(folder: Path, project_root: Path) -> list[str]:
    """How to start Python as an ordinary account here."""
    if os.geteuid() != 0:
        return [sys.executable]
    for more in ((), READS_ALL):
        tried = [*AS_NOBODY, *more, sys.executable]
        try:
            subprocess.run(
                [*tried, "-c", "import audit_api.embedded"],
                cwd=project_root,
                env={"HOME": str(folder)},
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return tried
    pytest.skip(f"nobody cannot read {sys.executable}, and root cannot lend it the right to")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder of that account, where it can reach it."""
    made = Path(tempfile.mkdtemp(prefix="audit_api-test-"))
    if os.geteuid() == 0:
        os.chown(made, NOBODY.pw_uid, NOBODY.pw_gid)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def run(folder: Path, project_root: Path) -> Run:
    with subprocess.Popen(
        [*command(folder, project_root), "-m", "tests.embedded.starter", str(folder / "data")],
        cwd=project_root,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        said: Mapping[str, Any] = json.loads(starter.stdout.readline())
        keep(said, "ordinary")
        owner = Path(f"/proc/{said['pids'][0]}").stat().st_uid
        rows, word = kept_rows(said), kept_object(said, "ordinary")
        running = family(said["pids"])
        # What another account left behind on the same port must not trouble the end.
        port = said["S3_ENDPOINT_URL"].rpartition(":")[2]
        foreign = Path(f"/tmp/seaweedfs-foreign-{port}.sock")
        foreign.touch()
        starter.stdin.write(b"stop\n")
        starter.stdin.close()
        ended_with = starter.wait(30)
        foreign.unlink(missing_ok=True)
    return Run(owner, rows, word, {pid for pid in running if is_alive(pid)}, ended_with)


def test_an_ordinary_account_keeps_rows(run: Run) -> None:
    assert run.rows == {"ordinary"}


def test_an_ordinary_account_keeps_objects(run: Run) -> None:
    assert run.word == "ordinary"


def test_an_ordinary_account_runs_its_own_server(run: Run) -> None:
    assert run.owner == (os.geteuid() or NOBODY.pw_uid)


def test_an_ordinary_account_stops_everything(run: Run) -> None:
    assert (run.ended_with, run.left_running) == (0, set())
