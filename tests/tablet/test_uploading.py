"""A large original goes on where the link broke, and nothing that the server has is sent twice."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from audit_api.tablet import Answer, LinkDown, Tablet
from tests.factories import World, inspection_of
from tests.http.populated import with_photo
from tests.http.tus import photo
from tests.tablet.conftest import AppTransport, impatient, put_into


class CutTransport(AppTransport):
    """Lets so many bytes of each PATCH through, while there is a plan; then the link breaks."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.cuts: Iterator[int] = iter(())
        self.carried = 0

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        cut = next(self.cuts, None) if method == "PATCH" else None
        if cut is None:
            self.carried += len(body) if method in ("PATCH", "PUT") else 0
            return super().__call__(method, path, headers, body)
        self.carried += min(cut, len(body))
        self._client.open(
            path,
            method=method,
            headers=dict(headers),
            data=body[:cut],
            environ_overrides={"CONTENT_LENGTH": str(len(body))},
        )
        raise ConnectionResetError("the link broke")


@pytest.fixture
def transport(app: Flask) -> CutTransport:
    """The near tablet's link."""
    return CutTransport(app)


def captured(tablet: Tablet, world: World, data: bytes) -> None:
    """An inspection with one photo in the outbox."""
    body = with_photo(inspection_of(world, "near-1"), data)
    text = json.dumps(body, ensure_ascii=False).encode()
    tablet.capture(text, entity=str(uuid4()), originals=[data])


def stored(app: Flask, data: bytes) -> bytes:
    """What lies in the bucket under the hash of these bytes."""
    return b"".join(app.extensions["photo_store"].read(hashlib.sha256(data).digest()))


def test_over_a_link_that_breaks_every_60_kb_all_of_it_arrives_and_nothing_goes_twice(
    app: Flask, tablet: Tablet, transport: CutTransport, world: World
) -> None:
    data = photo("breaks often", 700_000)
    captured(tablet, world, data)
    transport.cuts = iter([60_000] * 11)
    assert tablet.sync().photos.count == 1
    assert stored(app, data) == data
    assert transport.carried == len(data)


def test_a_link_on_which_nothing_goes_on_is_left_for_another_time(
    app: Flask, tablet: Tablet, transport: CutTransport, world: World, tmp_path: Path
) -> None:
    data = photo("another time", 300_000)
    captured(tablet, world, data)
    transport.cuts = iter([100_000, *[0] * 20])
    with pytest.raises(LinkDown):
        tablet.sync()
    later = CutTransport(app)
    with Tablet(tmp_path / "tablet", transport=later, patience=impatient()) as again:
        assert again.sync().photos.count == 1
    assert stored(app, data) == data
    assert (transport.carried, later.carried) == (100_000, 200_000)


def test_an_upload_that_the_server_forgot_begins_anew(
    app: Flask, tablet: Tablet, transport: CutTransport, world: World, tmp_path: Path
) -> None:
    data = photo("forgotten", 300_000)
    captured(tablet, world, data)
    transport.cuts = iter([100_000, *[0] * 20])
    with pytest.raises(LinkDown):
        tablet.sync()
    [path] = {path for method, path, _ in transport.requests if method == "HEAD"}
    headers = world.device_headers() | {"Tus-Resumable": "1.0.0"}
    assert app.test_client().delete(path, headers=headers).status_code == 204
    transport.cuts = iter(())
    assert tablet.sync().photos.count == 1
    assert stored(app, data) == data


def test_what_the_server_has_already_is_not_sent(
    app: Flask, tablet: Tablet, transport: CutTransport, world: World, tmp_path: Path
) -> None:
    data = photo("here already", 200_000)
    captured(tablet, world, data)
    tablet.sync()
    put_into(tmp_path / "other", world, "far")
    other = CutTransport(app)
    with Tablet(tmp_path / "other", transport=other, patience=impatient()) as second:
        body = with_photo(inspection_of(world, "far-1"), data)
        second.capture(json.dumps(body).encode(), entity=str(uuid4()), originals=[data])
        second.sync()
    assert other.carried == 0
