"""What a photo's EXIF claims: when, where, with which camera. Claims, never facts."""

import re
from contextlib import suppress
from typing import Any, Final

from PIL import ExifTags, Image

_LONGEST: Final = 100
_TIME: Final = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})")
_OFFSET: Final = re.compile(r"[+-]\d{2}:\d{2}")


def read_claims(picture: Image.Image) -> dict[str, Any]:
    """`taken` (ISO 8601, with an offset only if one is claimed), `lat`, `lon`, `camera`.

    What is missing or cannot be read is left out. Source: Exif 2.32, tags by Pillow's names.
    """
    found: dict[str, Any] = {}
    # EXIF blocks of phones and of attackers are broken in every way; none of them matters enough.
    with suppress(Exception):
        exif = picture.getexif()
        camera = " ".join(filter(None, (_text(exif.get(271)), _text(exif.get(272)))))
        if camera:
            found["camera"] = camera[:_LONGEST]
        taken = _taken(exif.get_ifd(ExifTags.IFD.Exif))
        if taken:
            found["taken"] = taken
        found |= _position(exif.get_ifd(ExifTags.IFD.GPSInfo))
    return found


def _text(value: Any) -> str:
    return "".join(c for c in str(value or "") if c.isprintable()).strip()[:_LONGEST]


def _taken(ifd: dict[int, Any]) -> str | None:
    said = _TIME.match(_text(ifd.get(ExifTags.Base.DateTimeOriginal)))
    if said is None:
        return None
    year, month, day, clock = said.groups()
    offset = _text(ifd.get(ExifTags.Base.OffsetTimeOriginal))
    zone = offset if _OFFSET.fullmatch(offset) else ""
    return f"{year}-{month}-{day}T{clock}{zone}"


def _position(ifd: dict[int, Any]) -> dict[str, float]:
    with suppress(Exception):
        lat = _degrees(ifd[ExifTags.GPS.GPSLatitude], ifd[ExifTags.GPS.GPSLatitudeRef], "S")
        lon = _degrees(ifd[ExifTags.GPS.GPSLongitude], ifd[ExifTags.GPS.GPSLongitudeRef], "W")
        if abs(lat) <= 90 and abs(lon) <= 180:
            return {"lat": round(lat, 6), "lon": round(lon, 6)}
    return {}


def _degrees(parts: Any, ref: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if ref == negative else value
