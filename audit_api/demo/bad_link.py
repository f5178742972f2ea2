"""A link as in the valleys: it breaks while something goes out, loses answers, and ends early."""

import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from audit_api.tablet import Answer, HttpTransport

Fault = Callable[[str, str, Mapping[str, str], bytes], None]


class BadLink:
    """A tablet's transport that fails as it is told to; it is for the tablet to cope.

    `cut` counts requests that broke halfway, `lost` answers that never came to a request that was
    carried out.
    """

    def __init__(self, base_url: str) -> None:
        self._wire = HttpTransport(base_url)
        self._address = urlsplit(base_url)
        self._faults: dict[str, list[Fault]] = {}
        self._posts_left: int | None = None
        self.cut = self.lost = 0

    def worsen(self) -> None:
        """The next push and the next photo: broken halfway, then without an answer, then well."""
        self._faults = {"POST": [self._cut, self._lose], "PATCH": [self._cut, self._lose]}

    def end_after_posts(self, count: int) -> None:
        """So many pushes get through, nothing after them."""
        self._posts_left = count

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request, unless a fault is due."""
        if self._posts_left == 0:
            raise ConnectionError("no network")
        if self._faults.get(method):
            self._faults[method].pop(0)(method, path, headers, body)
            raise ConnectionError("the link broke")
        answer = self._wire(method, path, headers, body)
        if self._posts_left is not None and method == "POST":
            self._posts_left -= 1
        return answer

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _cut(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Announce the whole body, send half of it, and vanish."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._address.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        to = (self._address.hostname or "", self._address.port or 80)
        with socket.create_connection(to, 10) as link:
            link.sendall("\r\n".join(lines).encode() + body[: len(body) // 2])
        self.cut += 1

    def _lose(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Let the server do it, and keep its answer back."""
        self._wire(method, path, headers, body)
        self.lost += 1
