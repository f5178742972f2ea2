"""One POST to an address that somebody else wrote: bounded in time, size, and in where it goes."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from typing import Final
from urllib.parse import urlsplit

CONNECT_SECONDS: Final = 10
SECONDS: Final = 20
"""For the whole exchange; Standard Webhooks advise 15 to 30."""
MOST_ANSWER_BYTES: Final = 64_000
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Posted:
    """How it ended: a status, or what went wrong in fixed words. `retry_after`: seconds."""

    status: int | None
    ms: int
    error: str | None
    retry_after: int | None = None


class NotPublic(Exception):
    """The address leads into a network that is not public."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network, whatever it is wrapped in."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast and not found.is_reserved


def connect(host: str, port: int, *, anywhere: bool) -> socket.socket:
    """Resolve and connect; each address is looked at before anything is sent to it.

    One that is not public among them refuses all: NotPublic.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if not anywhere and not all(is_public(address) for address in addresses):
        raise NotPublic
    failed: OSError | None = None
    for address in addresses[:3]:
        try:
            # The address itself: a name could lead elsewhere when it is asked for again.
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS)
        except OSError as error:
            failed = error
    raise failed or OSError("no address")


class _Plain(http.client.HTTPConnection):
    """A connection to the address that was looked at. Uses no proxy and follows nothing."""

    anywhere = False

    def connect(self) -> None:
        self.sock = connect(self.host, self.port, anywhere=self.anywhere)


class _Secure(_Plain):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        # In two steps: what takes too long is cut off by this socket, the handshake too.
        line = context.wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock = line
        line.do_handshake()


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    anywhere: bool = False,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Posted:
    """Send it once. `anywhere`: plain HTTP and private networks too, for demonstration and tests.

    Never raises for what the other side does.
    """
    began = clock()

    def ended(status: int | None, error: str | None, retry_after: int | None = None) -> Posted:
        return Posted(status, round((clock() - began) * 1000), error, retry_after)

    parts = urlsplit(url)
    if parts.scheme != "https" and not anywhere:
        return ended(None, "the address is not https")
    make = _Secure if parts.scheme == "https" else _Plain
    connection = make(parts.hostname or "", parts.port)
    connection.anywhere = anywhere
    late: list[bool] = []
    watchdog = Timer(seconds, _cut, (connection, late))
    watchdog.daemon = True
    watchdog.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.connect()
        if late:
            raise TimeoutError
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        status = answer.status
        read = answer.read(MOST_ANSWER_BYTES)
        if late:
            raise TimeoutError
        if answer.length and len(read) < MOST_ANSWER_BYTES:
            raise http.client.IncompleteRead(read, answer.length)
        return ended(status, None if 200 <= status < 300 else "answered no 2xx", _wait(answer))
    except (OSError, http.client.HTTPException, ValueError, NotPublic) as error:
        return ended(None, f"took longer than {seconds:g} s" if late else _words(error))
    finally:
        watchdog.cancel()
        connection.close()


def _cut(connection: _Plain, late: list[bool]) -> None:
    """End an exchange that takes too long, wherever it is; drops that come slowly are none."""
    late.append(True)
    line = connection.sock
    if line is not None:
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            line.close()


def _wait(answer: http.client.HTTPResponse) -> int | None:
    said = answer.getheader("Retry-After", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else None


def _words(error: Exception) -> str:
    """What is told of an error: nothing that the other side could have written."""
    if isinstance(error, NotPublic):
        return "the address is not in the public network"
    if isinstance(error, socket.gaierror):
        return "the host's name is unknown"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate is not valid for the host"
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    if isinstance(error, TimeoutError):
        return f"no connection within {CONNECT_SECONDS} s"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, OSError | http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the connection broke"
    return "the answer was no HTTP"
