"""The shipped web server as a process of its own, for journeys that kill it or crowd it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from audit_api.embedded.child import free_port
from audit_api.settings import Settings

ROOT = Path(__file__).parents[2]


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables."""
    s3 = settings.s3
    return {k: v for k, v in os.environ.items() if not k.startswith("GUNICORN")} | {
        "DATABASE_URL": settings.database_url,
        "S3_BUCKET": s3.bucket,
        "S3_REGION": s3.region,
        "S3_ACCESS_KEY_ID": s3.access_key,
        "S3_SECRET_ACCESS_KEY": s3.secret_key,
        "S3_ENDPOINT_URL": s3.endpoint_url or "",
        "SECRET_KEY": settings.secret_key,
        "RECEIPT_SIGNING_KEY": settings.receipt_signing_key.hex(),
        "LOG_LEVEL": "WARNING",
    }


class Server:
    """gunicorn with the shipped configuration on a free port."""

    def __init__(
        self, settings: Settings, log: Path, *, workers: int = 2, app: str = "wsgi:app"
    ) -> None:
        self.base_url = f"http://127.0.0.1:{free_port()}"
        self._log = log.open("ab")
        self._said = log
        env = environment(settings) | {
            "BIND": self.base_url.removeprefix("http://"),
            "WEB_CONCURRENCY": str(workers),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", app],
            cwd=ROOT,
            env=env,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            self.wait_ready()
        except TimeoutError:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The master's process id."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it answers; fails after a minute."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=5) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(
            f"the web server does not answer; it says:\n{self._said.read_text()[-800:]}"
        )

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def kill_workers(self) -> None:
        """`kill -9` every worker; the master starts new ones."""
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


def post(url: str, data: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    """POST bytes; returns (status, decoded answer). Raises OSError when the link breaks."""
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
