"""A keep-alive HTTP client and the figures of many calls."""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from bench.cpu import cpu_seconds


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run of `operations` operations cost. Times in milliseconds a call."""

    operations: int
    seconds: float
    cpu_s: float
    postgres_s: float
    p50_ms: float
    p95_ms: float

    @property
    def per_second(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds

    @property
    def cpu_s_per_1000(self) -> float:
        """CPU seconds of the server and PostgreSQL for 1,000 operations."""
        return 1000 * self.cpu_s / self.operations


class Caller:
    """One connection to the server; answers must have the status that is expected."""

    def __init__(self, address: str, headers: dict[str, str], status: int = 200) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=60)
        self._headers = headers
        self._status = status

    def __call__(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The answer's body. Raises RuntimeError for any other status."""
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != self._status:
            raise RuntimeError(f"{method} {path[:80]} answered {answer.status}: {data[:300]!r}")
        return data


def measure(
    work: Sequence[Any],
    make: Callable[[], Callable[[Any], None]],
    *,
    each: int,
    threads: int,
    server: int | None,
    postgres: int,
) -> Figures:
    """Do `work` with as many callers as `threads`; each piece counts as `each` operations.

    `make` gives every thread its own function; CPU is that of the process trees of
    `server`, if there is one, and `postgres`.
    """
    times: list[float] = []

    def run(share: Sequence[Any]) -> None:
        call = make()
        for piece in share:
            began = time.perf_counter()
            call(piece)
            times.append(time.perf_counter() - began)

    roots = (postgres,) if server is None else (server, postgres)
    cpu, cpu_postgres, began = cpu_seconds(*roots), cpu_seconds(postgres), time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, [work[n::threads] for n in range(threads)]))
    seconds = time.perf_counter() - began
    cuts = quantiles(times, n=20)
    return Figures(
        len(work) * each,
        seconds,
        cpu_seconds(*roots) - cpu,
        cpu_seconds(postgres) - cpu_postgres,
        1000 * cuts[9],
        1000 * cuts[18],
    )
