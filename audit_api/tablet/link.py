"""The network: one request, tried until an answer can be believed, with growing pauses.

Half an answer, a damaged one, a silent link and a busy server all come to the same: ask again.
"""

import base64
import hashlib
import http.client
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from audit_api.tablet.errors import Garbled, LinkDown, Refused, TabletError

T = TypeVar("T")
_LATER = {408, 429, 500, 502, 503, 504}
_MAX_RETRY_AFTER_S = 600
_SCHEMES = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; Garbled for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Garbled("The answer is no JSON.") from None
        if not isinstance(value, dict):
            raise Garbled("The answer is no JSON object.")
        return value


class Transport(Protocol):
    """Sends one request. Raises OSError or http.client.HTTPException when no whole answer came."""

    def __call__(  # noqa: D102 - the class says it
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer: ...

    def close(self) -> None:
        """Hang up."""


class HttpTransport:
    """HTTP/1.1 on one connection, which is kept as long as it behaves."""

    def __init__(self, base_url: str, *, timeout_s: float = 60) -> None:
        try:
            address = urlsplit(base_url)
            connection = _SCHEMES[address.scheme]
            if not address.hostname:
                raise ValueError(base_url)
            self._connection = connection(address.hostname, address.port, timeout=timeout_s)
        except (KeyError, ValueError):
            raise TabletError(
                f"{base_url!r} is no address of a server; it looks like https://audit.example.org."
            ) from None
        self._prefix = address.path.rstrip("/")

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it; a connection on which anything went wrong is not used again."""
        try:
            self._connection.request(method, self._prefix + path, body or None, dict(headers))
            answer = self._connection.getresponse()
            data = answer.read()
        except BaseException:
            self.close()
            raise
        if answer.status >= 300:
            # Who refuses before it has read the whole body leaves the rest of it on the line.
            self.close()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@dataclass(slots=True)
class Patience:
    """How often one request is tried, and how long the pauses are.

    The pause doubles from `first_s` up to `longest_s`; a random part of it is waited, so that
    tablets which lost the same server do not come back in step.
    """

    tries: int = 6
    first_s: float = 1.0
    longest_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    chance: random.Random = field(default_factory=random.Random)

    def pause(self, failures: int, at_least_s: float = 0.0) -> None:
        """Wait after so many failures (from 1), and no less than the server asked for."""
        longest = min(self.longest_s, self.first_s * 2 ** (failures - 1))
        self.sleep(max(at_least_s, longest * self.chance.uniform(0.5, 1.0)))


class Link:
    """Requests of one tablet."""

    def __init__(self, transport: Transport, token: str | None, patience: Patience) -> None:
        self.transport = transport
        self.token = token
        self.patience = patience

    def hang_up(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        self.transport.close()

    def ask(
        self,
        method: str,
        path: str,
        understand: Callable[[Answer], T],
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What `understand` makes of the answer; it raises Garbled for one not to be believed.

        Raises Refused for what trying again does not change, LinkDown when patience ends.
        """
        sent = self._headers(headers)
        refused: int | None = None
        reason = ""
        for failures in range(1, self.patience.tries + 1):
            wait_s = 0.0
            try:
                answer = self.transport(method, path, sent, body)
                _check_digest(answer)
                if answer.status < 400:
                    return understand(answer)
                wait_s = _retry_after(answer)
                if answer.status not in _LATER or _is_over(answer, wait_s):
                    # A middle box may have damaged the request: the second time it is believed.
                    if answer.status == refused or failures == self.patience.tries:
                        raise Refused(answer.status, _problem(answer))
                    refused = answer.status
                    wait_s = 0.0
                wait_s = min(wait_s, _MAX_RETRY_AFTER_S)
                reason = f"the server answered {answer.status}"
            except (OSError, http.client.HTTPException, Garbled) as error:
                refused = None
                reason = str(error) or type(error).__name__
            if failures < self.patience.tries:
                self.patience.pause(failures, wait_s)
        raise LinkDown(f"{method} {path.partition('?')[0]}", reason)

    def ask_once(
        self,
        method: str,
        path: str,
        understand: Callable[[Answer], T],
        *,
        body: bytes,
        headers: Mapping[str, str],
    ) -> T:
        """`ask` for what must not be repeated as it is: one try. Raises Refused, LinkDown."""
        try:
            answer = self.transport(method, path, self._headers(headers), body)
            if answer.status < 400:
                return understand(answer)
        except (OSError, http.client.HTTPException, Garbled) as error:
            raise LinkDown(method, str(error) or type(error).__name__) from error
        if answer.status in _LATER and not _is_over(answer, _retry_after(answer)):
            raise LinkDown(method, f"the server answered {answer.status}")
        raise Refused(answer.status, _problem(answer))

    def _headers(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        token = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {**(headers or {}), **token}


def _check_digest(answer: Answer) -> None:
    """A server that says the hash of its answer (RFC 9530) is held to it."""
    said = answer.headers.get("content-digest", "")
    if said.startswith("sha-256=:"):
        wanted = said.removeprefix("sha-256=:").partition(":")[0]
        if base64.b64encode(hashlib.sha256(answer.body).digest()).decode() != wanted:
            raise Garbled("The answer was damaged on its way.")


def _problem(answer: Answer) -> dict[str, Any]:
    try:
        return answer.json()
    except Garbled:
        return {}


def _retry_after(answer: Answer) -> float:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else 0.0


def _is_over(answer: Answer, wait_s: float) -> bool:
    """Whether something is used up for hours: nobody waits for that in one sync."""
    return answer.status == 429 and wait_s > _MAX_RETRY_AFTER_S
