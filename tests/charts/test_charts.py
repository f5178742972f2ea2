"""Charts stay whole with no data, one point, and hostile words."""

from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.charts import StationBar, burn_up_chart, stations_chart
from audit_api.charts.drawing import STATE_COLOURS, nice_step
from audit_api.domain.oversight.burn_up import Day
from audit_api.words import words_in

SVG = "{http://www.w3.org/2000/svg}"
ELECTION = date(2021, 11, 28)
EN = words_in("en")


def shapes(svg: str, *names: str) -> int:
    """How many shapes of these names a picture has."""
    root = ET.fromstring(svg)  # noqa: S314 - our own
    return sum(element.tag.removeprefix(SVG) in names for element in root)


@given(st.text())
def test_no_name_is_markup(name: str) -> None:
    bar = StationBar(name, {"compliant": 1})
    root = ET.fromstring(stations_chart([bar], title=name, say=EN))  # noqa: S314 - our own
    assert {element.tag.removeprefix(SVG) for element in root} <= {
        "title", "desc", "rect", "circle", "polygon", "text",
    }  # fmt: skip


def test_a_chart_of_nothing_is_a_picture_still() -> None:
    days = [Day(ELECTION, 0, 0, 0)]
    chart = burn_up_chart(days, stations=0, election_day=ELECTION, milestones={}, say=EN)
    assert shapes(chart, "polyline") == 6
    assert shapes(stations_chart([], title="none", say=EN), "rect") == 1


def test_a_line_rises_to_where_its_number_is() -> None:
    days = [Day(ELECTION - timedelta(days=10 - n), n * 10, n * 2, n) for n in range(11)]
    chart = burn_up_chart(days, stations=100, election_day=ELECTION, milestones={}, say=EN)
    root = ET.fromstring(chart)  # noqa: S314 - our own
    inspected = next(root.iter(f"{SVG}polyline"))
    heights = [float(point.partition(",")[2]) for point in inspected.get("points", "").split()]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == 360
    assert heights[-1] == pytest.approx(104, abs=1)


@pytest.mark.parametrize(
    ("most", "step"), [(1, 1), (6, 1), (7, 2), (12, 2), (13, 5), (61, 20), (218, 50), (3000, 500)]
)
def test_gridlines_are_at_round_numbers(most: int, step: int) -> None:
    assert nice_step(most, 6) == step


@pytest.mark.parametrize("colour", STATE_COLOURS.values())
def test_a_colour_stands_out_three_to_one_from_white(colour: str) -> None:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 3
