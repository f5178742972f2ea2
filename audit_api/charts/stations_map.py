"""The stations as points: a map drawn from the data alone, without anybody's tiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit_api.charts.drawing import FAINT, GRID, STATE_COLOURS, Drawing, Point, nice_step
from audit_api.charts.words import state_words
from audit_api.words import Words

_WIDTH: Final = 720
_LEAST_HEIGHT: Final = 160
_MOST_HEIGHT: Final = 420
_MARGIN: Final = 30
_LEGEND: Final = 64
_KM_PER_DEGREE: Final = 111.32


@dataclass(frozen=True, slots=True)
class StationPoint:
    """A station's place (WGS 84) and state (of STATE_COLOURS)."""

    lat: float
    lon: float
    state: str


def stations_map(
    points: Sequence[StationPoint], *, names: Sequence[tuple[str, float, float]], say: Words
) -> str:
    """An SVG: every station by its state; `names`: what stands where (name, latitude, longitude).

    Equirectangular, north is up, true to scale in the middle; stations without a place are not
    on it, so the counts of the legend are of the points shown.
    """
    counts = {state: sum(p.state == state for p in points) for state in STATE_COLOURS}
    told = ", ".join(f"{state_words(s, say)}: {say.number(n)}" for s, n in counts.items() if n)
    plan = _Plan(points)
    title = say("Polling stations by state")
    drawing = Drawing(_WIDTH, plan.height + _LEGEND, title, told or title)
    # The worst are drawn last, over the others.
    ordered = ("not_inspected", "not_assessed", "compliant", *_WORSE)
    for point in sorted(points, key=lambda p: (ordered.index(p.state), p.lat, p.lon)):
        drawing.mark(plan.place(point.lat, point.lon), point.state, size=3.2)
    _label(drawing, plan, names)
    plan.scale(drawing, say)
    for n, (state, count) in enumerate(counts.items()):
        x, y = 12 + (n % 2) * 354, plan.height + 18 + n // 2 * 18
        drawing.mark((x, y - 4), state)
        drawing.words((x + 10, y), f"{state_words(state, say)}: {say.number(count)}")
    drawing.line((0, plan.height), (_WIDTH, plan.height), stroke=GRID)
    return drawing.text()


def _label(drawing: Drawing, plan: "_Plan", names: Sequence[tuple[str, float, float]]) -> None:
    """The names in their order; one that would cover another is left out."""
    taken: list[tuple[float, float, float]] = []
    for name, lat, lon in names:
        x, y = plan.place(lat, lon)
        half = len(name) * 2.9
        x = min(max(x, half + 4), _WIDTH - half - 4)
        if all(abs(x - ox) > half + other or abs(y - oy) > 12 for ox, oy, other in taken):
            taken.append((x, y, half))
            drawing.words((x, y - 7), name, anchor="middle", size=9, halo=True)


_WORSE: Final = ("usable_with_temporary_measures", "not_remediable_in_time")


class _Plan:
    """Where a place lies in the picture."""

    def __init__(self, points: Sequence[StationPoint]) -> None:
        lats, lons = [p.lat for p in points] or [0.0], [p.lon for p in points] or [0.0]
        self._lat, self._lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
        self._shrink = math.cos(math.radians(self._lat))
        # One station alone lies in the middle of ten kilometres.
        height = max(max(lats) - min(lats), 10 / _KM_PER_DEGREE)
        width = max((max(lons) - min(lons)) * self._shrink, 10 / _KM_PER_DEGREE)
        self._per_degree = min(
            (_WIDTH - 2 * _MARGIN) / width, (_MOST_HEIGHT - 2 * _MARGIN) / height
        )
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
