"""tuspy, the Python client, against the running server (docs/tus.md)."""

import hashlib
import io
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed
from tusclient.uploader import Uploader

from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tus import photo
from tests.journeys.server import Server


@pytest.fixture
def client(server: Server, world: World) -> TusClient:
    headers = {"Authorization": f"Bearer {world.devices['near'][1]}"}
    return TusClient(f"{server.base_url}/api/v1/uploads", headers=headers)


@pytest.fixture(scope="module")
def bucket(settings: Settings) -> PhotoStore:
    """What lies in the bucket."""
    return PhotoStore(settings.s3)


def uploader(
    client: TusClient, data: bytes, kind: type[Uploader] = Uploader, **members: Any
) -> Any:
    sha256 = hashlib.sha256(data).hexdigest()
    told = {"metadata": {"sha256": sha256, "content_type": "image/jpeg"}} | members
    return kind(client=client, file_stream=io.BytesIO(data), **told)


def stored(bucket: PhotoStore, data: bytes) -> bool:
    digest = hashlib.sha256(data).digest()
    return bucket.stored_sha256(digest) == digest


class WithSha256(Uploader):
    """Checks its parts with SHA-256."""

    CHECKSUM_ALGORITHM_PAIR = ("sha256", hashlib.sha256)


class Damaging(Uploader):
    """Tells digests that its parts do not have, as if they were damaged on the way."""

    CHECKSUM_ALGORITHM_PAIR = ("sha256", lambda part: hashlib.sha256(part + b"damage"))


def test_in_one_patch(client: TusClient, bucket: PhotoStore) -> None:
    data = photo("py one", 300_000)
    uploader(client, data).upload()
    assert stored(bucket, data)


@pytest.mark.parametrize("kind", [Uploader, WithSha256], ids=["sha1", "sha256"])
def test_in_chunks_with_checksums(
    client: TusClient, bucket: PhotoStore, kind: type[Uploader]
) -> None:
    data = photo(f"py checked {kind.__name__}", 1_000_000)
    sending = uploader(client, data, kind, chunk_size=256_000, upload_checksum=True)
    offsets = []
    while sending.offset < len(data):
        sending.upload_chunk()
        offsets.append(sending.offset)
    assert offsets == [256_000, 512_000, 768_000, 1_000_000]
    assert stored(bucket, data)


def test_a_part_that_was_damaged_is_thrown_away(client: TusClient, bucket: PhotoStore) -> None:
    data = photo("py damaged", 600_000)
    first = uploader(client, data, chunk_size=256_000, upload_checksum=True)
    first.upload_chunk()
    broken = uploader(client, data, Damaging, url=first.url, upload_checksum=True)
    with pytest.raises(TusUploadFailed) as raised:
        broken.upload()
    assert raised.value.status_code == 460
    assert first.get_offset() == 256_000
    first.upload()
    assert stored(bucket, data)


def test_an_empty_file(client: TusClient) -> None:
    sending = uploader(client, b"")
    sending.upload()
    assert sending.get_offset() == 0


def test_another_client_goes_on_where_the_first_stopped(
    client: TusClient, bucket: PhotoStore
) -> None:
    data = photo("py resumed", 1_000_000)
    first = uploader(client, data, chunk_size=256_000)
    first.upload(stop_at=512_000)
    second = uploader(client, data, url=first.url)
    assert second.offset == 512_000
    second.upload()
    assert stored(bucket, data)


def test_what_is_here_already_is_not_sent_again(client: TusClient) -> None:
    data = photo("py again", 300_000)
    uploader(client, data).upload()
    again = uploader(client, data, retries=1, retry_delay=0)
    again.upload()
    assert again.get_offset() == len(data)


def test_twelve_megabytes(client: TusClient, bucket: PhotoStore) -> None:
    data = photo("py large", 12_000_000)
    uploader(client, data, chunk_size=4_000_000, upload_checksum=True).upload()
    assert stored(bucket, data)
