"""The stations as points: a map drawn from the data alone, without anybody's tiles."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit_api.charts.drawing import FAINT, GRID, STATE_COLOURS, Drawing, nice_step
from audit_api.charts.hull import Point
from audit_api.charts.words import state_words
from audit_api.words import Words

_WIDTH: Final = 720
_LEAST_HEIGHT: Final = 160
_MOST_HEIGHT: Final = 420
_MARGIN: Final = 30
_LEGEND: Final = 64
_KM_PER_DEGREE: Final = 111.32
# The worst are drawn last, over the others.
_ORDER: Final = (
    "not_inspected",
    "not_assessed",
    "compliant",
    "usable_with_temporary_measures",
    "not_remediable_in_time",
)


@dataclass(frozen=True, slots=True)
class StationPoint:
    """A station's place (WGS 84, millionths of a degree), state (of STATE_COLOURS) and area."""

    lat_e6: int
    lon_e6: int
    state: str
    area: str

    @property
    def degrees(self) -> Point:
        """Latitude and longitude."""
        return self.lat_e6 / 1e6, self.lon_e6 / 1e6


def stations_map(
    points: Sequence[StationPoint],
    *,
    names: Mapping[str, str],
    say: Words,
    most_height: int = _MOST_HEIGHT,
) -> str:
    """An SVG: every station by its state on the areas that they span; `names`: of the areas.

    Equirectangular, north is up, true to scale in the middle, at most `most_height` points high
    without the legend. Stations without a place are not on it, so the counts of the legend are of
    the points shown.
    """
    plan = _Plan([point.degrees for point in points], most_height)
    title = say("Polling stations by state")
    told = stations_told(points, say)
    drawing = Drawing(_WIDTH, plan.height + _LEGEND, title, told or title)
    areas: dict[str, list[Point]] = {}
    for point in points:
        areas.setdefault(point.area, []).append(plan.place(*point.degrees))
    for code in sorted(areas):
        drawing.area(areas[code])
    for point in sorted(points, key=lambda p: (_ORDER.index(p.state), p.degrees)):
        drawing.mark(plan.place(*point.degrees), point.state, size=3.2)
    _label(drawing, {code: (names[code], areas[code]) for code in sorted(areas)})
    plan.scale(drawing, say)
    counts = Counter(point.state for point in points)
    for n, state in enumerate(STATE_COLOURS):
        x, y = 12 + (n % 2) * 354, plan.height + 18 + n // 2 * 18
        drawing.mark((x, y - 4), state)
        drawing.words((x + 10, y), f"{state_words(state, say)}: {say.number(counts[state])}")
    drawing.line((0, plan.height), (_WIDTH, plan.height), stroke=GRID)
    return drawing.text()


def stations_told(points: Sequence[StationPoint], say: Words) -> str:
    """What a map of these points shows, for whoever does not see it; empty without points."""
    counts = Counter(point.state for point in points)
    return ", ".join(
        f"{state_words(state, say)}: {say.number(counts[state])}"
        for state in STATE_COLOURS
        if counts[state]
    )


def _label(drawing: Drawing, areas: Mapping[str, tuple[str, Sequence[Point]]]) -> None:
    """Names above their areas, most stations first; one that would cover another is left out."""
    taken: list[tuple[float, float, float]] = []
    for name, places in sorted(areas.values(), key=lambda one: (-len(one[1]), one[0])):
        half = len(name) * 3.5
        x = sum(x for x, _ in places) / len(places)
        x = min(max(x, half + 4), _WIDTH - half - 4)
        y = min(y for _, y in places) - 11
        if all(abs(x - ox) > half + other or abs(y - oy) > 14 for ox, oy, other in taken):
            taken.append((x, y, half))
            drawing.words((x, y), name, anchor="middle", halo=True)


class _Plan:
    """Where a place lies in the picture."""

    def __init__(self, places: Sequence[Point], most_height: int) -> None:
        lats, lons = [lat for lat, _ in places] or [0.0], [lon for _, lon in places] or [0.0]
        self._lat, self._lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
        self._shrink = math.cos(math.radians(self._lat))
        # One station alone lies in the middle of ten kilometres.
        height = max(max(lats) - min(lats), 10 / _KM_PER_DEGREE)
        width = max((max(lons) - min(lons)) * self._shrink, 10 / _KM_PER_DEGREE)
        self._per_degree = min((_WIDTH - 2 * _MARGIN) / width, (most_height - 2 * _MARGIN) / height)
        self.height = max(height * self._per_degree + 2 * _MARGIN, _LEAST_HEIGHT)

    def place(self, lat: float, lon: float) -> Point:
        """Where in the picture a place lies."""
        x = _WIDTH / 2 + (lon - self._lon) * self._shrink * self._per_degree
        return x, self.height / 2 - (lat - self._lat) * self._per_degree

    def scale(self, drawing: Drawing, say: Words) -> None:
        """A line as long as so many kilometres, at the lower right."""
        per_km = self._per_degree / _KM_PER_DEGREE
        km = nice_step(110 / per_km, 1)
        end = _WIDTH - _MARGIN
        drawing.line((end - km * per_km, self.height - 8), (end, self.height - 8), stroke=FAINT)
        drawing.words(
            (end, self.height - 12), say("{km} km", km=say.number(km)), anchor="end", size=9
        )
