"""tus over a plain socket: a client that can stop at any byte."""

import re
import socket
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.http.tus import metadata


@dataclass(frozen=True, slots=True)
class Wire:
    """A tablet's token and where the server is."""

    base_url: str
    token: str

    def connect(self, timeout: float = 30) -> socket.socket:
        """A connection of its own."""
        parts = urlsplit(self.base_url)
        assert parts.hostname
        assert parts.port
        return socket.create_connection((parts.hostname, parts.port), timeout)

    def head_of(self, method: str, path: str, **headers: str) -> bytes:
        """The head of a request."""
        told = {"Host": "x", "Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in told.items()), "", ""]
        return "\r\n".join(lines).encode()

    def call(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        """A request without a body: status and headers in lower case."""
        with closing(self.connect()) as line:
            line.sendall(self.head_of(method, path, Connection="close", **headers))
            return read_answer(line)

    def begin(self, data: bytes, **headers: str) -> str:
        """The path of a new upload."""
        told = {"Upload_Length": str(len(data)), "Upload_Metadata": metadata(data)} | headers
        status, answer = self.call("POST", "/api/v1/uploads", Content_Length="0", **told)
        assert status == 201
        return answer["location"]

    def offset(self, path: str) -> int:
        """Where HEAD says that it stands."""
        status, answer = self.call("HEAD", path)
        assert status == 200
        return int(answer["upload-offset"])

    def patch_head(self, path: str, offset: int, size: int, **headers: str) -> bytes:
        """The head of a PATCH with `size` bytes."""
        return self.head_of(
            "PATCH",
            path,
            Upload_Offset=str(offset),
            Content_Length=str(size),
            Content_Type="application/offset+octet-stream",
            **headers,
        )

    def patch(self, path: str, offset: int, part: bytes) -> tuple[int, dict[str, str]]:
        """A whole PATCH."""
        with closing(self.connect()) as line:
            line.sendall(self.patch_head(path, offset, len(part), Connection="close") + part)
            return read_answer(line)

    def cut_patch(self, path: str, offset: int, data: bytes, sent: int) -> None:
        """A PATCH of all the rest whose line ends after `sent` bytes of it."""
        with closing(self.connect()) as line:
            rest = data[offset:]
            line.sendall(self.patch_head(path, offset, len(rest)) + rest[:sent])
            line.shutdown(socket.SHUT_WR)
            # The server has ended the request when it hangs up.
            while line.recv(65536):
                pass


def read_answer(line: socket.socket) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer; raises ConnectionError when the line ends before them."""
    said = b""
    while b"\r\n\r\n" not in said:
        more = line.recv(65536)
        if not more:
            raise ConnectionError("the line ended before the answer's head")
        said += more
    first, *rest = said.split(b"\r\n\r\n")[0].decode().split("\r\n")
    found = re.match(r"HTTP/1\.1 (\d{3})", first)
    assert found, first
    pairs = (one.partition(": ") for one in rest)
    return int(found[1]), {name.lower(): value for name, _, value in pairs}
