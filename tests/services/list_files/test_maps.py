"""Lists as maps: GDAL opens GeoJSON and GeoPackage and reads the same rows, places and types."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest

from audit_api.services.list_files.geojson_file import geojson_chunks
from audit_api.services.list_files.geopackage_file import write_geopackage
from audit_api.services.list_files.speaking import Row
from tests.services.list_files.payloads import PAYLOADS
from tests.services.list_files.sample import about, plain, rows, speaker

FORMS = ("geojson", "gpkg")


def write(path: Path, *pages: Sequence[Row]) -> Path:
    if path.suffix == ".geojson":
        path.write_bytes(b"".join(geojson_chunks(plain(), pages, speaker(), about())))
    else:
        write_geopackage(path, plain(), pages, speaker(), about())
    return path


def read(path: Path) -> tuple[dict[str, Any], list[tuple[float, float] | None], dict[str, Any]]:
    """What GDAL says of the one layer, the places and the columns."""
    said, _, places, cells = pyogrio.raw.read(path, datetime_as_string=True)
    points = [None if wkb is None else _point(wkb) for wkb in places]
    return said, points, dict(zip(said["fields"], cells, strict=True))


def _point(wkb: bytes) -> tuple[float, float]:
    assert wkb[:5] == b"\x01\x01\x00\x00\x00"
    x, y = np.frombuffer(wkb[5:], "<f8")
    return float(x), float(y)


@pytest.mark.parametrize("form", FORMS)
def test_gdal_reads_rows_places_and_layer(tmp_path: Path, form: str) -> None:
    made = [*rows(5)]
    path = write(tmp_path / f"list.{form}", made[:2], made[2:])
    assert pyogrio.list_layers(path).tolist() == [["plain", "Point"]]
    said, points, cells = read(path)
    assert said["crs"] == "EPSG:4326"
    assert points == [
        None if row["location"] is None else (row["location"]["lon"], row["location"]["lat"])
        for row in made
    ]
    assert cells["text"].tolist() == [row["text"] for row in made]
    assert cells["whole"].tolist() == [row["whole"] for row in made]
    assert cells["number"].tolist() == [row["number"] for row in made]
    assert [bool(value) for value in cells["yes_no"]] == [row["yes_no"] for row in made]


def test_a_geopackage_has_types(tmp_path: Path) -> None:
    info = pyogrio.read_info(write(tmp_path / "list.gpkg", rows(4)))
    assert dict(zip(info["fields"], info["ogr_types"], strict=True)) == {
        "text": "OFTString",
        "whole": "OFTInteger64",
        "number": "OFTReal",
        "day": "OFTDate",
        "instant": "OFTDateTime",
        "yes_no": "OFTInteger",
    }
    assert dict(zip(info["fields"], info["ogr_subtypes"], strict=True))["yes_no"] == "OFSTBoolean"
    assert info["geometry_type"] == "Point"
    assert info["total_bounds"] == (70.5, 40.001, 70.5, 40.004)
    _, _, cells = read(tmp_path / "list.gpkg")
    assert set(cells["day"]) == {"2021-11-18"}
    assert set(cells["instant"]) == {"2021-10-20T04:00:00Z"}


def test_a_geopackage_is_one_by_its_header_and_tables(tmp_path: Path) -> None:
    path = write(tmp_path / "list.gpkg", rows(3))
    with closing(sqlite3.connect(path)) as file:

        def ask(statement: str) -> list[Any]:
            return file.execute(statement).fetchall()

        assert ask("pragma application_id") == [(0x47504B47,)]
        assert ask("pragma user_version") == [(10300,)]
        assert ask("pragma integrity_check") == [("ok",)]
        assert ask("pragma foreign_key_check") == []
        assert ask("select srs_id from gpkg_spatial_ref_sys order by 1") == [(-1,), (0,), (4326,)]
        [(identifier, description, changed)] = ask(
            "select identifier, description, last_change from gpkg_contents"
        )
        assert (identifier, changed) == ("Sample", "2021-10-20T04:00:00.123Z")
        assert description.startswith("rows: 3; by: Aida")
        [(blob,), *_] = ask("select geom from plain where geom is not null")
    # Magic, version 0, little endian with an envelope of x and y, and the reference system.
    assert blob[:8] == b"GP\x00\x03\xe6\x10\x00\x00"
    assert np.frombuffer(blob[8:40], "<f8").tolist() == [70.5, 70.5, 40.001, 40.001]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_list_is_the_same_bytes(tmp_path: Path, form: str) -> None:
    one = write(tmp_path / f"one.{form}", rows(40)).read_bytes()
    assert write(tmp_path / f"two.{form}", rows(40)).read_bytes() == one
    assert write(tmp_path / f"three.{form}", rows(41)).read_bytes() != one


@pytest.mark.parametrize("form", FORMS)
def test_a_list_without_rows_or_places_opens(tmp_path: Path, form: str) -> None:
    assert len(read(write(tmp_path / f"nothing.{form}", []))[1]) == 0
    nowhere = write(tmp_path / f"nowhere.{form}", rows(2, location=None))
    assert read(nowhere)[1] == [None, None]


@pytest.mark.parametrize("form", FORMS)
def test_any_text_arrives_as_it_was(tmp_path: Path, form: str) -> None:
    texts = [text for text in PAYLOADS if not any(c in text for c in "\x00\x01\x0b\x1f")]
    made = [rows(1, text=text)[0] for text in texts]
    _, _, cells = read(write(tmp_path / f"list.{form}", made))
    assert cells["text"].tolist() == texts


def test_geojson_says_at_its_end_how_many_rows_it_has() -> None:
    chunks = list(geojson_chunks(plain(), [rows(2), rows(3)], speaker(), about()))
    said = json.loads(b"".join(chunks))
    assert (said["rows"], len(said["features"])) == (5, 5)
    assert said["parameters"] == {"severity": "major"}
    assert "crs" not in said
    for n in range(1, len(chunks)):
        with pytest.raises(json.JSONDecodeError):
            json.loads(b"".join(chunks[:n]))


def test_a_feature_is_as_rfc_7946_has_it() -> None:
    data = b"".join(geojson_chunks(plain(), [rows(3)], speaker(), about()))
    first, _, third = json.loads(data)["features"]
    assert first.keys() == {"type", "id", "geometry", "properties"}
    # Longitude first.
    assert first["geometry"] == {"type": "Point", "coordinates": [70.5, 40.001]}
    assert third["geometry"] is None
