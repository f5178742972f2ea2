"""Uploads over lines that break: what came is kept, and nothing else."""

import hashlib
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tus import photo
from tests.journeys.server import Server
from tests.journeys.tus_wire import Wire, read_answer


@pytest.fixture(scope="module")
def wire(server: Server, world: World) -> Wire:
    """The near tablet's line to the running server."""
    return Wire(server.base_url, world.devices["near"][1])


@pytest.fixture(scope="module")
def bucket(settings: Settings) -> PhotoStore:
    """What lies in the bucket."""
    return PhotoStore(settings.s3)


def stored(bucket: PhotoStore, data: bytes) -> bytes:
    """The original with the hash of these bytes, as it lies in the bucket."""
    return b"".join(bucket.read(hashlib.sha256(data).digest()))


def test_cut_at_every_byte_the_offset_is_what_came(wire: Wire, bucket: PhotoStore) -> None:
    size = 4096

    def cut_at(sent: int) -> bytes:
        data = photo(f"cut at {sent}", size)
        path = wire.begin(data)
        wire.cut_patch(path, 0, data, sent)
        assert wire.offset(path) == sent
        status, answer = wire.patch(path, sent, data[sent:])
        assert (status, answer["upload-offset"]) == (204, str(size))
        return data

    with ThreadPoolExecutor(8) as pool:
        for data in pool.map(cut_at, range(size)):
            assert stored(bucket, data) == data


def test_five_hundred_random_cuts_of_larger_files(wire: Wire, bucket: PhotoStore) -> None:
    chance = random.Random(20211128)  # noqa: S311 - where a line breaks is no secret
    plans = [(n, [chance.random() for _ in range(10)]) for n in range(50)]

    def cut_often(plan: tuple[int, list[float]]) -> bytes:
        number, cuts = plan
        data = photo(f"random {number}", 200_000 + number * 7_001)
        path = wire.begin(data)
        offset = 0
        for cut in cuts:
            sent = int((len(data) - offset) * cut * 0.5)
            wire.cut_patch(path, offset, data, sent)
            offset += sent
            assert wire.offset(path) == offset
        assert wire.patch(path, offset, data[offset:])[0] == 204
        return data

    with ThreadPoolExecutor(8) as pool:
        for data in pool.map(cut_often, plans):
            assert stored(bucket, data) == data


def test_head_answers_while_a_patch_hangs_and_the_zombie_writes_no_more(
    wire: Wire, bucket: PhotoStore
) -> None:
    data = photo("zombie", 50_000)
    path = wire.begin(data)
    with closing(wire.connect()) as zombie:
        zombie.sendall(wire.patch_head(path, 0, len(data)) + data[:20_000])
        time.sleep(0.2)
        began = time.monotonic()
        offset = wire.offset(path)
        assert time.monotonic() - began < 0.5
        assert wire.patch(path, offset, data[offset:])[0] == 204
        # Radio silence ends: the rest of the old request arrives, and other bytes than the file's.
        zombie.sendall(b"\0" * (len(data) - 20_000))
        status, _ = read_answer(zombie)
        assert status == 409
    assert wire.offset(path) == len(data)
    assert stored(bucket, data) == data


def test_what_came_before_a_silence_is_kept_while_the_line_still_hangs(wire: Wire) -> None:
    data = photo("silence", 400_000)
    path = wire.begin(data)
    with closing(wire.connect()) as silent:
        silent.sendall(wire.patch_head(path, 0, len(data)) + data[:300_000])
        time.sleep(3.5)
        # Up to 1,023 bytes stay with the web server until the line ends.
        assert 300_000 - 1023 <= wire.offset(path) <= 300_000


def test_two_clients_at_one_upload_both_end_with_the_right_content(
    wire: Wire, bucket: PhotoStore
) -> None:
    data = photo("two clients", 300_000)
    path = wire.begin(data)

    def insist(step: int) -> int:
        tries = 0
        while (offset := wire.offset(path)) < len(data):
            status, _ = wire.patch(path, offset, data[offset : offset + step])
            assert status in (204, 409)
            tries += 1
        return tries

    with ThreadPoolExecutor(2) as pool:
        assert min(pool.map(insist, (30_000, 47_000))) >= 0
    assert stored(bucket, data) == data


def test_a_line_that_is_reset_keeps_what_had_reached_the_server(wire: Wire) -> None:
    data = photo("reset", 100_000)
    path = wire.begin(data)
    line = wire.connect()
    line.sendall(wire.patch_head(path, 0, len(data)) + data[:60_000])
    time.sleep(2.5)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.close()
    assert 60_000 - 1023 <= wire.offset(path) <= 60_000
