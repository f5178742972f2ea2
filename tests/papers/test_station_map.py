"""The map: every station once, signs by state, nothing outside of the drawing."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from audit_api.papers.station_map import WIDTH, station_map
from audit_api.words import words_in

NAMES = {code: dict.fromkeys(("ky", "ru", "en"), f"District {code}") for code in "ABC"}


def drawn(*points: tuple[float, float, str, str]) -> ET.Element:
    told = [
        {"lat_e6": int(lat * 1e6), "lon_e6": int(lon * 1e6), "state": state, "district": district}
        for lat, lon, state, district in points
    ]
    made = station_map(words_in("en"), told, NAMES)
    assert made is not None
    return ET.fromstring(made)  # noqa: S314 - our own drawing


def signs(svg: ET.Element) -> list[Any]:
    return [one for one in svg if one.get("opacity") is None and not one.tag.endswith("text")]


def test_without_stations_there_is_no_map() -> None:
    assert station_map(words_in("en"), [], {}) is None


@pytest.mark.parametrize("number", [1, 2, 3, 200])
def test_every_station_has_one_sign_inside_the_drawing(number: int) -> None:
    states = ("not_inspected", "no_open", "open")
    points = [
        (39.5 + n * 7919 % 997 / 1000, 69 + n * 104_729 % 991 / 400, states[n % 3], "ABC"[n % 3])
        for n in range(number)
    ]
    svg = drawn(*points)
    assert len(signs(svg)) == number
    height = float(svg.attrib["height"])
    for one in signs(svg):
        if one.get("cx"):
            places = [(one.get("cx"), one.get("cy"))]
        else:
            places = re.findall(r"([\d.]+) ([\d.]+)", one.get("d"))
        assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= height for x, y in places)


def test_north_is_up_and_east_is_right() -> None:
    svg = drawn((40.0, 70.0, "no_open", "A"), (41.0, 71.0, "no_open", "A"))
    (one, other) = sorted((float(s.get("cx")), float(s.get("cy"))) for s in signs(svg))
    assert one[0] < other[0]
    assert one[1] > other[1]


def test_one_building_alone_still_has_an_area_and_a_name() -> None:
    svg = drawn((40.0, 70.0, "open", "A"))
    assert [one.tag.rpartition("}")[2] for one in svg] == ["circle", "path", "text"]


def test_a_name_that_would_hide_another_is_left_out() -> None:
    svg = drawn((40.0, 70.0, "open", "A"), (40.0, 70.0, "open", "B"), (41.0, 72.0, "open", "C"))
    names = [one.text for one in svg if one.tag.endswith("text")]
    assert names == ["District A", "District C"]


def test_a_name_is_no_markup() -> None:
    names = {"A": dict.fromkeys(("ky", "ru", "en"), "<script>&")}
    point = {"lat_e6": 1, "lon_e6": 1, "state": "open", "district": "A"}
    assert b"&lt;script&gt;&amp;" in (station_map(words_in("en"), [point], names) or b"")
