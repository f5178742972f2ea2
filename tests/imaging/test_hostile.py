"""A hostile photo harms neither the worker nor itself, and no preview says more than it shows."""

from io import BytesIO

import pytest
from PIL import Image

from audit_api.imaging import Examination, Examiner
from tests.imaging.hostile import hostile_files

FILES = dict(hostile_files())
# What must be seen, however odd it is.
SEEN = {
    "jpeg and html",
    "cmyk",
    "grey",
    "palette",
    "transparent",
    "one bit",
    "webp",
    "heic",
    "animated webp",
    "animated png",
    "icc of noise",
    "looping exif",
    "exif of noise",
    "png of one pixel",
    "png of 16 bits",
    "text of png",
    *(name for name in FILES if name.startswith("orientation")),
}
# What must not be.
REFUSED = {
    "nothing",
    "text",
    "html",
    "svg",
    "pdf",
    "postscript",
    "zip",
    "bomb png",
    "largest png",
    "png without size",
    "jpeg of 65500 x 65500",
    "gif",
    "tiff",
    "bmp",
}


@pytest.fixture(scope="module")
def examiner() -> "Examiner":
    """One for all: what harms it harms the next."""
    with Examiner() as running:
        yield running


def examine(examiner: Examiner, data: bytes) -> Examination:
    """Examine bytes; they are still the same afterwards."""
    with examiner.folder() as folder:
        (folder / "original").write_bytes(data)
        seen = examiner.examine(folder)
        assert (folder / "original").read_bytes() == data
    return seen


def test_there_are_a_hundred_and_twenty() -> None:
    assert len(FILES) >= 120
    assert set(FILES) >= SEEN | REFUSED


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_costs_its_preview_at_most(examiner: Examiner, name: str) -> None:
    seen = examine(examiner, FILES[name])
    if name in SEEN:
        assert seen.refused is None
    if name in REFUSED:
        assert seen.refused
    assert (seen.refused is None) == bool(seen.previews)
    for preview in seen.previews:
        with Image.open(BytesIO(preview.content)) as shown:
            assert (shown.format, shown.mode) == ("JPEG", "RGB")
            assert shown.size == (preview.width, preview.height)
            assert max(shown.size) <= preview.size
            assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert not shown.getexif()
        assert b"SECRET" not in preview.content
        assert b"script" not in preview.content
    # The process that died of one photo is there for the next.
    assert examine(examiner, FILES["grey"]).refused is None


def test_what_takes_too_long_is_ended(examiner: Examiner) -> None:
    seen = examine(examiner, FILES["thousand scans"])
    assert seen.refused is None or "signal" in seen.refused
