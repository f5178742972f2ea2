"""A link that carries requests whole and cuts the first answer to each kind of them."""

import gzip
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_CUT = ("POST push", "PUT", "GET pull")


class ForgetfulLink(ThreadingHTTPServer):
    """`cut` names what was asked when an answer was cut, `pushes` are the bodies of all pushes."""

    daemon_threads = True

    def __init__(self, to: str) -> None:
        super().__init__(("127.0.0.1", 0), _Carrier)
        self.to = to
        self.base_url = f"http://127.0.0.1:{self.server_port}"
        self.cut: list[str] = []
        self.pushes: list[bytes] = []


class _Carrier(BaseHTTPRequestHandler):
    server: ForgetfulLink

    def _carry(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = f"{self.command} {urlsplit(self.path).path.rpartition('/')[2]}"
        if asked == "POST push":
            self.server.pushes.append(body)
        upstream = http.client.HTTPConnection(urlsplit(self.server.to).netloc, timeout=30)
        headers = {n: v for n, v in self.headers.items() if n.lower() != "connection"}
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        if asked.startswith(_CUT) and asked not in self.server.cut and data:
            self.server.cut.append(asked)
            data = data[: len(data) // 2]
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _carry  # noqa: N815 - named by the library

    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news."""


@contextmanager
def link_that_cuts(to: str) -> Iterator[ForgetfulLink]:
    """Such a link to a server, while the block runs."""
    with ForgetfulLink(to) as link:
        thread = threading.Thread(target=link.serve_forever, daemon=True)
        thread.start()
        try:
            yield link
        finally:
            link.shutdown()
            thread.join(10)


def records_in(push: bytes) -> bytes:
    """The operations of a packed push as they went over the line."""
    _, _, records = gzip.decompress(push).partition(b'"ops":[')
    return records.removesuffix(b"]}")
