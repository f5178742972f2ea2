"""A TCP proxy that behaves like a bad link: it cuts, stalls, crawls and flips bits, by seed."""

import asyncio
import contextlib
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_CHUNK = 16_384
SLOW_BYTES_PER_S = 5_000


class Fault(StrEnum):
    """What can happen to one connection."""

    CUT_UP = "cut while sending"
    CUT_DOWN = "cut while answering"
    STALL = "stall"
    SLOW = "5 kB/s"
    FLIP_UP = "bit flipped while sending"
    FLIP_DOWN = "bit flipped while answering"


CUTS = (Fault.CUT_UP, Fault.CUT_DOWN)
FLIPS = (Fault.FLIP_UP, Fault.FLIP_DOWN)
UP, DOWN = "up", "down"
_SIDE = {
    Fault.CUT_UP: UP, Fault.CUT_DOWN: DOWN, Fault.FLIP_UP: UP, Fault.FLIP_DOWN: DOWN,
}  # fmt: skip
_MOST_BYTES = {UP: 60_000, DOWN: 4_000}


class Mode(StrEnum):
    """What a link does with every connection, whatever its plan."""

    OPEN = "open"
    CLOSED = "closed"
    ERROR_500 = "500"
    ERROR_503 = "503"


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one connection: where in the stream (bytes), for how long, which bit."""

    fault: Fault | None = None
    side: str = UP
    offset: int = 0
    seconds: float = 0.0
    bit: int = 0


def draw_plan(rng: random.Random, shares: Mapping[Fault, float]) -> Plan:
    """One connection's plan; `shares` are the probabilities of the faults."""
    dice = rng.random()
    for fault, share in shares.items():
        dice -= share
        if dice < 0:
            side = _SIDE.get(fault) or rng.choice((UP, DOWN))
            # As many faults among the first ten bytes as among the next hundred or thousand.
            offset = int(_MOST_BYTES[side] ** rng.random())
            return Plan(fault, side, offset, rng.uniform(0.5, 4.0), rng.randrange(8))
    return Plan()


@dataclass
class Link:
    """One listener and where it leads. `happened`: each fault that struck, with its time."""

    name: str
    target: int
    shares: Mapping[Fault, float]
    seed: str
    mode: Mode = Mode.OPEN
    port: int = 0
    connections: int = 0
    happened: list[tuple[float, Fault]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: list[tuple[float, int, bytes]] = field(default_factory=list)
    """Answers of 500 and more: when, which, and how they began."""

    def plan(self) -> Plan:
        """The next connection's plan."""
        self.connections += 1
        rng = random.Random(f"{self.seed}/{self.name}/{self.connections}")  # noqa: S311
        return draw_plan(rng, self.shares)

    def note(self, fault: Fault) -> None:
        """A fault has struck."""
        self.happened.append((time.time(), fault))

    def watch(self, data: bytes) -> None:
        """Count the answers that begin in what the server sent."""
        for match in _STATUS.finditer(data):
            status = int(match[1])
            self.statuses[status] += 1
            if status >= 500:
                told = data[match.start() : match.start() + 1200]
                self.errors.append((time.time(), status, told))


class _Cut(Exception):
    """The link is gone."""


class _Stream:
    """One direction of one connection."""

    def __init__(self, link: Link, plan: Plan, side: str) -> None:
        self._link = link
        self._plan = plan
        self._side = side
        self._passed = 0

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on until the end; raises _Cut where the plan says so."""
        while data := await reader.read(_CHUNK):
            if self._side == DOWN:
                self._link.watch(data)
            for piece in await self._spoil(data):
                writer.write(piece)
                await writer.drain()
                if self._plan.fault is Fault.SLOW and self._link.shares:
                    await asyncio.sleep(len(piece) / SLOW_BYTES_PER_S)
            if self._reached(0):
                raise _Cut
        with contextlib.suppress(OSError):
            writer.write_eof()

    def _reached(self, coming: int) -> bool:
        plan = self._plan
        return (
            plan.fault in CUTS and plan.side == self._side and self._passed + coming >= plan.offset
        )

    async def _spoil(self, data: bytes) -> list[bytes]:
        """What becomes of a chunk; what is cut away does not come out."""
        plan = self._plan
        at = plan.offset - self._passed
        here = plan.side == self._side and 0 <= at < len(data)
        if here and plan.fault in CUTS:
            self._link.note(plan.fault)
            data = data[:at]
        elif here and plan.fault in FLIPS:
            self._link.note(plan.fault)
            data = data[:at] + bytes([data[at] ^ (1 << plan.bit)]) + data[at + 1 :]
        elif here and plan.fault is Fault.STALL:
            self._link.note(plan.fault)
            await asyncio.sleep(plan.seconds)
        elif plan.fault is Fault.SLOW:
            if not self._passed:
                self._link.note(plan.fault)
            self._passed += len(data)
            return [data[n : n + 1000] for n in range(0, len(data), 1000)]
        self._passed += len(data)
        return [data] if data else []


class Proxy:
    """All links of a run, in a thread of their own."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._listening: list[asyncio.Server] = []
        # The loop itself holds its tasks only weakly: without this some vanish in mid-stream.
        self._serving: dict[asyncio.Future[None], Link] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def open(self, link: Link) -> Link:
        """Listen on a free port for a link; the link then knows its port."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served = asyncio.ensure_future(_serve(link, reader, writer))
            self._serving[served] = link
            served.add_done_callback(self._serving.pop)

        async def listen() -> int:
            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            self._listening.append(server)
            return int(server.sockets[0].getsockname()[1])

        link.port = self._run(listen())
        self.links.append(link)
        return link

    def take_away(self, link: Link, mode: Mode) -> None:
        """From now on nobody gets through; connections that were kept open are cut."""

        async def take() -> int:
            link.mode = mode
            cut = [served for served, of in self._serving.items() if of is link]
            for served in cut:
                served.cancel()
            return len(cut)

        self._run(take())

    def calm(self) -> None:
        """From now on every new connection is a good one, and nothing crawls."""
        for link in self.links:
            link.shares = {}
            link.mode = Mode.OPEN

    def counted(self, *faults: Fault, of: Callable[[Link], bool] = lambda _: True) -> int:
        """How many of these faults have struck."""
        return sum(fault in faults for link in self.links if of(link) for _, fault in link.happened)

    async def _hang_up(self) -> None:
        """End all connections that are still open, and take no more."""
        for server in self._listening:
            server.close()
        for served in self._serving:
            served.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _serve(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    plan = link.plan()
    writers = [writer]
    try:
        if link.mode is not Mode.OPEN:
            await _turn_away(link.mode, reader, writer)
            return
        onward, back = await asyncio.open_connection("127.0.0.1", link.target)
        back.transport.set_write_buffer_limits(high=_CHUNK)
        writers.append(back)
        ways = [
            asyncio.ensure_future(_Stream(link, plan, UP).pump(reader, back)),
            asyncio.ensure_future(_Stream(link, plan, DOWN).pump(onward, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for way in ways:
                way.cancel()
            ended = await asyncio.gather(*ways, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
    except (OSError, _Cut, EOFError, asyncio.CancelledError):
        # As a link dies: no farewell, and what was on its way is gone.
        for one in writers:
            one.transport.abort()
    finally:
        for one in writers:
            one.close()


async def _turn_away(
    mode: Mode, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if mode is Mode.CLOSED:
        raise _Cut
    await reader.read(_CHUNK)
    body = b"<Error><Code>SlowDown</Code></Error>"
    head = f"HTTP/1.1 {mode.value} Unwell\r\nContent-Type: application/xml\r\n"
    tail = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write((head + tail).encode() + body)
    await writer.drain()
