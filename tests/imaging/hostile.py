"""Files that come as photos and mean harm, or were harmed. Made, never stored."""

import random
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()


def picture(mode: str = "RGB", size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A gradient: something that a decoder can be compared by."""
    made = Image.linear_gradient("L").resize(size)
    return made if mode == "L" else made.convert("RGB").convert(mode)


def saved(kind: str, image: Image.Image | None = None, **how: Any) -> bytes:
    """A picture as a file of that kind."""
    sink = BytesIO()
    (image or picture()).save(sink, kind, **how)
    return sink.getvalue()


def exif_with(**tags: Any) -> Image.Exif:
    """EXIF with an orientation, a comment, a maker and a place."""
    exif = Image.Exif()
    exif[271] = "Maker"
    exif[274] = tags.get("orientation", 6)
    exif[305] = "SECRET-SOFTWARE"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0SECRET-COMMENT"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (40.0, 3.0, 36.0)
    gps[3], gps[4] = "E", (70.0, 49.0, 12.0)
    return exif


def png_of(width: int, height: int, data: bytes = b"", depth: int = 8, color: int = 2) -> bytes:
    """A PNG that says it has that size, whatever it has."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose header says that size."""
    data = bytearray(saved("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated: each costs a pass over all of it."""
    data = saved("JPEG", picture(size=(3000, 3000)), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def looping_exif() -> bytes:
    """EXIF whose directory says that the next one is itself."""
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 8)
    tiff += struct.pack("<I", 8)
    return saved("JPEG", exif=b"Exif\0\0" + tiff)


def hostile_files() -> Iterator[tuple[str, bytes]]:
    """At least 120 of them, each with a name; the same at every run."""
    chance = random.Random(2021)  # noqa: S311 - to be the same at every run
    sound = saved("JPEG", exif=exif_with(), comment="SECRET-COMMENT", quality=90)
    yield "nothing", b"\0"
    yield "text", b"this is no photo\n" * 50
    yield "html", b"<!doctype html><script>alert(1)</script>"
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n"
    yield "zip", b"PK\x03\x04" + bytes(200)
    yield "jpeg and html", sound + b"<script>alert(1)</script>"
    yield "html and jpeg", b"<script>alert(1)</script>" + sound
    yield "looping exif", looping_exif()
    yield "exif of noise", saved("JPEG", exif=b"Exif\0\0" + chance.randbytes(4000))
    yield "thousand scans", many_scans(1000)
    yield "bomb png", png_of(30_000, 30_000, bytes(30_000))
    yield "bomb png within the limit", png_of(6000, 6000, bytes(6001 * 6000), color=0)
    yield "largest png", png_of(2**31 - 1, 2**31 - 1)
    yield "png without size", png_of(0, 0)
    yield "png of one pixel", saved("PNG", picture(size=(1, 1)))
    yield "png of one line", saved("PNG", picture(size=(60_000, 1)))
    yield "png of 16 bits", png_of(4, 4, bytes(36), depth=16, color=0)
    yield "png of an odd depth", png_of(4, 4, bytes(36), depth=7)
    for width, height in ((65500, 65500), (0, 0), (65500, 1), (1, 65500), (0, 100)):
        yield f"jpeg of {width} x {height}", jpeg_of_size(width, height)
    yield "cmyk", saved("JPEG", picture("CMYK"))
    yield "grey", saved("JPEG", picture("L"))
    yield "palette", saved("PNG", picture("P"))
    yield "transparent", saved("PNG", picture("RGBA"))
    yield "one bit", saved("PNG", picture("L").convert("1"))
    yield "webp", saved("WEBP", exif=exif_with())
    yield "heic", saved("HEIF", exif=exif_with())
    yield "heic cut", saved("HEIF")[:900]
    frames = [picture(size=(200, 150)).rotate(n * 9) for n in range(20)]
    yield "animated webp", saved("WEBP", frames[0], save_all=True, append_images=frames[1:])
    yield "animated png", saved("PNG", frames[0], save_all=True, append_images=frames[1:])
    yield "gif", saved("GIF", picture("P"))
    yield "tiff", saved("TIFF")
    yield "bmp", saved("BMP")
    yield "icc of noise", saved("JPEG", icc_profile=chance.randbytes(5000))
    yield "text of png", saved("PNG", exif=exif_with())
    for orientation in (0, 2, 3, 4, 5, 7, 8, 9, 65535):
        yield f"orientation {orientation}", saved("JPEG", exif=exif_with(orientation=orientation))
    for n in range(20):
        yield f"cut at {n} of 20", sound[: len(sound) * n // 20 + 3]
    for n in range(36):
        harmed = bytearray(sound)
        for _ in range(1 + n):
            harmed[chance.randrange(2, len(harmed))] = chance.randrange(256)
        yield f"{n + 1} bytes harmed", bytes(harmed)
    for n, kind in enumerate(("PNG", "WEBP", "HEIF") * 6):
        harmed = bytearray(saved(kind))
        for _ in range(5 + n):
            harmed[chance.randrange(12, len(harmed))] ^= 1 << chance.randrange(8)
        yield f"{kind} harmed {n}", bytes(harmed)
