"""One folder through its life: stopped, killed, its starter killed; nothing committed is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from audit_api.embedded import EmbeddedError, EmbeddedServices
from audit_api.embedded.child import is_free
from tests.embedded.keeping import connect, keep, kept_object, kept_rows
from tests.embedded.processes import family, is_alive, wait_for_end

# Busy without ever waiting for anything: it does not notice that its server is gone.
ENDLESS = b"do $$ begin loop perform 1; end loop; end $$"
IS_BUSY = "select from pg_stat_activity where pid = %s and query like 'do $$%%'"


@dataclass
class Life:
    """What was seen."""

    folder: Path
    rows: dict[str, set[object]] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    left_running: set[int] = field(default_factory=set)
    left_listening: list[int] = field(default_factory=list)
    left_sockets: list[Path] = field(default_factory=list)
    starter: int = 0

    def look(self, when: str, services: EmbeddedServices, *words: str) -> None:
        """Note which rows are there, and these objects."""
        address = services.environment()
        self.rows[when] = kept_rows(address)
        self.objects |= {word: kept_object(address, word) for word in words}


def refusal(folder: Path) -> str:
    """What a start on the folder says when it is refused."""
    with pytest.raises(EmbeddedError) as refused:
        EmbeddedServices(folder).start()
    return str(refused.value)


def stopped_in_order(services: EmbeddedServices, life: Life) -> None:
    services.start()
    keep(services.environment(), "before the stop")
    life.refusals["same process"] = refusal(life.folder)
    running = family(services.pids)
    ports = [
        urlsplit(services.environment()[name]).port or 0
        for name in ("DATABASE_URL", "S3_ENDPOINT_URL")
    ]
    services.stop()
    life.left_running = {pid for pid in running if is_alive(pid)}
    life.left_listening = [port for port in ports if not is_free(port)]
    life.left_sockets = list(Path("/tmp").glob(f"seaweedfs-*{ports[1]}.sock"))


def killed(services: EmbeddedServices, life: Life) -> None:
    services.start()
    life.look("after the stop", services, "before the stop")
    address = services.environment()
    keep(address, "before the kill")
    with connect(address) as unfinished, connect(address) as busy, connect(address) as watching:
        unfinished.autocommit = False
        unfinished.execute("insert into kept values ('never committed')")
        busy.pgconn.send_query(ENDLESS)
        while watching.execute(IS_BUSY, [busy.info.backend_pid]).fetchone() is None:
            time.sleep(0.01)
        for pid in services.pids:
            os.kill(pid, signal.SIGKILL)
        for connection in (unfinished, busy, watching):
            connection.close()
    services.stop()


def starter_killed(folder: Path, life: Life, project_root: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.embedded.starter", str(folder)],
        cwd=project_root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as starter:
        assert starter.stdout is not None
        said = json.loads(starter.stdout.readline())
        life.starter = starter.pid
        life.rows["after the kill"] = kept_rows(said)
        life.objects["before the kill"] = kept_object(said, "before the kill")
        life.refusals["another process"] = refusal(folder)
        keep(said, "before the starter's kill")
        starter.kill()
    postgres, _ = said["pids"]
    wait_for_end([postgres])


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life") / "data"
    services = EmbeddedServices(folder)
    seen = Life(folder.resolve())
    try:
        stopped_in_order(services, seen)
        killed(services, seen)
        starter_killed(folder, seen, project_root)
        services.start()
        seen.look("after the starter's kill", services, "before the starter's kill")
        yield seen
    finally:
        services.stop()
        services.erase()


def test_rows_survive_stop_and_start(life: Life) -> None:
    assert life.rows["after the stop"] == {"before the stop"}


def test_exactly_the_committed_rows_survive_a_killed_server(life: Life) -> None:
    assert life.rows["after the kill"] == {"before the stop", "before the kill"}


def test_rows_survive_a_killed_starter(life: Life) -> None:
    assert "before the starter's kill" in life.rows["after the starter's kill"]


@pytest.mark.parametrize(
    "word", ["before the stop", "before the kill", "before the starter's kill"]
)
def test_every_acknowledged_object_survives(life: Life, word: str) -> None:
    assert life.objects[word] == word


def test_stopping_leaves_no_process_behind(life: Life) -> None:
    assert life.left_running == set()


def test_stopping_frees_the_ports(life: Life) -> None:
    assert life.left_listening == []


def test_stopping_leaves_no_sockets_in_tmp(life: Life) -> None:
    assert life.left_sockets == []


def test_a_second_start_in_the_same_process_is_refused(life: Life) -> None:
    assert f"already run on {life.folder} (process {os.getpid()})" in life.refusals["same process"]


def test_a_second_start_beside_another_process_is_refused_and_names_it(life: Life) -> None:
    assert f"(process {life.starter}). Stop that process" in life.refusals["another process"]
