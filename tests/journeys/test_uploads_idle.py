"""A tablet that says nothing more: what came is kept, and the line is given free."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from select import select

import pytest

from audit_api.settings import Settings
from tests.factories import World
from tests.http.tus import photo
from tests.journeys.server import Server
from tests.journeys.tus_wire import Wire, read_answer


@pytest.fixture(scope="module")
def wire(
    settings: Settings, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wire]:
    """The near tablet's line to a server without patience."""
    log = tmp_path_factory.mktemp("web") / "web.log"
    running = Server(settings, log, workers=1, app="tests.journeys.impatient:app")
    yield Wire(running.base_url, world.devices["near"][1])
    running.stop()


def test_a_silent_line_is_closed_and_what_came_is_kept(wire: Wire) -> None:
    data = photo("silent", 50_000)
    path = wire.begin(data)
    with closing(wire.connect()) as line:
        line.sendall(wire.patch_head(path, 0, len(data)) + data[:20_000])
        began = time.monotonic()
        status, told = read_answer(line)
        assert time.monotonic() - began < 6
        assert (status, told["upload-offset"]) == (204, "20000")
        assert line.recv(1) == b""
    assert wire.offset(path) == 20_000
    assert wire.patch(path, 20_000, data[20_000:])[0] == 204


def test_a_line_of_rare_drops_gets_on(wire: Wire) -> None:
    data = photo("drops", 5_000)
    path = wire.begin(data)
    with closing(wire.connect()) as line:
        line.sendall(wire.patch_head(path, 0, len(data)))
        sent = 0
        # Less than the web server gives out at once: nothing is heard of it but at the end.
        while not select([line], [], [], 1.3)[0]:
            line.sendall(data[sent : sent + 5])
            sent += 5
            assert sent < 50
        status, told = read_answer(line)
    assert status == 204
    assert max(sent - 5, 1) <= int(told["upload-offset"]) <= sent


def test_of_a_slow_line_that_never_pauses_all_but_seconds_is_kept(wire: Wire) -> None:
    data = photo("5 kB a second", 100_000)
    path = wire.begin(data)
    with closing(wire.connect()) as line:
        line.sendall(wire.patch_head(path, 0, len(data)))
        for sent in range(0, 45_000, 1_500):
            line.sendall(data[sent : sent + 1_500])
            time.sleep(0.3)
        # As if the worker were killed now: the last 5 seconds, and what one piece takes.
        assert wire.offset(path) >= 45_000 - 7 * 5_000


def test_a_slow_line_is_not_a_silent_one(wire: Wire) -> None:
    data = photo("slow", 12_000)
    path = wire.begin(data)
    with closing(wire.connect()) as line:
        line.sendall(wire.patch_head(path, 0, len(data)))
        # Slower than any patience if it were counted from the beginning.
        for begin in range(0, len(data), 2_000):
            line.sendall(data[begin : begin + 2_000])
            time.sleep(0.7)
        status, told = read_answer(line)
    assert (status, told["upload-offset"]) == (204, "12000")


def test_a_refusal_comes_before_the_body(wire: Wire) -> None:
    data = photo("refused early", 50_000)
    path = wire.begin(data)
    with closing(wire.connect(timeout=5)) as line:
        line.sendall(wire.patch_head(path, 1, len(data), Expect="100-continue"))
        said = b""
        while said.count(b"HTTP/1.1") < 2:
            said += line.recv(65536)
        assert re.findall(rb"HTTP/1.1 (\d{3})", said) == [b"100", b"409"]
    with closing(wire.connect(timeout=5)) as line:
        line.sendall(wire.patch_head(path, 0, len(data), Expect="100-continue"))
        assert read_answer(line)[0] == 100
        line.sendall(data)
        assert read_answer(line)[0] == 204
    assert wire.offset(path) == len(data)
