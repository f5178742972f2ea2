"""A map drawn from the data alone: stations as signs, districts as the areas their stations span.

Signs differ in shape, not only in colour. No map of anybody else is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any, Final
from xml.sax.saxutils import escape

from audit_api.words import Words

WIDTH, HEIGHT = 540.0, 250.0
"""The most of the drawing, in points; it is as high as its content."""
_EDGE: Final = 22.0
_SIZE: Final = 3.1
_TEXT: Final = 8.0
_SIGNS: Final = {
    "not_inspected": '<circle cx="{x}" cy="{y}" r="2.6" fill="#fff" stroke="#555" />',
    "no_open": '<circle cx="{x}" cy="{y}" r="2.9" fill="#1b6e3c" />',
    "open": '<path d="M{x} {top} L{right} {bottom} L{left} {bottom} Z" fill="#b3261e" />',
}
"""By the state of a station; what is graver is drawn later, on top."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Frame:
    west: float
    north: float
    scale: float
    shrink: float
    left: float
    top: float

    @property
    def height(self) -> float:
        """Of the drawing."""
        return 2 * self.top

    def place(self, lat: float, lon: float) -> Point:
        """Where a place lies on the drawing."""
        return (
            round(self.left + (lon - self.west) * self.shrink * self.scale, 1),
            round(self.top + (self.north - lat) * self.scale, 1),
        )


def station_map(
    say: Words, points: Sequence[Mapping[str, Any]], names: Mapping[str, Mapping[str, str]]
) -> bytes | None:
    """An SVG of the points; None when there are none.

    `points`: lat_e6 and lon_e6 (millionths of a degree), state (`not_inspected`, `no_open`,
    `open`), district (a code); `names`: of the districts.
    """
    if not points:
        return None
    frame = _frame([(p["lat_e6"] / 1e6, p["lon_e6"] / 1e6) for p in points])
    placed = [(frame.place(p["lat_e6"] / 1e6, p["lon_e6"] / 1e6), p) for p in points]
    areas: dict[str, list[Point]] = {}
    for place, point in placed:
        areas.setdefault(point["district"], []).append(place)
    drawn = [_area(areas[code]) for code in sorted(areas)]
    order = list(_SIGNS)
    for (x, y), point in sorted(placed, key=lambda one: (order.index(one[1]["state"]), one[0])):
        drawn.append(_sign(point["state"], x, y))
    drawn += _labels({code: (say.of(names[code]), areas[code]) for code in sorted(areas)})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {frame.height}" '
        f'width="{WIDTH}" height="{frame.height}">{"".join(drawn)}</svg>'
    ).encode()


def _frame(places: Sequence[Point]) -> _Frame:
    lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
    shrink = cos(radians((min(lats) + max(lats)) / 2))
    # A single building gets a map of a kilometre or so.
    wide = max((max(lons) - min(lons)) * shrink, 0.01)
    high = max(max(lats) - min(lats), 0.01)
    scale = min((WIDTH - 2 * _EDGE) / wide, (HEIGHT - 2 * _EDGE) / high)
    middle_lon, middle_lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    top = round(high * scale / 2 + _EDGE)
    return _Frame(middle_lon, middle_lat, scale, shrink, WIDTH / 2, top)


def _sign(state: str, x: float, y: float) -> str:
    return _SIGNS[state].format(
        x=x,
        y=y,
        top=round(y - _SIZE * 1.15, 1),
        bottom=round(y + _SIZE * 0.85, 1),
        left=round(x - _SIZE, 1),
        right=round(x + _SIZE, 1),
    )


def _area(places: Sequence[Point]) -> str:
    hull = _hull(places)
    if len(hull) == 1:
        [(x, y)] = hull
        return f'<circle cx="{x}" cy="{y}" r="9" fill="#e3eef3" opacity="0.75" />'
    corners = " L".join(f"{x} {y}" for x, y in hull)
    return (
        f'<path d="M{corners} Z" fill="#e3eef3" stroke="#e3eef3" stroke-width="18" '
        'stroke-linejoin="round" stroke-linecap="round" opacity="0.75" />'
    )


def _hull(places: Sequence[Point]) -> list[Point]:
    """The convex hull, by Andrew's monotone chain."""
    ordered = sorted(set(places))
    if len(ordered) < 3:
        return ordered
    return _chain(ordered)[:-1] + _chain(ordered[::-1])[:-1]


def _chain(ordered: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _labels(areas: Mapping[str, tuple[str, Sequence[Point]]]) -> list[str]:
    """The names of the areas above them, the largest first; one that would hide another is left."""
    taken: list[tuple[float, float, float, float]] = []
    drawn = []
    for name, places in sorted(areas.values(), key=lambda one: (-len(one[1]), one[0])):
        half = len(name) * _TEXT * 0.32
        x = sum(x for x, _ in places) / len(places)
        x = min(max(x, half), WIDTH - half)
        y = max(min(y for _, y in places) - 10, _TEXT)
        box = (x - half, y - _TEXT, x + half, y + 2)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        drawn.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-family="Inter" font-size="{_TEXT}" '
            'text-anchor="middle" fill="#222" stroke="#fff" stroke-width="2" paint-order="stroke">'
            f"{escape(name)}</text>"
        )
    return drawn
