"""Speaking tus to the application, header by header."""

import hashlib
from base64 import b64encode
from typing import Any

from flask.testing import FlaskClient

from tests.factories import World

VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def photo(name: str, size: int = 5000) -> bytes:
    """Bytes that no other test sends, and that no repetition of a part makes up."""
    made = b"\xff\xd8\xff" + b"".join(
        hashlib.sha256(f"{name} {number}".encode()).digest() for number in range(size // 32 + 1)
    )
    return made[:size]


def metadata(data: bytes, content_type: str = "image/jpeg", **more: str) -> str:
    """`Upload-Metadata` of a file."""
    pairs = {"sha256": hashlib.sha256(data).hexdigest(), "content_type": content_type} | more
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in pairs.items())


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    """`Upload-Checksum` of a part."""
    digest = hashlib.new(algorithm, data).digest()
    return {"Upload-Checksum": f"{algorithm} {b64encode(digest).decode()}"}


class Tus:
    """A client of one tablet."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers | VERSION

    @classmethod
    def near(cls, client: FlaskClient, world: World) -> "Tus":
        """The near tablet's."""
        return cls(client, world.device_headers())

    def call(self, method: str, path: str, data: bytes = b"", **headers: str) -> Any:
        """Any request; an underscore of a header's name stands for a hyphen, "" leaves it out."""
        told = self.headers | {k.replace("_", "-"): v for k, v in headers.items()}
        told = {name: value for name, value in told.items() if value}
        return self.client.open(path, method=method, data=data, headers=told)

    def begin(self, data: bytes, **headers: str) -> Any:
        """POST without a body."""
        told = {"Upload_Length": str(len(data)), "Upload_Metadata": metadata(data)} | headers
        return self.call("POST", "/api/v1/uploads", **told)

    def begun(self, data: bytes, **headers: str) -> str:
        """The address of a new upload."""
        answer = self.begin(data, **headers)
        assert answer.status_code == 201, answer.data
        return str(answer.headers["Location"])

    def patch(self, path: str, offset: int, data: bytes, **headers: str) -> Any:
        """PATCH."""
        told = {"Upload_Offset": str(offset), "Content_Type": BYTES["Content-Type"]} | headers
        return self.call("PATCH", path, data, **told)

    def offset(self, path: str) -> int:
        """Where HEAD says that it stands."""
        return int(self.call("HEAD", path).headers["Upload-Offset"])
