"""Drawn photos for the demonstration: measured things to scale, marked as synthetic in the picture.

They are JPEGs with EXIF such as a tablet writes, so that everything behind the camera is real.
"""

import io
import random
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIZE = (1280, 960)
# Pillow's own font has no Cyrillic: what is drawn stays in Latin letters.
MARK = "SYNTHETIC - DRAWN, NOT A PHOTO"
_SKY, _GROUND, _CONCRETE = (196, 214, 230), (150, 140, 122), (176, 172, 164)
_INK, _MEASURE = (30, 30, 34), (178, 24, 24)
_EXIF_TAKEN, _EXIF_OFFSET, _EXIF_GPS, _EXIF_SUB = 0x9003, 0x9011, 0x8825, 0x8769


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@cache
def _noise() -> Image.Image:
    """Grain of a camera, made once; each photo cuts its own piece of it."""
    return Image.effect_noise((SIZE[0] + 256, SIZE[1] + 256), 22).convert("RGB")


def draw_ramp(
    *,
    rise_mm: int,
    run_mm: int,
    width_mm: int,
    caption: str,
    seed: int,
    taken_at: datetime,
    lat: float,
    lon: float,
) -> bytes:
    """A ramp in side view with its rise, run and slope; JPEG bytes, the same for the same seed."""
    picture, pen, chance = _canvas(seed)
    ground = 760
    scale = min(900 / run_mm, 480 / max(rise_mm, 1))
    left, right = 190, 190 + round(run_mm * scale)
    top = ground - round(rise_mm * scale)
    wall = (right, max(top - 330, 150), SIZE[0], ground)
    pen.rectangle(wall, fill=(206, 198, 182), outline=_INK)
    door = (
        min(right + 60, SIZE[0] - 170),
        max(top - 250, 190),
        min(right + 160, SIZE[0] - 70),
        top,
    )
    pen.rectangle(door, fill=(116, 86, 60), outline=_INK)
    pen.polygon([(left, ground), (right, ground), (right, top)], fill=_CONCRETE, outline=_INK)
    for n in range(6):
        x = left + (right - left) * n // 5
        y = ground + (top - ground) * n // 5
        pen.line([(x, y), (x, y - 100)], fill=(90, 90, 100), width=5)
    pen.line([(left, ground - 100), (right, top - 100)], fill=(90, 90, 100), width=7)
    _dimension(pen, (left, ground + 40), (right, ground + 40), f"run {run_mm} mm")
    _dimension(pen, (right + 22, ground), (right + 22, top), f"rise {rise_mm} mm")
    slope = f"1:{run_mm / rise_mm:.1f}" if rise_mm else "level"
    pen.text((left, ground + 90), f"{slope}   width {width_mm} mm", fill=_MEASURE, font=_font(34))
    return _finish(picture, pen, chance, caption, taken_at, lat, lon)


def draw_element(
    kind: str,
    measures: Mapping[str, int],
    *,
    caption: str,
    seed: int,
    taken_at: datetime,
    lat: float,
    lon: float,
) -> bytes:
    """A plain front view of a thing with its measures in mm written beside it; JPEG bytes."""
    picture, pen, chance = _canvas(seed)
    box = (420, 250, 860, 760)
    pen.rectangle(box, fill=(214, 206, 190), outline=_INK, width=4)
    pen.rectangle((470, 300, 810, 760), fill=(140, 108, 78), outline=_INK, width=3)
    pen.ellipse((760, 520, 790, 550), fill=(60, 60, 66))
    _dimension(pen, (470, 800), (810, 800), kind)
    for n, (name, value) in enumerate(measures.items()):
        pen.text((900, 300 + 48 * n), f"{name}: {value}", fill=_MEASURE, font=_font(30))
    return _finish(picture, pen, chance, caption, taken_at, lat, lon)


def _canvas(seed: int) -> tuple[Image.Image, ImageDraw.ImageDraw, random.Random]:
    chance = random.Random(seed)  # noqa: S311 - drawing, not secrets
    shade = chance.randint(-14, 14)
    picture = Image.new("RGB", SIZE)
    pen = ImageDraw.Draw(picture)
    # Panels of a wall and slabs before it, so that no two places look alike.
    for row in range(8):
        for column in range(9):
            light = shade + chance.randint(-24, 24)
            red, green, blue = (value + light for value in (_SKY if row < 6 else _GROUND))
            top, bottom = (
                (92 + 111 * row, 203 + 111 * row) if row < 6 else (100 * row + 160, 100 * row + 260)
            )
            left, right = SIZE[0] * column // 9, SIZE[0] * (column + 1) // 9
            pen.rectangle((left, top, right, bottom), fill=(red, green, blue))
    for _ in range(40):
        x, y = chance.randint(0, SIZE[0]), chance.randint(770, SIZE[1])
        pen.line([(x, y), (x + chance.randint(8, 60), y)], fill=(132, 122, 104), width=2)
    return picture, pen, chance


def _dimension(
    pen: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], text: str
) -> None:
    pen.line([start, end], fill=_MEASURE, width=4)
    across = (0, 12) if start[1] == end[1] else (12, 0)
    for x, y in (start, end):
        pen.line(
            [(x - across[0], y - across[1]), (x + across[0], y + across[1])],
            fill=_MEASURE,
            width=4,
        )
    middle = ((start[0] + end[0]) // 2 + 8, (start[1] + end[1]) // 2 + 6)
    pen.text(middle, text, fill=_MEASURE, font=_font(28))


def _finish(
    picture: Image.Image,
    pen: ImageDraw.ImageDraw,
    chance: random.Random,
    caption: str,
    taken_at: datetime,
    lat: float,
    lon: float,
) -> bytes:
    pen.rectangle((0, 0, SIZE[0], 92), fill=(255, 240, 200))
    pen.text((24, 8), MARK, fill=_MEASURE, font=_font(40))
    pen.text((24, 56), caption[:90], fill=_INK, font=_font(24))
    x, y = chance.randint(0, 255), chance.randint(0, 255)
    grain = _noise().crop((x, y, x + SIZE[0], y + SIZE[1]))
    picture = Image.blend(picture, grain, 0.10)
    exif = Image.Exif()
    exif[0x010F] = "audit_api"
    exif[0x0110] = "drawn, synthetic"
    sub = exif.get_ifd(_EXIF_SUB)
    sub[_EXIF_TAKEN] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    sub[_EXIF_OFFSET] = "+06:00"
    gps = exif.get_ifd(_EXIF_GPS)
    gps[1], gps[2] = ("N" if lat >= 0 else "S"), _degrees(abs(lat))
    gps[3], gps[4] = ("E" if lon >= 0 else "W"), _degrees(abs(lon))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, exif=exif)
    return out.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = (value - int(value)) * 60
    return float(int(value)), float(int(minutes)), round((minutes - int(minutes)) * 60, 3)
