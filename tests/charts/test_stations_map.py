"""The map: every station once, marks by state, areas under them, nothing outside of the picture."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.charts import StationPoint, stations_map, stations_told
from audit_api.charts.drawing import STATE_COLOURS
from audit_api.words import words_in

SVG = "{http://www.w3.org/2000/svg}"
EN = words_in("en")
NAMES = {code: f"District {code}" for code in "ABC"}
SIGNS = ("circle", "polygon")
points = st.builds(
    StationPoint,
    st.integers(39_000_000, 41_000_000),
    st.integers(69_000_000, 72_000_000),
    st.sampled_from(sorted(STATE_COLOURS)),
    st.sampled_from(sorted(NAMES)),
)


def at(lat: float, lon: float, area: str = "A", state: str = "compliant") -> StationPoint:
    return StationPoint(round(lat * 1e6), round(lon * 1e6), state, area)


def drawn(*found: StationPoint, names: dict[str, str] | None = None, **how: int) -> ET.Element:
    return ET.fromstring(stations_map(found, names=names or NAMES, say=EN, **how))  # noqa: S314


def marks(svg: ET.Element) -> list[ET.Element]:
    """Those of stations: the legend's come after the names."""
    found = [one for one in svg if one.tag.removeprefix(SVG) in SIGNS]
    return found[: len(found) - len(STATE_COLOURS)]


def corners(mark: ET.Element) -> list[tuple[float, float]]:
    if mark.get("cx"):
        return [(float(mark.get("cx", "")), float(mark.get("cy", "")))]
    pairs = re.findall(r"([-\d.]+),([-\d.]+)", mark.get("points", ""))
    return [(float(x), float(y)) for x, y in pairs]


@given(st.lists(points, max_size=40), st.sampled_from([270, 420]))
def test_each_station_has_a_mark_inside_the_picture(
    found: list[StationPoint], most_height: int
) -> None:
    svg = drawn(*found, most_height=most_height)
    assert len(marks(svg)) == len(found)
    height = float(svg.get("height", "0"))
    assert height <= most_height + 64
    for mark in marks(svg):
        assert all(0 <= x <= 720 and 0 <= y <= height for x, y in corners(mark))
    assert len(svg.findall(f"{SVG}path")) == len({point.area for point in found})


def test_no_station_at_all_is_a_picture_still() -> None:
    svg = drawn()
    assert marks(svg) == []
    assert svg.findtext(f"{SVG}desc") == "Polling stations by state"


def test_north_is_up_and_east_is_right() -> None:
    south_west, north_east = (corners(one)[0] for one in marks(drawn(at(40, 70), at(41, 71))))
    assert south_west[0] < north_east[0]
    assert south_west[1] > north_east[1]


def test_what_is_worse_lies_over_what_is_better() -> None:
    here = [at(40, 70, state=state) for state in STATE_COLOURS]
    assert marks(drawn(*here))[-1].get("fill") == STATE_COLOURS["not_remediable_in_time"]


def test_the_figures_of_the_legend_are_told_to_whoever_does_not_see_it() -> None:
    found = [at(40, 70), at(40, 71), at(40, 72, state="not_inspected")]
    assert stations_told(found, EN) == "Complies: 2, Not inspected: 1"
    svg = drawn(*found)
    assert svg.findtext(f"{SVG}desc") == "Complies: 2, Not inspected: 1"
    said = Counter(str(one.text) for one in svg.iter(f"{SVG}text"))
    assert said["Complies: 2"] == said["Not inspected: 1"] == said["Not assessed: 0"] == 1


def names_on(svg: ET.Element) -> list[str]:
    return [str(one.text) for one in svg.iter(f"{SVG}text") if one.get("paint-order")]


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_an_area_of_few_stations_has_a_ground_and_a_name(number: int) -> None:
    svg = drawn(*[at(40 + n % 3 / 10, 70 + n / 10) for n in range(number)])
    [ground] = svg.findall(f"{SVG}path")
    assert ground.get("d", "").count("L") >= 1
    assert names_on(svg) == ["District A"]


def test_a_name_that_would_hide_another_is_left_out() -> None:
    svg = drawn(at(40, 70, "A"), at(40, 70, "B"), at(41, 72, "C"))
    assert names_on(svg) == ["District A", "District C"]


def test_the_area_of_most_stations_is_named_for_certain() -> None:
    assert names_on(drawn(at(40, 70, "A"), at(40, 70, "B"), at(40, 70.01, "B"))) == ["District B"]


@given(st.text())
def test_a_name_is_no_markup(name: str) -> None:
    svg = drawn(at(40, 70), names={"A": name})
    assert {one.tag.removeprefix(SVG) for one in svg} <= {
        "title", "desc", "rect", "path", "line", "circle", "polygon", "text",
    }  # fmt: skip
