"""Tablets against the running server: most through its test client, some over real sockets."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from audit_api.tablet import Answer, Patience, Tablet
from audit_api.tablet.store import Store
from tests.factories import World

BASE_URL = "http://tablet.test"


class AppTransport:
    """The server's own code without a network. `before` may raise, `after` change an answer."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.requests: list[tuple[str, str, bytes]] = []
        self.before: Callable[[str, str], None] = lambda method, path: None
        self.after: Callable[[str, str, Answer], Answer] = lambda method, path, answer: answer

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.requests.append((method, path, body))
        self.before(method, path)
        said = self._client.open(path, method=method, headers=dict(headers), data=body or None)
        answer = Answer(said.status_code, {k.lower(): v for k, v in said.headers}, said.data)
        return self.after(method, path, answer)

    def close(self) -> None:
        """There is no connection."""


def impatient(tries: int = 4) -> Patience:
    """Patience that does not wait."""
    return Patience(tries=tries, sleep=lambda seconds: None, chance=random.Random(1))  # noqa: S311


def put_into(folder: Path, world: World, where: str = "near") -> None:
    """Make a folder hold the world's tablet, as if it had been enrolled there."""
    device, token = world.devices[where]
    store = Store(folder, new=True)
    with store.writing() as db:
        db.execute(
            """insert into tablet (single, base_url, device, token, name, owner)
            values (1, ?, ?, ?, ?, ?)""",
            (BASE_URL, str(device), token, f"tablet {where}", f"inspector.{where}"),
        )
    store.close()


@pytest.fixture
def transport(app: Flask) -> AppTransport:
    return AppTransport(app)


@pytest.fixture
def tablet(transport: AppTransport, world: World, tmp_path: Path) -> Tablet:
    """The tablet of the near district's inspector."""
    put_into(tmp_path / "tablet", world)
    return Tablet(tmp_path / "tablet", transport=transport, patience=impatient())


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Requests are no news."""


@pytest.fixture(scope="module")
def base_url(app: Flask) -> Iterator[str]:
    """The application on a real socket."""
    running = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join(10)
