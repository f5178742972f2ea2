"""Which kind of photo a file is, by its first bytes: what it says of itself may be wrong."""

from typing import Final

ENOUGH: Final = 12
"""So many bytes are looked at."""
_HEIC: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF: Final = {b"mif1", b"mif2", b"msf1"}


def photo_type(start: bytes) -> str | None:
    """The content type of a file that starts so; None for what is no photo.

    Signatures: ISO/IEC 10918-1 (JPEG), PNG, RIFF with WebP, ISO/IEC 23008-12 (HEIF) by its major
    brand.
    """
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"RIFF") and start[8:ENOUGH] == b"WEBP":
        return "image/webp"
    if start[4:8] == b"ftyp":
        brand = start[8:ENOUGH]
        return "image/heic" if brand in _HEIC else "image/heif" if brand in _HEIF else None
    return None
