"""A list as GeoJSON (RFC 7946): a feature a row, streamed."""

from collections.abc import Iterator
from typing import Any

import msgspec

from audit_api.services.list_files.plain_text import readable
from audit_api.services.list_files.speaking import Row, Speaker
from audit_api.services.list_files.table import About, Kind, Pages, Table


def geojson_chunks(table: Table, pages: Pages, speak: Speaker, about: About) -> Iterator[bytes]:
    """The file in pieces, one a page. A row without a known place has the geometry null.

    Members behind the features (foreign ones, RFC 7946 section 6.1) say how many there are; what
    was cut is no JSON.
    """
    encode = msgspec.json.encode
    yield b'{"type":"FeatureCollection","name":' + encode(table.name) + b',"features":['
    told = [(column.name, column.told, column.kind) for column in table.columns]
    count = 0
    for rows in pages:
        made = []
        for row in rows:
            properties = {name: _value(tell(row, speak), kind) for name, tell, kind in told}
            made.append(
                encode(
                    {
                        "type": "Feature",
                        "id": properties[table.columns[0].name],
                        "geometry": _geometry(row),
                        "properties": properties,
                    }
                )
            )
        if made:
            yield (b",\n" if count else b"\n") + b",\n".join(made)
        count += len(rows)
    ended = {
        "rows": count,
        "title": about.title,
        "as_of": about.as_of.isoformat(),
        "by": about.by,
        "language": about.language,
        "parameters": about.parameters,
        "headings": {column.name: column.headed(speak) for column in table.columns},
    }
    yield b"\n]," + encode(ended)[1:] + b"\n"


def point_of(row: Row) -> tuple[float, float] | None:
    """Longitude and latitude of a row's place, WGS 84; None where it is not known."""
    at = row["location"]
    return None if at is None else (float(at["lon"]), float(at["lat"]))


def _geometry(row: Row) -> dict[str, Any] | None:
    point = point_of(row)
    return None if point is None else {"type": "Point", "coordinates": point}


def _value(value: Any, kind: Kind) -> Any:
    if kind is Kind.TEXT:
        return readable(value) if value else ""
    return value
