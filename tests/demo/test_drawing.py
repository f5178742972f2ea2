"""Drawn photos are real JPEGs with a camera's claims, and say that they are synthetic."""

import io
from datetime import datetime, timedelta, timezone

from PIL import Image

from audit_api.demo.drawing import SIZE, draw_element, draw_ramp
from audit_api.domain.oversight.fabrication import Thresholds, alike_bits, tells_something
from audit_api.imaging.examine import difference_hash

BISHKEK = timezone(timedelta(hours=6))
TAKEN = datetime(2021, 10, 20, 11, 30, tzinfo=BISHKEK)


def ramp(seed: int = 1, rise_mm: int = 450) -> bytes:
    return draw_ramp(
        rise_mm=rise_mm,
        run_mm=4200,
        width_mm=900,
        caption="Station 8055, ramp at the main entrance",
        seed=seed,
        taken_at=TAKEN,
        lat=40.06,
        lon=70.82,
    )


def test_a_photo_is_a_jpeg_with_time_and_place() -> None:
    with Image.open(io.BytesIO(ramp())) as photo:
        assert (photo.format, photo.size) == ("JPEG", SIZE)
        exif = photo.getexif()
        assert exif.get_ifd(0x8769)[0x9003] == "2021:10:20 11:30:00"
        assert exif.get_ifd(0x8825)[2] == (40.0, 3.0, 36.0)


def test_another_seed_or_measure_draws_another_photo() -> None:
    assert len({ramp(1), ramp(2), ramp(1, rise_mm=460)}) == 3


def test_the_mark_stands_out_of_the_picture() -> None:
    with Image.open(io.BytesIO(ramp())) as photo:
        strip = photo.convert("RGB").crop((20, 8, 760, 52))
        colours = strip.getcolors(strip.width * strip.height) or []
    red = sum(n for n, (r, g, b) in colours if r > 140 and g < 110 and b < 110)  # type: ignore[misc]
    assert red > 800


def test_other_things_are_drawn_with_their_measures() -> None:
    first = draw_element(
        "door", {"width": 800}, caption="x", seed=1, taken_at=TAKEN, lat=40.0, lon=70.0
    )
    second = draw_element(
        "door", {"width": 900}, caption="x", seed=1, taken_at=TAKEN, lat=40.0, lon=70.0
    )
    assert first != second
    with Image.open(io.BytesIO(first)) as photo:
        photo.load()


def test_drawn_photos_of_different_places_do_not_look_alike() -> None:
    hashes = []
    for seed in range(60):
        with Image.open(io.BytesIO(ramp(seed))) as photo:
            hashes.append(difference_hash(photo))
    assert all(tells_something(dhash) for dhash in hashes)
    nearest = min(alike_bits(a, b) for n, a in enumerate(hashes) for b in hashes[:n])
    assert nearest > 2 * Thresholds().alike_bits
