"""An inspection as a JSON file with its photo files beside it, made ready to be captured.

For trying things out and for tests; an app has its forms on a screen instead.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from audit_api.tablet.clock import Moment
from audit_api.tablet.errors import CannotCapture
from audit_api.tablet.photos import content_type_of


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The body to the byte, and the originals that it announces."""

    body: bytes
    originals: tuple[bytes, ...]


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file; CannotCapture says what is wrong with it."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise CannotCapture(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise CannotCapture(f"{path} is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise CannotCapture(f"{path} holds no JSON object.")
    return value


def body_of(value: dict[str, Any]) -> bytes:
    """An object as the bytes that are handed in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_inspection(
    path: Path, moment: Moment, *, earlier: dict[str, Any] | None = None
) -> ReadFile:
    """An inspection from a file. A photo says `"file"`, relative to it, instead of hash and size.

    Filled in where they are missing: ids of elements and photos, `started` and `finished` (those of
    `earlier`, the rejected body that this one mends), when a photo was taken. Raises CannotCapture.
    """
    value = read_object(path)
    for name in ("started", "finished"):
        value.setdefault(name, (earlier or {}).get(name, moment.as_json()))
    originals = []
    elements = value.get("elements")
    for n, element in enumerate(elements if isinstance(elements, list) else ()):
        if not isinstance(element, dict):
            raise CannotCapture(f"{path}: /elements/{n} is no JSON object.")
        element.setdefault("id", str(uuid4()))
        for k, photo in enumerate(element.get("photos") or ()):
            if isinstance(photo, dict) and "file" in photo:
                place = f"{path}: /elements/{n}/photos/{k}"
                data = _original(path.parent / str(photo.pop("file")), place)
                originals.append(data)
                photo.setdefault("id", str(uuid4()))
                photo.setdefault("taken", {"wall": moment.wall})
                photo["sha256"] = hashlib.sha256(data).hexdigest()
                photo["bytes"] = len(data)
                photo["content_type"] = content_type_of(data)
    return ReadFile(body_of(value), tuple(originals))


def _original(path: Path, place: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotCapture(f"{place}: {path} cannot be read: {error.strerror}.") from None
    if content_type_of(data) is None:
        raise CannotCapture(f"{place}: {path} is no JPEG, PNG, WebP or HEIC.")
    return data
