"""Photos straight to the bucket: what was signed, and nothing else."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient

from audit_api.app import create_app
from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.factories import World
from tests.http.tus import photo

http = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def open_app(settings: Settings, world: World) -> Iterator[Flask]:
    """An installation whose bucket tablets can reach."""
    s3 = replace(settings.s3, public_endpoint_url=settings.s3.endpoint_url)
    app = create_app(replace(settings, s3=s3))
    yield app
    app.extensions["database"].engine.dispose()
    http.clear()


@pytest.fixture
def open_client(open_app: Flask) -> FlaskClient:
    return open_app.test_client()


def sign(client: FlaskClient, world: World, data: bytes, **members: Any) -> Any:
    """Ask for an address for these bytes."""
    said = {"bytes": len(data), "content_type": "image/jpeg"} | members
    path = f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}/direct"
    return client.post(path, json=said, headers=world.device_headers())


def complete(client: FlaskClient, world: World, data: bytes) -> Any:
    """Say that it was put."""
    path = f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}/complete"
    return client.post(path, headers=world.device_headers())


def put(signed: dict[str, Any], data: bytes, **headers: str) -> int:
    """PUT to the bucket."""
    told = signed["headers"] | {k.replace("_", "-"): v for k, v in headers.items()}
    return http.request("PUT", signed["url"], body=data, headers=told).status


def test_a_photo_goes_straight_to_the_bucket_and_is_taken_in(
    open_client: FlaskClient, world: World, settings: Settings
) -> None:
    data = photo("direct")
    signed = sign(open_client, world, data).json
    assert signed["held"] is False
    early = complete(open_client, world, data)
    assert (early.status_code, early.json["type"]) == (409, "urn:audit-api:problem:not-yet-there")
    assert put(signed, data) == 200
    done = complete(open_client, world, data)
    assert (done.status_code, done.json["bytes"]) == (201, len(data))
    assert done.json["content_type"] == "image/jpeg"
    assert complete(open_client, world, data).status_code == 200
    assert sign(open_client, world, data).json["held"] is True
    digest = hashlib.sha256(data).digest()
    assert b"".join(PhotoStore(settings.s3).read(digest)) == data


def test_the_bucket_takes_nothing_but_what_was_signed(
    open_client: FlaskClient, world: World, settings: Settings
) -> None:
    data = photo("signed")
    signed = sign(open_client, world, data).json
    other = photo("other")
    assert put(signed, other) >= 400
    assert put(signed, data[:-1], Content_Length=str(len(data) - 1)) >= 400
    assert put(signed, data, Content_Type="text/html") >= 400
    assert put(signed, data, If_None_Match="") >= 400
    digest = hashlib.sha256(data).digest()
    assert PhotoStore(settings.s3).size(digest) is None
    elsewhere = urlsplit(signed["url"])
    moved = elsewhere._replace(path=elsewhere.path[::-1]).geturl()
    assert put(signed | {"url": moved}, data) >= 400
    assert put(signed, data) == 200
    # Written once: not even the same bytes go over it.
    assert put(signed, data) == 412


def test_sizes_and_types_that_no_photo_has_are_not_signed(
    open_client: FlaskClient, world: World
) -> None:
    data = photo("refused")
    assert sign(open_client, world, data, bytes=0).status_code == 422
    assert sign(open_client, world, data, bytes=25_000_001).status_code == 413
    assert sign(open_client, world, data, content_type="text/html").status_code == 422
    assert sign(open_client, world, data, surprise=1).status_code == 422


def test_where_the_bucket_is_nobodys_business_nothing_is_signed(
    client: FlaskClient, world: World
) -> None:
    refused = sign(client, world, photo("closed"))
    assert (refused.status_code, refused.json["type"]) == (
        409,
        "urn:audit-api:problem:direct-not-offered",
    )
