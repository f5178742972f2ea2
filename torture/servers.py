"""The real servers, and how to hurt them: gunicorn as shipped, PostgreSQL, S3 behind the proxy."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg

from audit_api.embedded import Child, EmbeddedServices
from audit_api.embedded.child import free_port
from audit_api.settings import Settings, psycopg_url
from bench.cpu import tree
from tests.journeys.server import ROOT, environment

_RECOVERY = "database system was not properly shut down; automatic recovery in progress"
_BACKEND = re.compile(r"postgres: audit_api audit_api 127\.0\.0\.1\(\d+\) (.+)")
_PATIENCE_S = 60


def _children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Web:
    """gunicorn with the shipped configuration, two workers.

    `bug`: the entry is `torture.wsgi`, which plants it; otherwise the shipped `wsgi`.
    """

    def __init__(self, settings: Settings, log: Path, bug: str | None) -> None:
        self.port = free_port()
        self.log = log
        env = environment(settings) | {
            "BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": "2",
            "TORTURE_BUG": bug or "",
        }
        with log.open("ab") as words:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "torture.wsgi:app" if bug else "wsgi:app"],
                cwd=ROOT,
                env=env,
                stdout=words,
                stderr=words,
            )

    @property
    def alive(self) -> bool:
        """False when the master has ended: nothing brings it back."""
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until a worker answers that it has its database."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self.alive:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(f"the web server does not answer; see {self.log}")

    def workers(self) -> list[int]:
        """Process ids of the workers, in the order of their age."""
        return sorted(_children(self._process.pid))

    def kill(self, dice: float, *, every: bool = False) -> int:
        """`kill -9` of one worker or of all; returns how many died."""
        found = self.workers()
        chosen = found if every else found[int(dice * len(found)) :][:1]
        return sum(_kill(pid) for pid in chosen)

    def memory_mb(self) -> float:
        """Resident memory of the largest worker."""
        return max((_resident_mb(pid) for pid in self.workers()), default=0.0)

    def stop(self) -> None:
        """End it at once (gunicorn's quick shutdown); insist after a while."""
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            for pid in tree(self._process.pid):
                _kill(pid)
            self._process.wait()


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


class Cluster:
    """The embedded PostgreSQL, for those who want to kill it. Call from the thread that began it:

    the server ends with the thread that started it.
    """

    def __init__(self, services: EmbeddedServices) -> None:
        self.url = services.database_url
        self._log = services.folder / "postgres.log"
        self._services = services
        self._before = self.recoveries_logged()

    @property
    def _child(self) -> Child:
        # The embedded server has no door for being crashed, and should have none.
        child = self._services._postgres._child
        if child is None:
            raise RuntimeError("PostgreSQL was never started")
        return child

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of one's own, each statement for itself."""
        plain = psycopg_url(self.url).replace("+psycopg", "")
        return psycopg.connect(
            plain, autocommit=True, connect_timeout=5, application_name="torture"
        )

    def kill_backend(self, dice: float) -> bool:
        """`kill -9` of a session of the web server, one at work if there is one; wait until

        PostgreSQL has recovered. False when there was none.
        """
        before = self.recoveries_logged()
        found = []
        for pid in _children(self._child.pid):
            line = _command_line(pid)
            match = _BACKEND.match(line)
            if match:
                found.append((match[1] == "idle", pid))
        busy = [pid for idle, pid in sorted(found) if not idle] or [pid for _, pid in sorted(found)]
        if not busy or not _kill(busy[int(dice * len(busy))]):
            return False
        end = time.monotonic() + _PATIENCE_S
        while self.recoveries_logged() == before and time.monotonic() < end:
            time.sleep(0.02)
        self.wait_up()
        return True

    def stop_immediately(self) -> None:
        """What `pg_ctl stop -m immediate` sends, and then the same server again, same port."""
        child = self._child
        if child.process is None:
            raise RuntimeError("PostgreSQL is not running")
        child.process.send_signal(signal.SIGQUIT)
        child.process.wait(60)
        child.start()
        self.wait_up()

    def wait_up(self) -> None:
        """Wait until it takes connections."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            try:
                with self.connect() as connection:
                    connection.execute("select 1")
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise TimeoutError(f"PostgreSQL does not come back; see {self._log}")

    def recoveries_logged(self) -> int:
        """How often it said so itself since the log began."""
        return self._log.read_text(errors="replace").count(_RECOVERY)

    @property
    def recoveries(self) -> int:
        """Crash recoveries of this run, counted in PostgreSQL's own log."""
        return self.recoveries_logged() - self._before


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ").decode(errors="replace")
    except OSError:
        return ""
