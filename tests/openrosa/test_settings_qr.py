"""The settings QR: what Collect reads from it, by the API and by the console."""

import base64
import io
import json
import zlib
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from audit_api.domain.errors import InvalidInput
from audit_api.domain.vocabulary import Role
from audit_api.services.collect_settings import MOST_CHARACTERS, server_of, settings_text
from tests.factories import World
from tests.openrosa.conftest import new_key


def read(text: str) -> dict[str, Any]:
    """As Collect reads it."""
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return found


def test_a_key_comes_with_its_qr_code(client: FlaskClient, world: World) -> None:
    key = new_key(client, world)
    assert len(key["settings"]) < MOST_CHARACTERS
    settings = read(key["settings"])
    assert {"general", "admin"} <= settings.keys()
    assert settings["general"]["server_url"] == key["server_url"]
    assert key["server_url"] == f"http://localhost/openrosa/key/{key['token']}"
    assert client.get(key["server_url"].removeprefix("http://localhost") + "/formList").data
    assert key["qr_svg"].lstrip().startswith("<?xml")
    with Image.open(io.BytesIO(base64.b64decode(key["qr_png"]))) as image:
        assert image.format == "PNG"
        assert image.width == image.height > 200


def test_the_address_is_the_one_that_tablets_reach(client: FlaskClient, world: World) -> None:
    said = {"username": "inspector.near", "server": "https://audit.example.kg/"}
    headers = world.headers(Role.ADMINISTRATOR)
    key = client.post("/api/v1/openrosa/keys", json=said, headers=headers).json
    at = f"https://audit.example.kg/openrosa/key/{key['token']}"
    assert read(key["settings"])["general"]["server_url"] == at


@pytest.mark.parametrize(
    "address", ["audit.example.kg", "ftp://a", "https://a b", "http://" + "a" * 500]
)
def test_what_is_no_address_makes_no_key(client: FlaskClient, world: World, address: str) -> None:
    headers = world.headers(Role.ADMINISTRATOR)
    before = client.get("/api/v1/devices?channel=openrosa", headers=headers).json["items"]
    said = {"username": "inspector.near", "server": address}
    answer = client.post("/api/v1/openrosa/keys", json=said, headers=headers)
    assert answer.status_code == 422
    after = client.get("/api/v1/devices?channel=openrosa", headers=headers).json["items"]
    assert after == before


def test_the_longest_address_and_name_fit_into_a_qr_code() -> None:
    longest = server_of("https://" + "".join(chr(97 + n * 7 % 26) for n in range(490)), "f" * 64)
    assert len(settings_text(longest, project="Ж" * 100)) < MOST_CHARACTERS
    with pytest.raises(InvalidInput, match="https:// in front"):
        server_of("nowhere", "f" * 64)
