"""One original: opened, looked at, made smaller. Runs where nothing can be harmed."""

import warnings
from pathlib import Path
from typing import Any, Final

import pillow_heif
from PIL import Image, ImageOps

from audit_api.imaging.claims import read_claims

SIZES: Final = (1280, 320)
"""The longer side of the previews in pixels, the largest first."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")
MOST_PIXELS: Final = 80_000_000
_QUALITY: Final = 80

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
pillow_heif.register_heif_opener(thumbnails=False)


class NoPreview(Exception):
    """The file shows nothing that a preview could be made of; the message says why."""


def examine(original: Path, folder: Path) -> dict[str, Any]:
    """Write `<size>.jpg` for each of `SIZES` to the folder; tell what was seen.

    Returns format, width, height (as shown, orientation applied), claims, dhash (16 hex digits)
    and previews (size in pixels of the longer side, width, height). Raises NoPreview.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(original, formats=FORMATS) as picture:
            return _examine(picture, folder)
    except NoPreview:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NoPreview(f"more than {MOST_PIXELS} pixels") from None
    except MemoryError:
        raise NoPreview("needs too much memory") from None
    except Exception as error:
        raise NoPreview(f"cannot be read: {type(error).__name__}") from error


def _examine(picture: Image.Image, folder: Path) -> dict[str, Any]:
    kind = picture.format
    claims = read_claims(picture)
    turned = picture.getexif().get(274, 1) in (5, 6, 7, 8)
    width, height = picture.size[::-1] if turned else picture.size
    # A JPEG is decoded at a half, a quarter or an eighth right away: most of the time is saved.
    picture.draft("RGB", (SIZES[0], SIZES[0]))
    shown: Image.Image = picture
    previews = []
    for size in SIZES:
        shown = _smaller(shown, size)
        shown.save(folder / f"{size}.jpg", "JPEG", quality=_QUALITY)
        previews.append([size, *shown.size])
    return {
        "format": kind,
        "width": width,
        "height": height,
        "claims": claims,
        "dhash": f"{difference_hash(shown):016x}",
        "previews": previews,
    }


def _smaller(picture: Image.Image, size: int) -> Image.Image:
    """At most `size` pixels wide and high, upright, RGB on white, and nothing but pixels."""
    shown = picture
    if max(picture.size) > size:
        scale = size / max(picture.size)
        to = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        shown = picture.resize(to, Image.Resampling.BICUBIC, reducing_gap=2.0)
        shown.info = picture.info
    if picture.getexif().get(274, 1) != 1:
        shown = ImageOps.exif_transpose(shown)
    if shown.mode in ("RGBA", "LA", "PA") or "transparency" in shown.info:
        layer = shown.convert("RGBA")
        shown = Image.new("RGB", shown.size, "white")
        shown.paste(layer, mask=layer)
    elif shown.mode != "RGB":
        shown = shown.convert("RGB")
    # Pillow writes what it finds here: comments, profiles, EXIF.
    clean = shown.copy() if shown is picture else shown
    clean.info = {}
    return clean


def difference_hash(picture: Image.Image) -> int:
    """64 bits that stay alike when a picture is scaled, recompressed or brightened.

    Each says whether a field of a 9 x 8 grid is brighter than its right neighbour (dHash,
    N. Krawetz, 2013).
    """
    fields = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (fields[at] > fields[at + 1])
    return bits
