"""A running web server on the module's database."""

from collections.abc import Iterator

import pytest

from audit_api.settings import Settings
from tests.factories import World
from tests.journeys.server import Server


@pytest.fixture(scope="module")
def server(
    settings: Settings, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The shipped server, serving the module's world."""
    running = Server(settings, tmp_path_factory.mktemp("web") / "web.log")
    yield running
    running.stop()
