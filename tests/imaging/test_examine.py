"""What is seen of an ordinary photo."""

import random
from io import BytesIO

import pytest
from PIL import Image, ImageEnhance

from audit_api.imaging import Examination, Examiner
from tests.imaging.hostile import exif_with, saved
from tests.imaging.test_hostile import examine


@pytest.fixture(scope="module")
def examiner() -> "Examiner":
    """One for all."""
    with Examiner() as running:
        yield running


def quarters(size: tuple[int, int] = (2000, 1500)) -> Image.Image:
    """Red at the top left, green, blue and white: which way is up can be seen."""
    made = Image.new("RGB", size, "white")
    half = (size[0] // 2, size[1] // 2)
    made.paste("red", (0, 0, *half))
    made.paste("green", (half[0], 0, size[0], half[1]))
    made.paste("blue", (0, half[1], half[0], size[1]))
    return made


def shown(seen: Examination, size: int) -> Image.Image:
    """The preview of that size, decoded."""
    return Image.open(BytesIO(next(p.content for p in seen.previews if p.size == size)))


def test_previews_are_as_large_as_they_say_and_never_larger_than_the_photo(
    examiner: Examiner,
) -> None:
    large = examine(examiner, saved("JPEG", quarters()))
    assert [(p.size, p.width, p.height) for p in large.previews] == [
        (1280, 1280, 960),
        (320, 320, 240),
    ]
    small = examine(examiner, saved("JPEG", quarters((200, 100))))
    assert [(p.width, p.height) for p in small.previews] == [(200, 100), (200, 100)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_applied(examiner: Examiner, kind: str) -> None:
    # As a camera stores it that was held upright: the sensor's picture, and "turn it by 90°".
    stored = quarters().transpose(Image.Transpose.ROTATE_90)
    seen = examine(examiner, saved(kind, stored, exif=exif_with(orientation=6)))
    preview = shown(seen, 320)
    assert (seen.width, seen.height, preview.size) == (2000, 1500, (320, 240))
    red, green, _ = preview.getpixel((20, 20))
    assert (red, green) > (200, -1)
    assert green < 60


def test_a_heic_is_turned_by_its_container_alone(examiner: Examiner) -> None:
    # ISO/IEC 23008-12: its EXIF says how it was held; decoders turn it by `irot` and `imir`.
    seen = examine(examiner, saved("HEIF", quarters(), exif=exif_with(orientation=6)))
    assert (seen.width, seen.height, shown(seen, 320).size) == (2000, 1500, (320, 240))


def test_what_the_file_claims_is_read(examiner: Examiner) -> None:
    exif = exif_with()
    exif[272] = "Phone \x00\x07 7"
    times = exif.get_ifd(0x8769)
    times[0x9003], times[0x9011] = "2021:11:20 10:11:12", "+06:00"
    seen = examine(examiner, saved("JPEG", quarters(), exif=exif))
    assert seen.claims == {
        "camera": "Maker Phone  7",
        "taken": "2021-11-20T10:11:12+06:00",
        "lat": 40.06,
        "lon": 70.82,
    }
    assert examine(examiner, saved("JPEG", quarters())).claims == {}


def test_the_difference_hash_survives_what_messengers_do_and_tells_others_apart(
    examiner: Examiner,
) -> None:
    def blocks(seed: int) -> Image.Image:
        chance = random.Random(seed)  # noqa: S311 - to be the same at every run
        fields = Image.frombytes("L", (9, 8), chance.randbytes(72))
        return fields.resize((900, 800), Image.Resampling.NEAREST).convert("RGB")

    def bits(image: Image.Image, quality: int = 90) -> int:
        found = examine(examiner, saved("JPEG", image, quality=quality)).dhash
        assert found is not None
        return found

    one = blocks(1)
    here = bits(one)
    for alike in (
        one.resize((450, 400)),
        ImageEnhance.Brightness(one).enhance(1.1),
    ):
        assert (here ^ bits(alike, 40)).bit_count() <= 6
    assert (here ^ bits(blocks(2))).bit_count() > 15
