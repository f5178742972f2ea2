"""Small legal files, and what is changed about them."""

import csv as csv_module
import io
import json as json_module
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def territory(code: str, kind: str, parent: str, **cells: Any) -> Row:
    """A line of territories."""
    return {
        "code": code,
        "kind": kind,
        "parent": parent,
        "valid_from": "",
        "name_ky": f"Өңүр {code}",
        "name_ru": f"Регион {code}",
        "name_en": f"Place {code}",
        "lat": "40.0604",
        "lon": "70.8193",
    } | cells


def station(number: int, **cells: Any) -> Row:
    """A line of stations."""
    return {
        "number": str(number),
        "voters": "1703",
        "constituency": "1",
        "territory": "A",
        "site_name_ky": f"Мектеп № {number}",
        "site_name_ru": f"Школа № {number}",
        "site_name_en": f"School {number}",
        "address": "улица Ленина, 1",
        "lat": "39.82951",
        "lon": "69.51415",
        "building_status": "existing",
        "built_on": "1990-09-01",
        "altered_on": "",
        "synthetic": "voters|location",
    } | cells


TERRITORIES = [
    territory("R", "region", ""),
    territory("D", "district", "R"),
    territory("A", "aiyl_aimak", "D"),
    territory("C", "city", "R"),
]
STATIONS = [station(8001), station(8002), station(8003, territory="C")]
CAMPAIGN: Row = {
    "id": "kg-test",
    "name": {"ky": "Шайлоо", "ru": "Выборы", "en": "Elections"},
    "election_day": "2021-11-28",
    "territory": "R",
    "profile": "kg-demo-2021",
    "forms": ["ramp/1", "station/1"],
    "milestones": [
        {
            "id": "remediation_due",
            "days_before": 10,
            "name": {"ky": "Бүттү", "ru": "Устранено", "en": "Repaired"},
        }
    ],
    "constituencies": [{"number": 1, "name": {"ky": "Лейлек", "ru": "Лейлек", "en": "Leilek"}}],
}


def changed(rows: Sequence[Row], n: int, **cells: Any) -> list[Row]:
    """The same rows with other cells in the `n`th."""
    return [row | cells if i == n else row for i, row in enumerate(rows)]


def csv(rows: Sequence[Row], *, encoding: str = "utf-8", lines_end: str = "\n") -> bytes:
    """Rows as CSV."""
    text = io.StringIO()
    writer = csv_module.DictWriter(text, list(rows[0]), lineterminator=lines_end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def feature(row: Row) -> Row:
    """A row as a GeoJSON feature, with numbers as a GIS program writes them."""
    place = {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]}
    cells = {name: cell or None for name, cell in row.items() if name not in ("lat", "lon")}
    for name in ("number", "voters", "constituency"):
        if name in cells:
            cells[name] = int(row[name])
    return {"type": "Feature", "geometry": place, "properties": cells}


def geojson(features: Sequence[Any]) -> bytes:
    """Features as a GeoJSON file."""
    return json({"type": "FeatureCollection", "features": features})


def json(said: Any) -> bytes:
    """A JSON file."""
    return json_module.dumps(said, ensure_ascii=False).encode()
