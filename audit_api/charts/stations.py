"""How the stations of each territory stand, as bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit_api.charts.drawing import STATE_COLOURS, Drawing
from audit_api.charts.words import state_words
from audit_api.words import Words, name_key

_WIDTH: Final = 720
_NAMES: Final = 210
_ROW: Final = 22
_TOP: Final = 76
_NUMBERS: Final = 56
_LONGEST: Final = 30


@dataclass(frozen=True, slots=True)
class StationBar:
    """A territory or constituency: its name, and how many of its stations are in which state."""

    name: str
    states: Mapping[str, int]

    @property
    def stations(self) -> int:
        """All of them."""
        return sum(self.states.values())


def stations_chart(bars: Sequence[StationBar], *, title: str, say: Words) -> str:
    """An SVG: a bar for each group, by name; `states` of STATE_COLOURS, all of a group's stations.

    Bars are as long as their shares: each is the whole width, its number stands at its end.
    """
    ordered = sorted(bars, key=lambda bar: name_key(bar.name))
    told = "; ".join(f"{bar.name}: {_told(bar, say)}" for bar in ordered)
    drawing = Drawing(_WIDTH, _TOP + _ROW * max(len(ordered), 1) + 12, title, told)
    for n, state in enumerate(STATE_COLOURS):
        # Two in a line: the words of three languages are as long as that.
        x, y = 12 + (n % 2) * 354, 16 + n // 2 * 18
        drawing.mark((x, y - 4), state)
        drawing.words((x + 10, y), state_words(state, say))
    for n, bar in enumerate(ordered):
        _bar(drawing, bar, _TOP + n * _ROW, say)
    return drawing.text()


def _bar(drawing: Drawing, bar: StationBar, y: float, say: Words) -> None:
    drawing.words((_NAMES - 8, y + 12), _short(bar.name), anchor="end")
    x = float(_NAMES)
    room = _WIDTH - _NAMES - _NUMBERS
    for state, colour in STATE_COLOURS.items():
        width = room * bar.states.get(state, 0) / max(bar.stations, 1)
        drawing.rect(x, y, width, _ROW - 6, fill=colour)
        if width >= 18:
            drawing.mark((x + 9, y + (_ROW - 6) / 2), state)
        x += width
    drawing.words((_WIDTH - _NUMBERS + 8, y + 12), say.number(bar.stations))


def _told(bar: StationBar, say: Words) -> str:
    return ", ".join(
        f"{state_words(state, say)} {say.number(bar.states[state])}"
        for state in STATE_COLOURS
        if bar.states.get(state)
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
