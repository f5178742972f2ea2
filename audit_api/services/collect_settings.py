"""The settings QR of ODK Collect: one scan makes a project that asks this server with this key."""

import base64
import io
import json
import zlib
from typing import Any, Final

import segno

from audit_api.domain.errors import InvalidInput

MOST_CHARACTERS: Final = 4000
"""What Collect reads from a QR code at most, as ODK Central keeps to it too."""
_GENERAL: Final = {
    "protocol": "odk_default",
    "form_update_mode": "match_exactly",
    "periodic_form_updates_check": "every_one_hour",
    "autosend": "wifi_and_cellular",
    # What was sent stays on the device: photos can be handed in again.
    "delete_send": False,
    "hide_old_form_versions": True,
    "constraint_behavior": "on_swipe",
}
_ADMIN: Final = {"change_server": False, "admin_pw": ""}


def server_of(address: str, token: str) -> str:
    """The server's address as Collect has it, with the key. InvalidInput for another kind.

    `address`: where people reach the server, e.g. "https://audit.example.kg".
    """
    plain = address.rstrip("/")
    if not plain.startswith(("https://", "http://")) or len(plain) > 500 or " " in plain:
        raise InvalidInput(
            f"{address[:100]!r} is no address of a server. Write it as tablets reach it, with "
            "https:// in front."
        )
    return f"{plain}/openrosa/key/{token}"


def settings_text(server_url: str, *, project: str) -> str:
    """What the QR code holds: base64 of zlib of JSON with `general`, `admin` and `project`."""
    settings: dict[str, Any] = {
        "general": {"server_url": server_url, **_GENERAL},
        "admin": _ADMIN,
        "project": {"name": project[:40]},
    }
    packed = zlib.compress(json.dumps(settings, ensure_ascii=False).encode(), 9)
    text = base64.b64encode(packed).decode()
    if len(text) >= MOST_CHARACTERS:
        raise InvalidInput("The server's address is too long for a QR code. Use a shorter name.")
    return text


def qr_image(text: str, kind: str) -> bytes:
    """The QR code as `png` or `svg`."""
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind=kind, scale=6, border=4)
    return image.getvalue()
