"""The few requests that the demonstration makes as a person."""

import json
import urllib.request
from typing import Any


def sign_in(base_url: str, username: str, password: str) -> str:
    """A session token."""
    body = json.dumps({"username": username, "password": password}).encode()
    request = urllib.request.Request(  # noqa: S310 - the demonstration's own address
        f"{base_url}/api/v1/sessions", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        token: str = json.load(answer)["token"]
    return token


def post(base_url: str, path: str, token: str, said: Any) -> Any:
    """The JSON answer to a JSON body."""
    request = urllib.request.Request(  # noqa: S310 - the demonstration's own address
        base_url + path,
        json.dumps(said).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def get(base_url: str, path: str, token: str) -> Any:
    """A JSON answer."""
    return json.loads(fetch(base_url, path, token))


def fetch(base_url: str, path: str, token: str) -> bytes:
    """An answer as it comes."""
    request = urllib.request.Request(  # noqa: S310 - the demonstration's own address
        base_url + path, headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content
