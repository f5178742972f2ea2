"""PostgreSQL and S3 together, on one folder, one instance at a time."""

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from audit_api.embedded.child import EmbeddedError
from audit_api.embedded.postgres import Postgres
from audit_api.embedded.s3 import S3Server
from audit_api.settings import S3Settings


class EmbeddedServices:
    """A real PostgreSQL and a real S3 server that live in `data_folder` and end with us."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder.resolve()
        self._postgres = Postgres(self._folder / "postgres")
        self._s3 = S3Server(self._folder / "s3")
        self._lock: IO[str] | None = None

    @property
    def folder(self) -> Path:
        """Where the data are kept."""
        return self._folder

    @property
    def database_url(self) -> str:
        """The database's address, for SQLAlchemy."""
        return self._postgres.url

    @property
    def s3(self) -> S3Settings:
        """How to reach the bucket."""
        return self._s3.settings

    @property
    def pids(self) -> tuple[int, int]:
        """Process ids of PostgreSQL and of the S3 server."""
        return self._postgres.pid, self._s3.pid

    def environment(self) -> dict[str, str]:
        """The same as environment variables: what production sets itself."""
        s3 = self.s3
        return {
            "DATABASE_URL": self.database_url,
            "S3_ENDPOINT_URL": s3.endpoint_url or "",
            "S3_REGION": s3.region,
            "S3_BUCKET": s3.bucket,
            "S3_ACCESS_KEY_ID": s3.access_key,
            "S3_SECRET_ACCESS_KEY": s3.secret_key,
        }

    def start(self) -> None:
        """Start both and wait until they are ready; data of earlier runs is there again."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        except OSError as error:
            raise EmbeddedError(
                f"The embedded services cannot keep their data in {self._folder}: {error}. "
                "Choose a folder that you may write to."
            ) from None
        try:
            self._s3.start()
            self._postgres.start()
            self._postgres.wait_ready()
            self._s3.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both; harmless when they are stopped."""
        try:
            self._postgres.stop()
        finally:
            self._s3.stop()
            self._release_lock()

    def erase(self) -> None:
        """Delete all data. EmbeddedError while they run."""
        if not self._folder.exists():
            return
        self._take_lock()
        try:
            self._postgres.erase()
            self._s3.end_leftover()
            shutil.rmtree(self._folder)
        finally:
            self._release_lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        lock = (self._folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise EmbeddedError(
                f"The embedded services already run on {self._folder} (process {owner}). "
                "Stop that process, or choose another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
