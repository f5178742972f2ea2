"""Rows of territories and stations as people hand them over, checked one by one.

Every bad line is told with its number and what to do; one bad line, and nothing is imported.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from audit_api.domain.errors import Fault
from audit_api.domain.vocabulary import BuildingStatus, TerritoryKind

SINCE_EVER = date(1, 1, 1)
"""The first day of a version whose beginning is not known."""

_CODE = re.compile(r"[0-9A-Za-z-]{1,40}")


@dataclass(frozen=True, slots=True)
class TerritoryRow:
    """A territory's version from a day on."""

    line: int
    code: str
    kind: TerritoryKind
    parent: str | None
    valid_from: date
    name_ky: str
    name_ru: str
    name_en: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class StationRow:
    """A polling station of a campaign with the site it works in."""

    line: int
    number: int
    voters: int
    constituency: int
    territory: str
    name_ky: str
    name_ru: str
    name_en: str
    address: str
    lat: float | None
    lon: float | None
    building_status: BuildingStatus
    built_on: date | None
    altered_on: date | None
    synthetic: tuple[str, ...]


@dataclass(slots=True)
class Checker:
    """Reads the cells of one line; gathers faults instead of stopping at the first."""

    line: int
    cells: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, column: str, detail: str) -> None:
        """Note what is wrong with a column of this line."""
        self.faults.append(Fault(f"line {self.line}, {column}", detail))

    def text(self, column: str, *, needed: bool = True, most: int = 500) -> str:
        """Text without control characters."""
        value = self.cells.get(column)
        found = "" if value is None else str(value).strip()
        if needed and not found:
            self.fault(column, "is empty; fill it in")
        if len(found) > most or any(ord(c) < 32 for c in found):
            self.fault(column, f"has control characters or more than {most} characters")
        return found

    def whole(self, column: str, least: int = 0) -> int:
        """An integer, `least` or more."""
        value = self.cells.get(column)
        found = str(value).strip() if value is not None and type(value) is not bool else ""
        if not (found.isascii() and found.isdigit() and len(found) < 10) or int(found) < least:
            self.fault(column, f"{found!r} is not a whole number from {least} on")
            return least
        return int(found)

    def degrees(self, column: str, most: int) -> float | None:
        """A coordinate, or None when the cell is empty."""
        value = self.cells.get(column)
        found = str(value).strip() if value is not None else ""
        if not found:
            return None
        if not re.fullmatch(r"-?\d{1,3}(\.\d{1,12})?", found, re.ASCII) or abs(float(found)) > most:
            self.fault(column, f"{found!r} is not a coordinate between -{most} and {most} (WGS 84)")
            return None
        return float(found)

    def point(self) -> tuple[float | None, float | None]:
        """Latitude and longitude: both or none."""
        lat, lon = self.degrees("lat", 90), self.degrees("lon", 180)
        if (lat is None) != (lon is None) and not self.faults:
            self.fault("lat, lon", "give both or none")
        return lat, lon

    def day(self, column: str) -> date | None:
        """A day as YYYY-MM-DD, or None when the cell is empty."""
        found = self.text(column, needed=False)
        if not found:
            return None
        try:
            return date.fromisoformat(found)
        except ValueError:
            self.fault(column, f"{found!r} is not a day like 2021-11-28")
            return None

    def code(self, column: str) -> str:
        """A territory's code."""
        found = self.text(column)
        if found and not _CODE.fullmatch(found):
            self.fault(column, f"{found!r} is not a code of digits, letters and hyphens")
        return found

    def one_of(self, column: str, words: type[StrEnum]) -> Any:
        """A word of an enumeration; its first word stands in when the cell is wrong."""
        found = self.text(column)
        try:
            return words(found)
        except ValueError:
            known = ", ".join(word.value for word in words)
            if found:
                self.fault(column, f"{found!r} is none of: {known}")
            return next(iter(words))


TERRITORY_COLUMNS = (
    "code", "kind", "parent", "valid_from", "name_ky", "name_ru", "name_en", "lat", "lon",
)  # fmt: skip
STATION_COLUMNS = (
    "number", "voters", "constituency", "territory", "site_name_ky", "site_name_ru",
    "site_name_en", "address", "lat", "lon", "building_status", "built_on", "altered_on",
    "synthetic",
)  # fmt: skip


def read_territory(check: Checker) -> TerritoryRow:
    """One line of territories."""
    lat, lon = check.point()
    return TerritoryRow(
        line=check.line,
        code=check.code("code"),
        kind=check.one_of("kind", TerritoryKind),
        parent=check.text("parent", needed=False, most=40) or None,
        valid_from=check.day("valid_from") or SINCE_EVER,
        name_ky=check.text("name_ky"),
        name_ru=check.text("name_ru"),
        name_en=check.text("name_en"),
        lat=lat,
        lon=lon,
    )


def read_station(check: Checker) -> StationRow:
    """One line of stations."""
    lat, lon = check.point()
    return StationRow(
        line=check.line,
        number=check.whole("number", 1),
        voters=check.whole("voters"),
        constituency=check.whole("constituency", 1),
        territory=check.code("territory"),
        name_ky=check.text("site_name_ky"),
        name_ru=check.text("site_name_ru"),
        name_en=check.text("site_name_en"),
        address=check.text("address", needed=False),
        lat=lat,
        lon=lon,
        building_status=check.one_of("building_status", BuildingStatus),
        built_on=check.day("built_on"),
        altered_on=check.day("altered_on"),
        synthetic=tuple(w for w in check.text("synthetic", needed=False).split("|") if w),
    )


def read_rows(
    lines: Iterable[tuple[int, Mapping[str, Any]]],
    columns: tuple[str, ...],
    read: Callable[[Checker], Any],
    key: Callable[[Any], Any],
) -> tuple[list[Any], list[Fault]]:
    """All rows and all faults: bad cells, unknown columns, and keys that come twice."""
    rows, faults = [], []
    seen: dict[Any, int] = {}
    for number, cells in lines:
        check = Checker(number, cells)
        for name in cells:
            if name not in columns:
                check.fault(str(name), f"unknown column; known are {', '.join(columns)}")
        row = read(check)
        if not check.faults:
            first = seen.setdefault(key(row), number)
            if first != number:
                check.fault("key", f"{key(row)} stands on line {first} already")
        faults += check.faults
        rows.append(row)
    return rows, faults
