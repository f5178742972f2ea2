"""Photos over tus, beside the raw `put_object` of the same bytes and beside tus-node-server."""

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit_api.embedded.child import free_port
from audit_api.settings import S3Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from bench.cpu import cpu_seconds
from bench.stand import Stand

CONCURRENCY: Final = 8
CHUNK: Final = 256_000
HERE: Final = Path(__file__).parent
# Size in bytes, how many, in chunks?, marks: CPU against raw, and against tus-node-server.
ROWS: Final = (
    (300_000, 240, False, 1.7, 0.4),
    (3_000_000, 64, False, 1.3, 0.9),
    (300_000, 160, True, None, 0.4),
    (3_000_000, 48, True, None, 0.15),
)
_VERSION: Final = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """CPU milliseconds per photo: of ours, of raw puts, and of tus-node-server (None without)."""

    size: int
    chunked: bool
    ours: float
    raw: float
    node: float | None
    mark_raw: float | None
    mark_node: float


def measure(stand: Stand, token: str) -> list[Uploaded]:
    """All rows, ours and the others' in turn."""
    s3, store = stand.settings.s3, stand.store_pid
    ours_run = (stand.server_pid, stand.postgres_pid, store)
    found = []
    with _node_server(s3) as node:
        for size, number, chunked, mark_raw, mark_node in ROWS:
            ours = _cpu_ms(number, size, stand.address, token, chunked, ours_run)
            theirs = None
            if node is not None:
                port, pid = node
                theirs = _cpu_ms(number, size, f"127.0.0.1:{port}", "", chunked, (pid, store))
            raw = _raw(s3, number, size, store)
            found.append(Uploaded(size, chunked, ours, raw, theirs, mark_raw, mark_node))
    return found


def _photos(number: int, size: int) -> list[bytes]:
    return [os.urandom(size) for _ in range(number)]


def _cpu_ms(
    number: int, size: int, address: str, token: str, chunked: bool, pids: tuple[int, ...]
) -> float:
    photos = _photos(number, size)
    path = "/api/v1/uploads" if token else "/files"

    def send(mine: list[bytes]) -> None:
        line = http.client.HTTPConnection(address, timeout=60)
        for photo in mine:
            _send(line, path, token, photo, CHUNK if chunked else size)
        line.close()

    _each(send, photos[:CONCURRENCY])  # warm
    before = cpu_seconds(*pids)
    _each(send, photos[CONCURRENCY:])
    return 1000 * (cpu_seconds(*pids) - before) / (number - CONCURRENCY)


def _each(send: Callable[[list[bytes]], None], photos: list[bytes]) -> None:
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(send, [photos[n::CONCURRENCY] for n in range(CONCURRENCY)]))


def _send(
    line: http.client.HTTPConnection, path: str, token: str, photo: bytes, chunk: int
) -> None:
    pairs = {"sha256": hashlib.sha256(photo).hexdigest(), "content_type": "image/jpeg"}
    headers = _VERSION | ({"Authorization": f"Bearer {token}"} if token else {})
    begin = headers | {
        "Upload-Length": str(len(photo)),
        "Upload-Metadata": ",".join(
            f"{k} {b64encode(v.encode()).decode()}" for k, v in pairs.items()
        ),
    }
    answer = _ask(line, "POST", path, b"", begin, 201)
    location = answer.headers["Location"]
    location = location[location.index(path) :]
    for start in range(0, len(photo), chunk):
        part = headers | {
            "Upload-Offset": str(start),
            "Content-Type": "application/offset+octet-stream",
        }
        _ask(line, "PATCH", location, photo[start : start + chunk], part, 204)


def _ask(
    line: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    wanted: int,
) -> http.client.HTTPResponse:
    line.request(method, path, body, headers)
    answer = line.getresponse()
    said = answer.read()
    if answer.status != wanted:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {said[:200]!r}")
    return answer


def _raw(s3: S3Settings, number: int, size: int, store_pid: int) -> float:
    """`put_object` with SHA-256 from a process of its own: milliseconds per photo."""
    environment = os.environ | {
        "BENCH_S3": repr((s3.bucket, s3.region, s3.access_key, s3.secret_key, s3.endpoint_url))
    }
    before = cpu_seconds(store_pid)
    ended = subprocess.run(
        [sys.executable, "-m", "bench.uploading", str(number), str(size)],
        env=environment,
        capture_output=True,
        check=True,
        cwd=HERE.parent,
    )
    mine = float(ended.stdout)
    return 1000 * (mine + cpu_seconds(store_pid) - before) / number


def _put_raw(number: int, size: int) -> None:
    import ast

    store = PhotoStore(S3Settings(*ast.literal_eval(os.environ["BENCH_S3"])))
    photos = _photos(number, size)

    def put(mine: list[bytes]) -> None:
        from io import BytesIO

        for photo in mine:
            digest = hashlib.sha256(photo).digest()
            store.put(digest, BytesIO(photo), size=size, content_type="image/jpeg")

    began = time.process_time()
    _each(put, photos)
    print(time.process_time() - began)


@contextmanager
def _node_server(s3: S3Settings) -> Iterator[tuple[int, int] | None]:
    """tus-node-server on the same bucket: its port and process id; None without node or npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        yield None
        return
    folder = HERE.parent / "var" / "bench-node"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "tus-server.mjs"):
        shutil.copy(HERE / "node" / name, folder / name)
    subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "S3_BUCKET": s3.bucket,
        "S3_REGION": s3.region,
        "S3_ENDPOINT_URL": s3.endpoint_url or "",
        "S3_ACCESS_KEY_ID": s3.access_key,
        "S3_SECRET_ACCESS_KEY": s3.secret_key,
    }
    process = subprocess.Popen(
        [node, "tus-server.mjs"], cwd=folder, env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    _put_raw(int(sys.argv[1]), int(sys.argv[2]))
