"""tus-js-client, as in browsers and apps, against the running server (docs/tus.md)."""

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tus import photo
from tests.journeys.cutting import CuttingLink
from tests.journeys.server import Server
from tests.npm_packages import NODE, installed

HERE = Path(__file__).parent / "node"


class JavaScript:
    """tus-js-client in a process of its own for each call."""

    def __init__(self, base_url: str, token: str, folder: Path, packages: Path) -> None:
        self.base_url, self.token, self.folder, self.packages = base_url, token, folder, packages

    def plan(self, data: bytes, *, kind: str = "image/jpeg", **members: Any) -> dict[str, Any]:
        """One upload of a plan."""
        sha256 = hashlib.sha256(data).hexdigest()
        file = self.folder / sha256
        if not file.exists():
            file.write_bytes(data)
        metadata = {"sha256": sha256, "content_type": kind, "filename": "рампа.jpg"}
        return {"file": str(file), "metadata": metadata, "options": {}} | members

    def run(self, *uploads: dict[str, Any], **members: Any) -> list[dict[str, Any]]:
        """What became of each upload."""
        assert NODE is not None
        plan = {
            "endpoint": f"{self.base_url}/api/v1/uploads",
            "token": self.token,
            "uploads": uploads,
        }
        done = subprocess.run(
            [NODE, str(HERE / "tus_client.mjs"), str(self.packages)],
            input=json.dumps(plan | members),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: list[dict[str, Any]] = json.loads(done.stdout)
        return told

    def send(self, data: bytes, **options: Any) -> list[str]:
        """Upload a file to its end; the requests, with their statuses."""
        [told] = self.run(self.plan(data, options=options))
        assert told["error"] is None, told
        requests: list[str] = told["requests"]
        return requests


@pytest.fixture
def client(server: Server, world: World, tmp_path: Path) -> JavaScript:
    return JavaScript(server.base_url, world.devices["near"][1], tmp_path, installed(HERE))


@pytest.fixture
def cut_client(server: Server, world: World, tmp_path: Path, link: CuttingLink) -> JavaScript:
    return JavaScript(link.base_url, world.devices["near"][1], tmp_path, installed(HERE))


@pytest.fixture
def link(server: Server) -> Iterator[CuttingLink]:
    """A link that breaks after 150 kB of every connection."""
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    made = CuttingLink(host, int(port))
    made.request_bytes = 150_000
    with made.running():
        yield made


@pytest.fixture(scope="module")
def bucket(settings: Settings) -> PhotoStore:
    """What lies in the bucket."""
    return PhotoStore(settings.s3)


def stored(bucket: PhotoStore, data: bytes) -> bool:
    """Whether the original with the hash of these bytes is in the bucket, and hashes to it."""
    digest = hashlib.sha256(data).digest()
    return bucket.stored_sha256(digest) == digest


def test_in_one_patch(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js one", 300_000)
    assert client.send(data) == ["POST 201", "PATCH 204"]
    assert stored(bucket, data)


def test_in_chunks_of_256_kb(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js chunks", 1_000_000)
    assert client.send(data, chunkSize=256_000) == ["POST 201", *["PATCH 204"] * 4]
    assert stored(bucket, data)


def test_created_with_the_whole(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js along", 300_000)
    assert client.send(data, uploadDataDuringCreation=True) == ["POST 201"]
    assert stored(bucket, data)


def test_created_with_the_first_chunk(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js first chunk", 700_000)
    requests = client.send(data, uploadDataDuringCreation=True, chunkSize=256_000)
    assert requests == ["POST 201", "PATCH 204", "PATCH 204"]
    assert stored(bucket, data)


def test_a_length_told_at_the_end(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js deferred", 700_000)
    options = {"chunkSize": 256_000, "uploadLengthDeferred": True}
    [told] = client.run(client.plan(data, stream=True, options=options))
    assert told["error"] is None, told
    assert told["requests"] == ["POST 201", *["PATCH 204"] * 3]
    assert stored(bucket, data)


def test_an_empty_file(client: JavaScript) -> None:
    assert client.send(b"") == ["POST 201"]


def test_twelve_megabytes(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js large", 12_000_000)
    assert client.send(data) == ["POST 201", "PATCH 204"]
    assert stored(bucket, data)


def test_where_a_proxy_knows_no_patch(client: JavaScript, bucket: PhotoStore) -> None:
    data = photo("js override", 300_000)
    assert client.send(data, overridePatchMethod=True) == ["POST 201", "POST 204"]
    assert stored(bucket, data)


def test_what_is_here_already_ends_at_its_creation(client: JavaScript) -> None:
    data = photo("js again", 5_000_000)
    client.send(data)
    assert client.send(data, uploadDataDuringCreation=True) == ["POST 201"]


def test_a_client_that_begins_at_0_although_all_is_here_is_put_right(client: JavaScript) -> None:
    data = photo("js again from 0", 300_000)
    client.send(data)
    # Refused before the bytes have come, which a slow line is glad of; a client that is sending
    # still may see the line closed and not the answer, and asks where the upload stands either way.
    assert client.send(data) in (["POST 201", "PATCH 409", "HEAD 200"], ["POST 201", "HEAD 200"])


@pytest.mark.parametrize("reset", [False, True], ids=["ended", "reset"])
@pytest.mark.parametrize("chunk", [None, 256_000], ids=["one PATCH", "chunks"])
def test_over_a_link_that_breaks_every_150_kb(
    cut_client: JavaScript, link: CuttingLink, bucket: PhotoStore, chunk: int | None, reset: bool
) -> None:
    link.reset = reset
    data = photo(f"js cut {chunk} {reset}", 1_000_000)
    options = {} if chunk is None else {"chunkSize": chunk}
    requests = cut_client.send(data, **options)
    assert Counter(requests)["HEAD 200"] >= 6
    assert {request.split()[1] for request in requests} <= {"200", "201", "204"}
    assert stored(bucket, data)


def test_a_length_told_at_the_end_over_a_link_that_breaks(
    cut_client: JavaScript, bucket: PhotoStore
) -> None:
    data = photo("js cut stream", 600_000)
    options = {"chunkSize": 256_000, "uploadLengthDeferred": True}
    [told] = cut_client.run(cut_client.plan(data, stream=True, options=options))
    assert told["error"] is None, told
    assert "HEAD 200" in told["requests"]
    assert stored(bucket, data)


def test_a_new_process_goes_on_where_the_old_one_ended(
    client: JavaScript, bucket: PhotoStore, tmp_path: Path
) -> None:
    data = photo("js resumed", 1_000_000)
    storage = str(tmp_path / "urls.json")
    plan = client.plan(data, options={"chunkSize": 256_000})
    [first] = client.run(plan | {"stopAt": 500_000}, storage=storage)
    assert first["stopped"]
    [second] = client.run(plan, storage=storage)
    assert (second["resumed"], second["error"]) == (True, None)
    assert second["url"] == first["url"]
    assert second["requests"] == ["HEAD 200", "PATCH 204", "PATCH 204"]
    assert stored(bucket, data)


def test_a_new_process_begins_again_when_the_upload_was_given_up(
    client: JavaScript, bucket: PhotoStore, tmp_path: Path
) -> None:
    data = photo("js begun again", 600_000)
    storage = str(tmp_path / "urls.json")
    plan = client.plan(data, options={"chunkSize": 256_000})
    [first] = client.run(plan | {"stopAt": 256_000}, storage=storage)
    file = Path(storage)
    missing = "00000000-0000-4000-8000-000000000000"
    file.write_text(file.read_text().replace(first["url"].rpartition("/")[2], missing))
    [second] = client.run(plan, storage=storage)
    assert second["requests"] == ["HEAD 404", "POST 201", *["PATCH 204"] * 3]
    assert stored(bucket, data)


def test_eight_photos_at_once(client: JavaScript, bucket: PhotoStore) -> None:
    photos = [photo(f"js eight {n}", 300_000 + n) for n in range(8)]
    plans = [client.plan(data, options={"chunkSize": 256_000}) for data in photos]
    assert [told["error"] for told in client.run(*plans)] == [None] * 8
    assert all(stored(bucket, data) for data in photos)


def test_a_file_that_is_not_what_was_declared_is_an_error_to_the_client(
    client: JavaScript, bucket: PhotoStore
) -> None:
    data, declared = photo("js wrong", 300_000), photo("js declared", 300_000)
    plan = client.plan(data)
    plan["metadata"]["sha256"] = hashlib.sha256(declared).hexdigest()
    [told] = client.run(plan)
    assert told["requests"] == ["POST 201", "PATCH 460"]
    assert "checksum-mismatch" in told["error"]
    assert not stored(bucket, data)
