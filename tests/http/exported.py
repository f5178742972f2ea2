"""Exported files read back by programs that are not ours: csv, calamine, json and GDAL."""

import csv
import io
import json
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyogrio
from python_calamine import CalamineWorkbook

END = "#end"


@dataclass(frozen=True)
class ReadBack:
    """The rows of a file by column, and what it says of itself."""

    rows: list[dict[str, Any]]
    about: dict[str, Any]

    def column(self, name: str) -> list[str]:
        """All cells of one column as text."""
        return [str(row[name]) for row in self.rows]


def read_csv(data: bytes) -> ReadBack:
    """A whole CSV: its last line says how many rows it has."""
    assert data.startswith(b"\xef\xbb\xbf")
    # Lines end as RFC 4180 says, the last one too.
    assert data.endswith(b"\r\n")
    header, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    *rows, last = lines
    assert {len(line) for line in lines} == {len(header)}
    assert last[:2] == [END, str(len(rows))]
    assert not any(last[2:])
    return ReadBack([dict(zip(header, row, strict=True)) for row in rows], {})


def read_xlsx(data: bytes) -> ReadBack:
    """The first sheet by heading; the second as what the file says of itself."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheet, about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    header, *rows = sheet
    return ReadBack([dict(zip(header, row, strict=True)) for row in rows], dict(about))


def read_geojson(data: bytes) -> ReadBack:
    """Every feature's properties, its place as `geometry`."""
    said = json.loads(data)
    assert said["type"] == "FeatureCollection"
    rows = [f["properties"] | {"geometry": f["geometry"]} for f in said.pop("features")]
    assert said["rows"] == len(rows)
    return ReadBack(rows, said)


def read_geopackage(data: bytes) -> ReadBack:
    """The one layer as GDAL reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "read.gpkg"
        path.write_bytes(data)
        about, _, geometry, cells = pyogrio.raw.read(path, datetime_as_string=True)
    names = list(about["fields"])
    places = [None] * len(cells[0]) if geometry is None else list(geometry)
    rows = [
        dict(zip(names, row, strict=True)) | {"geometry": place}
        for *row, place in zip(*cells, places, strict=True)
    ]
    return ReadBack(rows, about)


READERS = {"csv": read_csv, "xlsx": read_xlsx, "geojson": read_geojson, "gpkg": read_geopackage}
# Moments of making, which no two files share.
_MADE = ("as_of", "As of", "Taken out by")


def is_export(path: str) -> bool:
    """Whether an address answers a file of rows."""
    return path.partition("?")[0].rpartition(".")[2] in READERS


def read_back(path: str, data: bytes) -> ReadBack:
    """The file that an address answers."""
    return READERS[path.partition("?")[0].rpartition(".")[2]](data)


def content(path: str, data: bytes) -> str:
    """What a file holds, as JSON text, without the moment in which it was made."""
    found = read_back(path, data)
    about = {name: value for name, value in found.about.items() if name not in _MADE}
    return json.dumps([found.rows, about], default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else str(value)
