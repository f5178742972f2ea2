"""A small tablet for the demonstration: it enrols, pushes and sends photos over HTTP.

Knows only the wire protocol; imports nothing of the server.
"""

import gzip
import hashlib
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4


class TabletError(Exception):
    """The server answered something the tablet cannot go on with."""


@dataclass(slots=True)
class Tablet:
    """An enrolled tablet with its running number of operations."""

    base_url: str
    device: str
    token: str
    seq: int = 0
    last_body_sha256: str | None = None

    @classmethod
    def enrol(cls, base_url: str, code: str, name: str) -> "Tablet":
        """Turn a one-time code into a tablet with a token of its own."""
        status, answer = _request(
            base_url,
            "POST",
            "/api/v1/devices/enrol",
            json.dumps({"code": code, "name": name}).encode(),
            {"Content-Type": "application/json"},
        )
        if status != 201:
            raise TabletError(f"enrolment answered {status}: {answer}")
        return cls(base_url, answer["device"], answer["token"])

    def operation(self, op: str, entity: str, body: bytes, at: dict[str, Any]) -> bytes:
        """One operation as JSON; `body` goes in byte for byte, since its hash is its proof."""
        self.seq += 1
        digest = hashlib.sha256(body).hexdigest()
        members = {
            "op": op,
            "seq": self.seq,
            "kind": "inspection",
            "id": entity,
            "base": None,
            "sha256": digest,
            "prev_sha256": self.last_body_sha256,
            "at": at,
        }
        self.last_body_sha256 = digest
        return json.dumps(members).encode()[:-1] + b',"body":' + body + b"}"

    def push(self, operations: list[bytes], *, cut: bool = False) -> dict[str, Any]:
        """Send operations. `cut`: hang up halfway the first time, as a bad link does, and retry."""
        envelope = (
            json.dumps({"device": self.device, "batch": str(uuid4())}).encode()[:-1]
            + b',"client":{"app":"demo/1.0.0"},"ops":['
            + b",".join(operations)
            + b"]}"
        )
        headers = self._headers("application/json") | {"Content-Encoding": "gzip"}
        body = gzip.compress(envelope)
        if cut:
            self._hang_up("POST", "/api/v1/sync/push", body, headers)
        status, answer = _request(self.base_url, "POST", "/api/v1/sync/push", body, headers)
        if status != 200:
            raise TabletError(f"push answered {status}: {answer}")
        result: dict[str, Any] = answer
        return result

    def send_photo(self, photo: bytes, *, cut: bool = False) -> None:
        """Send an original under its hash; sending again is harmless."""
        path = f"/api/v1/photos/{hashlib.sha256(photo).hexdigest()}"
        headers = self._headers("image/jpeg")
        if cut:
            self._hang_up("PUT", path, photo, headers)
        status, answer = _request(self.base_url, "PUT", path, photo, headers)
        if status not in (200, 201):
            raise TabletError(f"photo answered {status}: {answer}")

    def pull_all(self) -> list[Any]:
        """Everything the tablet may know, page by page."""
        items: list[Any] = []
        cursor = ""
        while True:
            status, page = _request(
                self.base_url, "GET", f"/api/v1/sync/pull?limit=500{cursor}", b"", self._headers("")
            )
            if status != 200:
                raise TabletError(f"pull answered {status}: {page}")
            items += page["items"]
            if not page["more"]:
                return items
            cursor = f"&cursor={page['cursor']}"

    def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return headers | ({"Content-Type": content_type} if content_type else {})

    def _hang_up(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        """Announce the whole body, send half of it, and vanish."""
        address = urlsplit(self.base_url)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {address.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        with socket.create_connection((address.hostname or "", address.port or 80), 10) as link:
            link.sendall("\r\n".join(lines).encode() + body[: len(body) // 2])


def _request(
    base_url: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, Any]:
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data else None
    finally:
        connection.close()
