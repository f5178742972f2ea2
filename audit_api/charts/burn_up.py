"""Stations inspected and violations closed, day by day, up to election day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from audit_api.charts.drawing import FAINT, GRID, INK, STATE_COLOURS, Drawing, nice_step
from audit_api.domain.oversight.burn_up import Day
from audit_api.words import Words

_WIDTH: Final = 720
_HEIGHT: Final = 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 40.0, 104.0, 40.0
_ROWS: Final = 4
"""Names of milestones stand in so many rows between the legend and the lines."""
_MOST_LABELS: Final = 8


def burn_up_chart(
    days: Sequence[Day],
    *,
    stations: int,
    election_day: date,
    milestones: Mapping[date, str],
    say: Words,
) -> str:
    """An SVG: stations inspected of all, violations found and closed.

    `days` as `audit_api.domain.oversight.burn_up` makes them, at least one; `milestones`: the name
    of each day, in the language of `say`.
    """
    now = days[-1]
    drawing = Drawing(
        _WIDTH,
        _HEIGHT,
        say("Stations inspected, violations found and closed, by day"),
        say(
            "By {day}: {inspected} of {stations} stations inspected, {found} violations found, "
            "{closed} of them closed by a measurement.",
            day=say.day(now.day),
            inspected=say.number(now.inspected),
            stations=say.number(stations),
            found=say.number(now.found),
            closed=say.number(now.closed),
        ),
    )
    last = max(election_day, now.day)
    axes = _Axes(days[0].day, last, max(stations, now.found, 1))
    _grid(drawing, axes, say)
    for day, name in milestones.items():
        if days[0].day <= day <= last:
            x = axes.x(day)
            y = _TOP - 6 - 12 * (_ROWS - 1 - list(milestones).index(day) % _ROWS)
            drawing.line((x, y - 8), (x, axes.bottom), stroke=FAINT, dashes="2 3")
            _beside(drawing, x, y, name)
    level = axes.y(stations)
    drawing.line((_LEFT, level), (_WIDTH - _RIGHT, level), stroke=STATE_COLOURS["compliant"])
    drawing.words((_WIDTH - _RIGHT + 4, level + 3), say.number(stations), size=9)
    for line in _LINES:
        points = [(axes.x(day.day), axes.y(line.figure(day))) for day in days]
        drawing.curve(points, stroke=line.stroke, dashes=line.dashes)
    _legend(drawing, say, stations, now)
    return drawing.text()


@dataclass(frozen=True, slots=True)
class _Line:
    figure: Callable[[Day], int]
    stroke: str
    dashes: str


_LINES: Final = (
    _Line(lambda day: day.inspected, STATE_COLOURS["compliant"], ""),
    _Line(lambda day: day.found, STATE_COLOURS["not_remediable_in_time"], "6 3"),
    _Line(lambda day: day.closed, STATE_COLOURS["usable_with_temporary_measures"], "2 2"),
)


class _Axes:
    """Where a day and a number lie in the picture."""

    bottom = _HEIGHT - _BOTTOM

    def __init__(self, first: date, last: date, most: int) -> None:
        self.first, self.last = first, last
        self.step = nice_step(most, 6)
        self.most = -(-most // self.step) * self.step

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        return _LEFT + (day - self.first).days / span * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return self.bottom - value / self.most * (self.bottom - _TOP)


def _grid(drawing: Drawing, axes: _Axes, say: Words) -> None:
    for value in range(0, axes.most + 1, axes.step):
        y = axes.y(value)
        drawing.line((_LEFT, y), (_WIDTH - _RIGHT, y), stroke=INK if value == 0 else GRID)
        drawing.words((_LEFT - 6, y + 4), say.number(value), anchor="end")
    span = (axes.last - axes.first).days
    every = max(1, -(-span // _MOST_LABELS))
    for n in range(0, span + 1, every):
        day = date.fromordinal(axes.first.toordinal() + n)
        drawing.words((axes.x(day), axes.bottom + 16), say.day(day, short=True), anchor="middle")


def _beside(drawing: Drawing, x: float, y: float, name: str) -> None:
    """A name beside a vertical line, on the side where there is room."""
    right = x < _WIDTH * 0.7
    drawing.words((x + 4 if right else x - 4, y), name, anchor="start" if right else "end", size=9)


def _legend(drawing: Drawing, say: Words, stations: int, now: Day) -> None:
    told = (
        say(
            "Inspected: {number} of {all}",
            number=say.number(now.inspected),
            all=say.number(stations),
        ),
        say("Violations found: {number}", number=say.number(now.found)),
        say("Violations closed: {number}", number=say.number(now.closed)),
    )
    for n, (line, text) in enumerate(zip(_LINES, told, strict=True)):
        x = _LEFT + n * 225
        drawing.curve([(x, 24), (x + 26, 24)], stroke=line.stroke, dashes=line.dashes)
        drawing.words((x + 32, 28), text)
