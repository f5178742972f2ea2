"""What the tablets of the torture capture: small inspections of one ramp, all different."""

import hashlib
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from tests.field_schema.bodies import measurement, photo, ramp_body, uuid_of

ELEMENTS = 6
"""Ramps of a site that are visited again and again."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An inspection to capture, with the originals of its photos."""

    entity: str
    body: bytes
    photos: tuple[bytes, ...]

    @property
    def sha256(self) -> str:
        """Of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def originals(self) -> dict[str, bytes]:
        """The photos by their hash."""
        return {hashlib.sha256(data).hexdigest(): data for data in self.photos}


def known_element(site: str, n: int) -> str:
    """The id of a site's nth ramp, the same on all tablets."""
    return str(UUID(bytes=uuid5(NAMESPACE_URL, f"{site}/{n}").bytes, version=4))


def draw_visit(
    rng: random.Random,
    site: str,
    *,
    campaign: str,
    photos: int,
    photo_bytes: int,
    clock: timedelta,
    element: str | None = None,
    entity: str | None = None,
) -> Visit:
    """A visit of one ramp of a site, with up to `photos` photos, by a clock that is off."""
    if element is None:
        fresh = rng.random() < 0.4
        element = uuid_of(rng) if fresh else known_element(site, rng.randrange(ELEMENTS))
    originals = tuple(
        # Random bytes: nobody looks into them here, and no two are alike.
        b"\xff\xd8\xff\xe0" + rng.randbytes(rng.randrange(500, photo_bytes))
        for _ in range(rng.randint(0, photos))
    )
    wall = (datetime.now(UTC) + clock).isoformat(timespec="milliseconds")
    announced: list[dict[str, Any]] = [
        photo(rng, "handrail", wall)
        | {"sha256": hashlib.sha256(original).hexdigest(), "bytes": len(original)}
        for original in originals
    ]
    body = ramp_body(
        seed=rng.random(),
        site=site,
        campaign=campaign,
        started={"wall": wall, "mono_ms": rng.randrange(10**9), "boot": uuid_of(rng)},
        answers={
            "width_mm": measurement(rng.choice((700, 800, 900, 950))),
            "handrail": rng.choice(("both_sides", "one_side", "none")),
        },
        element={
            "id": element,
            "label": f"ramp {rng.randrange(10**6)}" if rng.random() < 0.3 else "main entrance",
            "photos": announced,
        },
    )
    text = json.dumps(body, ensure_ascii=False)
    return Visit(entity or uuid_of(rng), text.encode(), originals)
