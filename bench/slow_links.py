"""What many open uploads do to everybody else: memory of the workers, and short requests."""

import http.client
import os
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Final

from bench.cpu import tree

LARGE: Final = 10_000_000
UPLOADS: Final = 50
SLOW: Final = 200
BYTES_A_SECOND: Final = 5_000
SHORT: Final = 300


def begin(address: str, token: str, photo: bytes) -> tuple[str, dict[str, str]]:
    """A new upload: its path, and the headers of its requests."""
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    pairs = {"sha256": sha256(photo).hexdigest(), "content_type": "image/jpeg"}
    metadata = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in pairs.items())
    told = headers | {"Upload-Length": str(len(photo)), "Upload-Metadata": metadata}
    with closing(http.client.HTTPConnection(address, timeout=60)) as line:
        line.request("POST", "/api/v1/uploads", b"", told)
        answer = line.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"the upload was not begun: {answer.status}")
        return answer.headers["Location"], headers


def send(address: str, token: str, photo: bytes, pieces: Iterator[bytes]) -> None:
    """Upload a photo in one PATCH whose body comes piece by piece."""
    path, headers = begin(address, token, photo)
    host, _, port = address.partition(":")
    told = headers | {
        "Host": address,
        "Upload-Offset": "0",
        "Content-Length": str(len(photo)),
        "Content-Type": "application/offset+octet-stream",
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    with socket.create_connection((host, int(port)), 120) as line:
        line.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode())
        for piece in pieces:
            line.sendall(piece)
        if not line.recv(64).startswith(b"HTTP/1.1 204"):
            raise RuntimeError("the upload was not taken in")


def growth_mb(address: str, server_pid: int, token: str) -> float:
    """By how much the largest worker grows while 50 uploads of 10 MB run at once, in MB."""
    workers = [pid for pid in tree(server_pid) if pid != server_pid]
    before = {pid: peak_mb(pid, reset=True) for pid in workers}

    def pieces(photo: bytes) -> Iterator[bytes]:
        for start in range(0, LARGE, 500_000):
            yield photo[start : start + 500_000]
            time.sleep(0.1)

    def upload() -> None:
        photo = os.urandom(LARGE)
        send(address, token, photo, pieces(photo))

    threads = [threading.Thread(target=upload) for _ in range(UPLOADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(peak_mb(pid) - before[pid] for pid in workers)


def peak_mb(pid: int, *, reset: bool = False) -> float:
    """The most that a process ever had resident; `reset`: counted from now on."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def short_requests_p95_ms(address: str, token: str) -> float:
    """How long a short request takes, from connecting on, while 200 tablets send at 5 kB/s."""
    done = threading.Event()
    photo = os.urandom(BYTES_A_SECOND * 600)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(photo), BYTES_A_SECOND // 5):
            if done.is_set():
                raise ConnectionAbortedError
            yield photo[start : start + BYTES_A_SECOND // 5]
            time.sleep(0.2)

    def upload() -> None:
        try:
            send(address, token, photo, pieces())
        except OSError:
            return

    threads = [threading.Thread(target=upload) for _ in range(SLOW)]
    for thread in threads:
        thread.start()
        # The mark is about those that send, not about all beginning in one moment.
        time.sleep(0.02)
    time.sleep(8)
    times = []
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(SHORT):
        began = time.perf_counter()
        with closing(http.client.HTTPConnection(address, timeout=60)) as line:
            line.request("GET", "/api/v1/sync/pull?limit=1", headers=headers)
            line.getresponse().read()
        times.append(time.perf_counter() - began)
        time.sleep(0.02)
    done.set()
    for thread in threads:
        thread.join()
    return 1000 * quantiles(times, n=20)[-1]
