"""Signs that an inspection was made up, for a supervisor to look at; never a reason to reject.

Every rule flags only what lies beyond its threshold, and says nothing where a value is missing.
A flag that compares two inspections stands at both: see `mirrored`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from audit_api.domain.deadlines import ZONE
from audit_api.domain.vocabulary import FlagKind

_NAMESPACE: Final = UUID("5c1c7a53-6f0e-5b7e-9d0c-3a5d2f1b8e46")
_EARTH_M: Final = 6_371_008.8
LEAST_BITS: Final = 8
"""Of 64 bits of a difference hash: a wall or a sky sets next to none of them, or nearly all."""
MOST_OTHERS: Final = 5
"""How many other inspections one check names for one photo or one element."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Beyond what something is flagged; each is an environment variable of the same name."""

    alike_bits: int = 3
    photo_minutes: int = 60
    far_m: int = 1_000
    travel_kmh: int = 110
    travel_least_m: int = 5_000
    equal_values: int = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A point in WGS 84 degrees. It may be `accuracy_m` off, by its own receiver's estimate."""

    lat: float
    lon: float
    accuracy_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Side:
    """What a flag is about: a revision of an inspection, perhaps a photo or an element of it."""

    inspection: UUID
    rev: int
    photo: bytes | None = None
    element: UUID | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A revision as its tablet tells it. Instants are None where the tablet's clock was absurd.

    `photos_from` and `photos_until` span the earlier revisions too, whose photos a correction
    shows again. `clock_off`: the tablet's clock contradicted the server's. `place` is where the
    tablet was, or the site's if it did not tell; `position` only what it told.
    """

    side: Side
    site: UUID
    started: datetime | None
    finished: datetime | None
    photos_from: datetime | None
    photos_until: datetime | None
    clock_off: bool = False
    position: Place | None = None
    site_place: Place | None = None

    @property
    def place(self) -> Place | None:
        """Where it was made, as far as anybody says."""
        return self.position or self.site_place


@dataclass(frozen=True, slots=True)
class PhotoClaims:
    """What a decoder saw in a photo of the visit: claims of its file, and its difference hash."""

    side: Side
    taken: str | None = None
    place: Place | None = None
    dhash: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """One sign. `figures` have their units in their names, the threshold of then among them."""

    kind: FlagKind
    side: Side
    other: Side | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The same for the same sign, however often it is found."""
        sides = [self.side] if self.other is None else [self.side, self.other]
        told = [
            f"{side.inspection}/{side.rev}/{(side.photo or b'').hex()}/{side.element or ''}"
            for side in sides
        ]
        return uuid5(_NAMESPACE, " ".join([self.kind, *told]))


def mirrored(flag: Flag) -> Flag:
    """The same sign as it stands at the other inspection. Raises ValueError if there is none."""
    if flag.other is None:
        raise ValueError(f"{flag.kind} is about one inspection only")
    return replace(flag, side=flag.other, other=flag.side)


def distance_m(one: Place, two: Place) -> float:
    """Metres along a great circle (haversine; a sphere of the Earth's mean radius)."""
    lat_1, lat_2 = math.radians(one.lat), math.radians(two.lat)
    half = math.sin((lat_2 - lat_1) / 2) ** 2
    half += math.cos(lat_1) * math.cos(lat_2) * math.sin(math.radians(two.lon - one.lon) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def surely_apart_m(one: Place, two: Place) -> float:
    """How far apart they are at least, if both are as far off as they may be."""
    return max(0.0, distance_m(one, two) - one.accuracy_m - two.accuracy_m)


def tells_something(dhash: int) -> bool:
    """Whether a difference hash can be compared: nearly uniform pictures all have the same."""
    return LEAST_BITS <= (dhash & (1 << 64) - 1).bit_count() <= 64 - LEAST_BITS


def alike_bits(one: int, two: int) -> int:
    """In how many of 64 bits two difference hashes differ, signed or not."""
    return ((one ^ two) & (1 << 64) - 1).bit_count()


def single_flags(visit: Visit, photos: Iterable[PhotoClaims], limits: Thresholds) -> Iterator[Flag]:
    """Flags that one inspection raises by itself."""
    if visit.position is not None and visit.site_place is not None:
        yield from _far(FlagKind.VISIT_FAR, visit.side, visit.position, visit.site_place, limits)
    for photo in photos:
        if photo.taken is not None:
            yield from _outside_visit(visit, photo.side, photo.taken, limits)
        if photo.place is not None and visit.site_place is not None:
            yield from _far(FlagKind.PHOTO_FAR, photo.side, photo.place, visit.site_place, limits)


def _far(kind: FlagKind, side: Side, at: Place, site: Place, limits: Thresholds) -> Iterator[Flag]:
    apart = math.ceil(surely_apart_m(at, site))
    if apart > limits.far_m:
        accuracy = {"accuracy_m": round(at.accuracy_m)} if at.accuracy_m else {}
        yield Flag(kind, side, figures={"distance_m": apart, "limit_m": limits.far_m} | accuracy)


def _outside_visit(visit: Visit, side: Side, taken: str, limits: Thresholds) -> Iterator[Flag]:
    try:
        at = datetime.fromisoformat(taken)
        assumed = at.tzinfo is None
        # A camera that names no zone shows the time of the wall beside it.
        at = at.replace(tzinfo=ZONE) if assumed else at
        early = _seconds(at, visit.photos_from)
        late = _seconds(visit.photos_until, at)
    except (ValueError, OverflowError):
        return
    for kind, seconds in (
        (FlagKind.PHOTO_BEFORE_VISIT, early),
        (FlagKind.PHOTO_AFTER_VISIT, late),
    ):
        minutes = math.ceil(seconds / 60)
        if minutes > limits.photo_minutes:
            figures: dict[str, Any] = {
                "taken": taken,
                "minutes": minutes,
                "limit_minutes": limits.photo_minutes,
                "zone_assumed": assumed,
                "clock_off": visit.clock_off,
            }
            yield Flag(kind, side, figures=figures)


def same_photo(photo: Side, other: Side) -> Flag:
    """One file, byte for byte, at two sites."""
    return Flag(FlagKind.SAME_PHOTO, photo, other)


def alike_photo(photo: PhotoClaims, other: PhotoClaims, limits: Thresholds) -> Iterator[Flag]:
    """Two files at two sites whose pictures look the same; the same file is not meant."""
    if photo.dhash is None or other.dhash is None or photo.side.photo == other.side.photo:
        return
    bits = alike_bits(photo.dhash, other.dhash)
    telling = tells_something(photo.dhash) and tells_something(other.dhash)
    if telling and bits <= limits.alike_bits:
        figures = {"bits": bits, "limit_bits": limits.alike_bits}
        yield Flag(FlagKind.ALIKE_PHOTO, photo.side, other.side, figures)


def impossible_travel(one: Visit, two: Visit, limits: Thresholds) -> Iterator[Flag]:
    """From the end of the earlier visit to the start of the later one nobody drives so fast.

    Visits that overlap in time have no speed; only the distance counts then.
    """
    if one.place is None or two.place is None or one.side.inspection == two.side.inspection:
        return
    times = [one.started, one.finished, two.started, two.finished]
    if None in times or one.site == two.site:
        return
    gap = max(_seconds(one.finished, two.started), _seconds(two.finished, one.started))
    apart = surely_apart_m(one.place, two.place)
    kmh = math.ceil(apart / gap * 3.6) if gap > 0 else None
    if apart >= limits.travel_least_m and (kmh is None or kmh > limits.travel_kmh):
        figures: dict[str, Any] = {
            "distance_m": math.ceil(apart),
            "minutes": math.floor(gap / 60),
            "speed_kmh": kmh,
            "limit_kmh": limits.travel_kmh,
            "clock_off": one.clock_off or two.clock_off,
        }
        yield Flag(FlagKind.IMPOSSIBLE_TRAVEL, one.side, two.side, figures)


def _seconds(earlier: datetime | None, later: datetime | None) -> float:
    return (later - earlier).total_seconds() if earlier and later else 0.0


def same_measurements(
    element: Side, other: Side, element_type: str, values: int, limits: Thresholds
) -> Iterator[Flag]:
    """All `values` measured values of one element are those of another site's element."""
    if values >= limits.equal_values:
        figures = {
            "element_type": element_type,
            "values": values,
            "limit_values": limits.equal_values,
        }
        yield Flag(FlagKind.SAME_MEASUREMENTS, element, other, figures)
