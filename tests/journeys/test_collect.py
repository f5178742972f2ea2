"""ODK Collect against the shipped server: cut lines, killed workers, a hundred megabytes."""

import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.collecting import BOUNDARY, CONTENT_TYPE, Filled, form_body, jpeg, key_of, ramp
from tests.journeys.collect import Upload
from tests.journeys.cutting import CuttingLink
from tests.journeys.server import Server

PHOTOS = 12
SIZE = 300_000
MEGABYTE = 1024 * 1024
MOST_GROWTH = 48 * MEGABYTE


@pytest.fixture(scope="module")
def server(settings: Settings, world: World, tmp_path_factory: Any) -> Iterator[Server]:
    running = Server(settings, tmp_path_factory.mktemp("collect") / "web.log", workers=1)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def key(database: Database, world: World) -> str:
    return key_of(database, world)


def form_with_photos(
    world: World, seed: int, number: int = PHOTOS
) -> tuple[Filled, list[tuple[str, bytes]]]:
    """A form that names that many photos, and they."""
    files = [(f"{seed}-{n}.jpg", jpeg(seed * 100 + n, SIZE)) for n in range(number)]
    return Filled(ramp(world), more=[name for name, _ in files]), files


def counts(database: Database, filled: Filled) -> tuple[int, ...]:
    """Instances, inspections, revisions, announced photos of the newest, photos, files, awaited."""
    asked = text("""
        with i as (select * from openrosa_instance where instance_id = :id),
            v as (select v.* from inspection v join i on i.inspection_id = v.id)
        select (select count(*) from i), (select count(distinct id) from v),
            (select count(*) from announced_photo a join v on v.id = a.inspection_id
                and v.rev = a.rev and v.is_current),
            (select count(distinct p.sha256) from photo p
                join openrosa_file f on f.sha256 = p.sha256 join i on i.op = f.op),
            (select count(*) from openrosa_file f join i on i.op = f.op),
            (select count(*) from awaited_photo a join v on v.id = a.inspection_id
                and v.rev = a.rev and v.is_current)
    """)
    with database.reading() as session:
        return tuple(session.execute(asked, {"id": filled.instance}).one())


DONE = (1, 1, PHOTOS, PHOTOS, PHOTOS, 0)


def test_twelve_photos_over_a_line_cut_after_the_fifth(
    server: Server, world: World, database: Database, key: str
) -> None:
    filled, files = form_with_photos(world, 1)
    xml = filled.xml()
    address = urlsplit(server.base_url)
    link = CuttingLink(str(address.hostname), int(address.port or 0))
    with link.running():
        upload = Upload(f"{link.base_url}{key}", xml, files)
        posts = list(upload.bodies(upload.accepted()))
        link.settled()
        assert [post.count(b"\xff\xd8\xff\xe0") for post in posts] == [3, 3, 3, 3]
        assert [b"*isIncomplete*" in post for post in posts] == [True, True, True, False]
        # The second POST has photos four to six: its line breaks in the sixth.
        allowed = iter((None, None, len(xml) + 2 * SIZE + 100_000))

        def cut_in_time() -> Iterator[None]:
            for limit in allowed:
                link.request_bytes = limit
                yield

        steps = cut_in_time()
        connect = upload._connect

        def connecting() -> http.client.HTTPConnection:
            link.settled()
            next(steps)
            return connect()

        upload._connect = connecting  # type: ignore[method-assign]
        with pytest.raises(OSError, match=r"."):
            upload.run()
        link.settled()
        assert [status for status, _ in upload.answers] == [201]
        until = time.monotonic() + 20
        while counts(database, filled)[4] < 5 and time.monotonic() < until:
            time.sleep(0.1)
        # What came whole before the line broke is kept.
        assert counts(database, filled) == (1, 1, 5, 5, 5, PHOTOS - 5)
    again = Upload(f"{server.base_url}{key}", xml, files)
    assert again.run()
    assert [status for status, _ in again.answers] == [202, 201, 201, 201]
    assert counts(database, filled) == DONE
    once_more = Upload(f"{server.base_url}{key}", xml, files)
    assert once_more.run()
    assert [status for status, _ in once_more.answers] == [202] * 4
    assert counts(database, filled) == DONE


@pytest.mark.parametrize("delay_s", [0.02, 0.1, 0.25, 0.5])
def test_a_worker_killed_meanwhile_leaves_nothing_half(
    server: Server, world: World, database: Database, key: str, delay_s: float
) -> None:
    filled, files = form_with_photos(world, 10 + int(delay_s * 100))
    xml = filled.xml()
    first = Upload(f"{server.base_url}{key}", xml, files)

    def try_once() -> None:
        try:
            first.run()
        except OSError:
            return

    thread = threading.Thread(target=try_once)
    thread.start()
    time.sleep(delay_s)
    server.kill_workers()
    thread.join(60)
    server.wait_ready()
    again = Upload(f"{server.base_url}{key}", xml, files)
    assert again.run()
    assert counts(database, filled) == DONE


def test_memory_stays_flat_under_a_hundred_megabytes(
    server: Server, world: World, database: Database, key: str
) -> None:
    names = [f"40-{n}.jpg" for n in range(5)]
    filled = Filled(ramp(world), more=names)
    xml = filled.xml()
    [worker] = server.workers()
    # Once beforehand, so that what is loaded at the first time does not count.
    small = Upload(f"{server.base_url}{key}", Filled(ramp(world)).xml(), [])
    assert small.run()
    before = memory(worker, "VmRSS")
    Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak begins anew
    pieces, size = hundred_megabytes(xml, names)
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=120)
    head = {"Content-Type": CONTENT_TYPE, "Content-Length": str(size)}
    connection.request("POST", f"{key}/submission", pieces, head)
    answer = connection.getresponse()
    assert (answer.status, size > 100 * MEGABYTE) == (201, True), answer.read()
    connection.close()
    assert memory(worker, "VmHWM") - before < MOST_GROWTH
    assert counts(database, filled) == (1, 1, 5, 5, 5, 0)


def hundred_megabytes(xml: bytes, names: list[str]) -> tuple[Iterator[bytes], int]:
    """A form with five files of 20 MiB each, piece by piece, and its size."""
    form = form_body(xml, [(name, b"@") for name in names])
    parts = form.split(b"\r\n\r\n@\r\n")
    size = len(form) + len(names) * (20 * MEGABYTE - 1)

    def pieces() -> Iterator[bytes]:
        for n, part in enumerate(parts):
            yield part
            if n < len(names):
                yield b"\r\n\r\n"
                block = jpeg(4_000 + n, MEGABYTE)
                for _ in range(20):
                    yield block
                yield b"\r\n"

    assert form.endswith(f"--{BOUNDARY}--\r\n".encode())
    return pieces(), size


def memory(pid: int, what: str) -> int:
    """Bytes of a process: `VmRSS` now, `VmHWM` at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(what)
