"""What every chart is drawn with: a picture with title and description, lines, shapes, words.

Shapes differ in form and not in colour alone; every colour stands out 3:1 from white paper.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from audit_api.charts.hull import Point, hull

INK: Final = "#1a1a1a"
FAINT: Final = "#767676"
GRID: Final = "#d9d9d9"
_AREA: Final = "#e3eef3"
STATE_COLOURS: Final = {
    "compliant": "#00714d",
    "usable_with_temporary_measures": "#b35900",
    "not_remediable_in_time": "#a50026",
    "not_assessed": "#4c5fa8",
    "not_inspected": "#767676",
}
"""The states of a station, the one that nobody has visited last."""
_SVG: Final = "http://www.w3.org/2000/svg"
_FONT: Final = "Inter, 'Noto Sans', 'DejaVu Sans', sans-serif"


def number(value: float) -> str:
    """A length in the picture, to a tenth."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


class Drawing:
    """A picture of `width` x `height` points, read aloud as `title`, then `description`."""

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        self.root = ET.Element(
            "svg",
            {
                "xmlns": _SVG,
                "viewBox": f"0 0 {number(width)} {number(height)}",
                "width": number(width),
                "height": number(height),
                "role": "img",
                "aria-labelledby": "title description",
                "font-family": _FONT,
                "font-size": "11",
                "fill": INK,
            },
        )
        ET.SubElement(self.root, "title", id="title").text = _printable(title)
        ET.SubElement(self.root, "desc", id="description").text = _printable(description)
        self.rect(0, 0, width, height, fill="#ffffff")

    def rect(self, x: float, y: float, width: float, height: float, *, fill: str) -> None:
        """A filled rectangle; nothing where it has no area."""
        if width > 0 and height > 0:
            box = {"x": x, "y": y, "width": width, "height": height}
            ET.SubElement(
                self.root, "rect", {n: number(v) for n, v in box.items()} | {"fill": fill}
            )

    def line(self, start: Point, end: Point, *, stroke: str = INK, dashes: str = "") -> None:
        """A straight line."""
        ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
        style = {"stroke": stroke} | ({"stroke-dasharray": dashes} if dashes else {})
        ET.SubElement(self.root, "line", {n: number(v) for n, v in ends.items()} | style)

    def curve(self, points: Iterable[Point], *, stroke: str, dashes: str = "") -> None:
        """Straight pieces from point to point."""
        through = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        style = {"stroke-dasharray": dashes} if dashes else {}
        ET.SubElement(
            self.root,
            "polyline",
            {"points": through, "fill": "none", "stroke": stroke, "stroke-width": "2"} | style,
        )

    def area(self, points: Sequence[Point]) -> None:
        """A pale ground under what these points span; a disc under a single one."""
        corners = hull(points)
        # A line of no length is drawn by no browser; one of a tenth of a point has round ends.
        corners += [(x + 0.1, y) for x, y in corners if len(corners) == 1]
        through = " L".join(f"{number(x)} {number(y)}" for x, y in corners)
        style = {
            "fill": _AREA,
            "stroke": _AREA,
            "stroke-width": "18",
            "stroke-linejoin": "round",
            "stroke-linecap": "round",
            "opacity": "0.75",
        }
        ET.SubElement(self.root, "path", {"d": f"M{through} Z"} | style)

    def words(
        self, at: Point, text: str, *, anchor: str = "start", size: int = 11, halo: bool = False
    ) -> None:
        """A line of text whose foot is at `at`; `anchor`: start, middle or end.

        `halo`: white around it, over what lies there.
        """
        style = {"text-anchor": anchor, "font-size": str(size)}
        if halo:
            style |= {"stroke": "#ffffff", "stroke-width": "2.5", "paint-order": "stroke"}
        placed = {"x": number(at[0]), "y": number(at[1])}
        ET.SubElement(self.root, "text", placed | style).text = _printable(text)

    def mark(self, at: Point, state: str, *, size: float = 4) -> None:
        """The shape of a station's state, its middle at `at`."""
        x, y = at
        fill = STATE_COLOURS[state]
        if state == "not_inspected":
            style = {"fill": "#ffffff", "stroke": fill, "stroke-width": "1.2"}
        else:
            style = {"fill": fill, "stroke": "#ffffff", "stroke-width": "0.6"}
        if state in ("compliant", "not_inspected"):
            placed = {"cx": number(x), "cy": number(y), "r": number(size)}
            ET.SubElement(self.root, "circle", placed | style)
            return
        s = size * 1.15
        corners = {
            "usable_with_temporary_measures": ((x, y - s), (x + s, y + s), (x - s, y + s)),
            "not_remediable_in_time": (
                (x - s, y - s),
                (x + s, y - s),
                (x + s, y + s),
                (x - s, y + s),
            ),
            "not_assessed": ((x, y - s), (x + s, y), (x, y + s), (x - s, y)),
        }[state]
        points = " ".join(f"{number(px)},{number(py)}" for px, py in corners)
        ET.SubElement(self.root, "polygon", {"points": points} | style)

    def text(self) -> str:
        """The picture as an SVG document."""
        return ET.tostring(self.root, encoding="unicode") + "\n"


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c < "\ufffe")


def nice_step(most: float, steps: int) -> int:
    """The distance of gridlines: 1, 2 or 5 times a power of ten, at most `steps` of them."""
    step = 1
    while most / step > steps:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step
