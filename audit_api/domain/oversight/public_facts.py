"""What the public is told of a station: only what supervision has established, as GeoJSON.

Two dresses of one thing: plain properties, and those of A11yJSON (sozialhelden/a11yjson,
interface PlaceInfo), which Wheelmap and others read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from field_schema.catalog import Catalog
from field_schema.scoring import ACCESSIBLE, CONDITIONAL, NOT_ACCESSIBLE
from field_schema.standard import GROUPS

_PROFILES: Final = {
    "wheelchair": "wheelchair",
    "mobility": "mobilityImpairment",
    "vision": "visualImpairment",
    "hearing": "hearingImpairment",
    "intellectual": "learningImpairment",
}
"""Our user groups in the words of A11yJSON's PersonalProfile."""
_GRADES: Final = {ACCESSIBLE: "fully", CONDITIONAL: "partially", NOT_ACCESSIBLE: "not"}
"""A category in the words of A11yJSON's wheelchairAccessibilityGrade."""


class StationFacts(Protocol):
    """A station as `audit_api.storage.lists.public_facts` finds it."""

    number: int
    name: Mapping[str, str]
    address: str | None
    territory_name: Mapping[str, str] | None
    lat: float | None
    lon: float | None
    synthetic: Sequence[str]
    established: bool
    seen_at: Any
    score: Mapping[str, Any] | None
    barriers: Sequence[Mapping[str, Any]]


def as_geojson(campaign: str, rows: Sequence[StationFacts], catalog: Catalog) -> dict[str, Any]:
    """A FeatureCollection (RFC 7946), a feature for each station.

    Of a station that is not `established`, `accessibility` and `barriers` are null: unknown.
    """
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": f"{campaign}/{row.number}",
                "geometry": _point(row),
                "properties": {
                    **_named(row),
                    "accessibility": dict(row.score["categories"])
                    if row.established and row.score
                    else None,
                    "barriers": _barriers(row, catalog) if row.established else None,
                    "seen_on": row.seen_at.date().isoformat() if row.established else None,
                },
            }
            for row in rows
        ],
    }


def as_a11yjson(campaign: str, rows: Sequence[StationFacts]) -> dict[str, Any]:
    """A FeatureCollection whose features are PlaceInfos of A11yJSON.

    Stations without a place on the map are left out: A11yJSON has none without. What is not
    known is missing, which means unknown there.
    """
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": _point(row),
                "properties": {
                    "originalId": f"{campaign}/{row.number}",
                    "category": "polling_station",
                    "name": dict(row.name),
                    **({"address": row.address} if row.address else {}),
                    **_accessibility(row),
                },
            }
            for row in rows
            if row.lat is not None
        ],
    }


def _point(row: StationFacts) -> dict[str, Any] | None:
    if row.lat is None or row.lon is None:
        return None
    return {"type": "Point", "coordinates": [row.lon, row.lat]}


def _named(row: StationFacts) -> dict[str, Any]:
    return {
        "number": row.number,
        "name": dict(row.name),
        "address": row.address,
        "territory_name": row.territory_name,
        "established": row.established,
        # What of it was made up for a demonstration.
        "synthetic": list(row.synthetic),
    }


def _barriers(row: StationFacts, catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "title": dict(
                catalog.requirement(
                    barrier["standard"], barrier["edition"], barrier["requirement"]
                ).title
            ),
            "severity": barrier["severity"],
            "user_groups": barrier["groups"],
            "usable_on_the_day": barrier["usable_on_the_day"],
        }
        for barrier in row.barriers
    ]


def _accessibility(row: StationFacts) -> dict[str, Any]:
    if not row.established or not row.score:
        return {}
    categories = row.score["categories"]
    told: dict[str, Any] = {
        "accessibleWith": {
            _PROFILES[group]: categories[group] == ACCESSIBLE
            for group in GROUPS
            if categories[group] in _GRADES
        },
        "partiallyAccessibleWith": {
            _PROFILES[group]: True for group in GROUPS if categories[group] == CONDITIONAL
        },
    }
    grade = _GRADES.get(categories["wheelchair"])
    if grade:
        told["wheelchairAccessibilityGrade"] = grade
    return {"accessibility": {name: value for name, value in told.items() if value}}
