"""What the running services promise: durable, UTF-8, closed to strangers, hashes verified."""

import io
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from uuid import uuid4

import boto3
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from audit_api.embedded import EmbeddedError, EmbeddedServices
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.embedded.keeping import connect


@pytest.fixture(scope="module")
def store(services: EmbeddedServices) -> PhotoStore:
    return PhotoStore(services.s3)


@pytest.fixture
def client(services: EmbeddedServices) -> Iterator[Any]:
    """An S3 client that adds nothing of its own."""
    made = boto3.client(
        "s3",
        endpoint_url=services.s3.endpoint_url,
        region_name=services.s3.region,
        aws_access_key_id=services.s3.access_key,
        aws_secret_access_key=services.s3.secret_key,
        config=Config(
            retries={"max_attempts": 1},
            request_checksum_calculation="when_required",
            s3={"addressing_style": "path"},
        ),
    )
    yield made
    made.close()


def status_of(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def put(store: PhotoStore, body: bytes) -> bool:
    return store.put(
        sha256(body).digest(), io.BytesIO(body), size=len(body), content_type="image/jpeg"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ],
)
def test_the_database_is_set_up_to_be_trusted(
    services: EmbeddedServices, name: str, value: str
) -> None:
    with connect(services.environment()) as connection:
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row == (value,)


def test_the_database_asks_for_the_password(services: EmbeddedServices) -> None:
    address = services.environment()
    host = address["DATABASE_URL"].rsplit("@", 1)[1]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://audit_api:guessed@{host}")


def test_the_bucket_asks_for_the_key(services: EmbeddedServices) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=services.s3.endpoint_url,
        region_name=services.s3.region,
        aws_access_key_id=services.s3.access_key,
        aws_secret_access_key="guessed",
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    with pytest.raises(ClientError) as refusal:
        stranger.list_objects_v2(Bucket=services.s3.bucket)
    stranger.close()
    assert status_of(refusal.value) == 403


def test_an_object_with_another_hash_than_announced_is_refused(
    services: EmbeddedServices, client: Any
) -> None:
    with pytest.raises(ClientError) as refusal:
        client.put_object(
            Bucket=services.s3.bucket,
            Key=uuid4().hex,
            Body=b"other bytes",
            ChecksumSHA256=b64encode(sha256(b"bytes").digest()).decode(),
        )
    assert status_of(refusal.value) == 400


def test_an_object_that_was_refused_is_not_there(
    services: EmbeddedServices, store: PhotoStore
) -> None:
    announced = sha256(uuid4().bytes).digest()
    with pytest.raises(ClientError):
        store.put(announced, io.BytesIO(b"other"), size=5, content_type="image/jpeg")
    assert store.size(announced) is None


def test_an_existing_key_is_not_written_over(services: EmbeddedServices, client: Any) -> None:
    key = uuid4().hex
    client.put_object(Bucket=services.s3.bucket, Key=key, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refusal:
        client.put_object(Bucket=services.s3.bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert status_of(refusal.value) == 412


def test_storing_a_photo_twice_is_harmless_and_told(store: PhotoStore) -> None:
    body = uuid4().bytes
    assert [put(store, body), put(store, body)] == [True, False]


def test_a_photo_stored_twice_has_its_bytes(store: PhotoStore) -> None:
    body = uuid4().bytes * 10_000
    put(store, body)
    put(store, body)
    assert b"".join(store.read(sha256(body).digest())) == body


def test_of_many_who_store_a_photo_at_once_one_does(store: PhotoStore) -> None:
    body = uuid4().bytes * 10_000
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: put(store, body), range(8)))
    assert outcomes.count(True) == 1


def test_data_are_not_erased_while_the_services_run(services: EmbeddedServices) -> None:
    with pytest.raises(EmbeddedError, match="already run on"):
        EmbeddedServices(services.folder).erase()
