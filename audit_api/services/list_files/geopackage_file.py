"""A list as a GeoPackage (OGC 12-128r18, version 1.3): one layer of points, by SQLite alone."""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from audit_api.services.list_files.geojson_file import point_of
from audit_api.services.list_files.plain_text import readable
from audit_api.services.list_files.speaking import Speaker
from audit_api.services.list_files.table import About, Kind, Pages, Table

_APPLICATION_ID: Final = int.from_bytes(b"GPKG", "big")
_VERSION: Final = 10300
_WGS84: Final = 4326
_TYPES: Final = {
    Kind.TEXT: "TEXT",
    Kind.WHOLE: "INTEGER",
    Kind.NUMBER: "REAL",
    Kind.DAY: "DATE",
    Kind.INSTANT: "DATETIME",
    Kind.YES_NO: "BOOLEAN",
}
_WGS84_WKT: Final = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AUTHORITY["EPSG","4326"]]'
)
# As the standard prints them (annex C, table definition SQL).
_TABLES: Final = """
    create table gpkg_spatial_ref_sys (srs_name text not null, srs_id integer primary key,
        organization text not null, organization_coordsys_id integer not null,
        definition text not null, description text);
    create table gpkg_contents (table_name text not null primary key, data_type text not null,
        identifier text unique, description text default '', last_change datetime not null default
        (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x double, min_y double, max_x double,
        max_y double, srs_id integer,
        constraint fk_gc_r_srs_id foreign key (srs_id) references gpkg_spatial_ref_sys(srs_id));
    create table gpkg_geometry_columns (table_name text not null, column_name text not null,
        geometry_type_name text not null, srs_id integer not null, z tinyint not null,
        m tinyint not null, constraint pk_geom_cols primary key (table_name, column_name),
        constraint uk_gc_table_name unique (table_name),
        constraint fk_gc_tn foreign key (table_name) references gpkg_contents(table_name),
        constraint fk_gc_srs foreign key (srs_id) references gpkg_spatial_ref_sys (srs_id));
"""


def write_geopackage(path: Path, table: Table, pages: Pages, speak: Speaker, about: About) -> int:
    """Write the list into a new file and return how many rows it has; memory stays flat.

    The same rows and the same `about` are the same bytes.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for pragma in (
            "journal_mode = off",
            "synchronous = off",
            f"application_id = {_APPLICATION_ID}",
            f"user_version = {_VERSION}",
        ):
            file.execute(f"pragma {pragma}")
        file.execute("begin")
        for statement in _TABLES.split(";"):
            file.execute(statement)
        file.executemany(
            "insert into gpkg_spatial_ref_sys values (?, ?, ?, ?, ?, ?)",
            [
                ("WGS 84", _WGS84, "EPSG", _WGS84, _WGS84_WKT, "longitude, latitude in degrees"),
                ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", None),
                ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
            ],
        )
        layer = _Layer(table, speak)
        file.execute(layer.definition)
        file.executemany(layer.insertion, layer.rows(pages))
        file.execute(
            "insert into gpkg_contents values (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                table.name,
                about.title,
                _description(about, layer.count),
                _utc(about.as_of),
                *(layer.bounds or (None,) * 4),
                _WGS84,
            ),
        )
        file.execute(
            "insert into gpkg_geometry_columns values (?, 'geom', 'POINT', ?, 0, 0)",
            (table.name, _WGS84),
        )
        file.execute("commit")
        return layer.count


class _Layer:
    """The list's table, how many rows went through, and the box around their points."""

    def __init__(self, table: Table, speak: Speaker) -> None:
        self.count = 0
        self.bounds: tuple[float, float, float, float] | None = None
        self._speak = speak
        self._told = [(column.told, column.kind) for column in table.columns]
        name = f'"{table.name}"'
        columns = "".join(f', "{c.name}" {_TYPES[c.kind]}' for c in table.columns)
        self.definition = (
            f"create table {name} (fid integer primary key autoincrement not null, "
            f"geom point{columns})"
        )
        marks = ", ?" * (1 + len(table.columns))
        self.insertion = f"insert into {name} values (null{marks})"  # noqa: S608 - our own names

    def rows(self, pages: Pages) -> Iterator[list[Any]]:
        """Each row as its geometry and its cells."""
        for page in pages:
            for row in page:
                self.count += 1
                point = point_of(row)
                if point is not None:
                    self._widen(*point)
                cells = [_value(told(row, self._speak), kind) for told, kind in self._told]
                yield [None if point is None else _blob(*point), *cells]

    def _widen(self, x: float, y: float) -> None:
        west, south, east, north = self.bounds or (x, y, x, y)
        self.bounds = (min(west, x), min(south, y), max(east, x), max(north, y))


def _blob(x: float, y: float) -> bytes:
    """GeoPackage's header (little endian, envelope of x and y), then the point as WKB."""
    header = struct.pack("<2sBBi4d", b"GP", 0, 0b0000_0011, _WGS84, x, x, y, y)
    return header + struct.pack("<BI2d", 1, 1, x, y)


def _value(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind is Kind.TEXT:
        return readable(value)
    if kind is Kind.INSTANT:
        return _utc(datetime.fromisoformat(value))
    if kind is Kind.DAY:
        return value[:10]
    return value


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _description(about: About, rows: int) -> str:
    told = {"rows": rows, "by": about.by, "language": about.language, **about.parameters}
    return "; ".join(f"{name}: {value}" for name, value in told.items())
