"""A receiver of webhooks that behaves as it is told, and remembers what it was sent."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

Manner = int | str
"""A status to answer with; or `hang`, `close` (no answer), `midway` (half of one), `reset`."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came: its headers, its body, and how it was answered."""

    headers: dict[str, str]
    body: bytes
    manner: Manner

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def object(self) -> str:
        return str(self.data["data"]["id"])

    @property
    def taken(self) -> bool:
        return isinstance(self.manner, int) and 200 <= self.manner < 300

    def verify(self, secret: str) -> None:
        """By the reference library; raises if the signature is none of the secret."""
        Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Listens; `manner` decides about each message how it is answered."""

    manner: Callable[["Message"], Manner] = lambda _: 200
    extra: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    url: str = ""
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def taken(self) -> list[Message]:
        """What it took for good, in the order in which it came."""
        return [message for message in self.messages if message.taken]


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            # The sender was killed in the middle of it: no message came.
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        manner = self.receiver.manner(Message(headers, body, 0))
        self.receiver.messages.append(Message(headers, body, manner))
        self.close_connection = True
        if isinstance(manner, int):
            self._answer(manner)
        elif manner != "close":
            getattr(self, manner)()

    def _answer(self, status: int) -> None:
        self.send_response(status)
        for name, value in self.receiver.extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def hang(self) -> None:
        self.receiver.release.wait(10)

    def drip(self) -> None:
        """A byte now and then, so that no single read takes long."""
        with suppress(OSError):
            for letter in b"HTTP/1.1 200 OK\r\n" * 9:
                self.connection.send(bytes([letter]))
                if self.receiver.release.wait(0.1):
                    return

    def midway(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhal")

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def nonsense(self) -> None:
        self.wfile.write(b"\x00\x01 what is this?\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    class Handler(_Handler):
        def setup(self) -> None:
            super().setup()
            self.receiver = receiver

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?of=tests"
    try:
        yield receiver
    finally:
        receiver.release.set()
        server.shutdown()
        server.server_close()
