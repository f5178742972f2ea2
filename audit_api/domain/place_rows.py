"""Rows of territories and stations as people hand them over, checked one by one.

Every bad line is told with its number and what to do; one bad line, and nothing is imported.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from audit_api.domain.errors import Fault
from audit_api.domain.vocabulary import BuildingStatus, TerritoryKind

SINCE_EVER = date(1, 1, 1)
"""The first day of a version whose beginning is not known."""

_CODE = re.compile(r"[0-9A-Za-z-]{1,40}")
_CAMPAIGN_ID = re.compile(r"[a-z0-9-]{1,40}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# GIS programs write up to 17 significant digits, and 0.00001 as 1e-05.
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?(e-\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TerritoryRow:
    """A territory's version from a day on. `where`: its line or feature in the file."""

    where: str
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
    """A polling station of a campaign with the site it works in. `where` as above."""

    where: str
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


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """A campaign with its milestones and constituencies, ready to be stored."""

    id: str
    names: Mapping[str, str]
    election_day: date
    territory: str
    profile: str
    forms: Sequence[str]
    milestones: Sequence[Mapping[str, Any]]
    constituencies: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Checker:
    """Reads the cells of one line; gathers faults instead of stopping at the first."""

    where: str
    cells: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, column: str, detail: str) -> None:
        """Note what is wrong with a column of this line."""
        self.faults.append(Fault(f"{self.where}, {column}", detail))

    def text(self, column: str, *, needed: bool = True, most: int = 500) -> str:
        """Text without control characters."""
        value = self.cells.get(column)
        if isinstance(value, list | dict | bool):
            self.fault(column, "is no text; give text or a number")
            return ""
        found = "" if value is None else str(value).strip()
        if needed and not found:
            self.fault(column, "is empty; fill it in")
        # Cs: halves of characters, which JSON can write and no database can store.
        if len(found) > most or any(unicodedata.category(c) in ("Cc", "Cs") for c in found):
            self.fault(column, f"has control characters or more than {most} characters")
        return found

    def whole(self, column: str, least: int = 0) -> int:
        """An integer, `least` or more."""
        value = self.cells.get(column)
        found = str(value).strip() if value is not None and type(value) is not bool else ""
        if not (found.isascii() and found.isdigit() and len(found) < 10) or int(found) < least:
            self.fault(column, f"{found[:40]!r} is not a whole number from {least} on")
            return least
        return int(found)

    def yes(self, column: str) -> bool:
        """true or false; false when it is not said."""
        value = self.cells.get(column, False)
        if not isinstance(value, bool):
            self.fault(column, f"{str(value)[:40]!r} is neither true nor false")
        return value is True

    def degrees(self, column: str, most: int) -> float | None:
        """A coordinate, or None when the cell is empty."""
        value = self.cells.get(column)
        found = str(value).strip() if value is not None else ""
        if not found:
            return None
        if not _DEGREES.fullmatch(found) or abs(float(found)) > most:
            self.fault(
                column, f"{found[:40]!r} is not a coordinate between -{most} and {most} (WGS 84)"
            )
            return None
        return float(found)

    def point(self) -> tuple[float | None, float | None]:
        """Latitude and longitude: both or none."""
        before = len(self.faults)
        lat, lon = self.degrees("lat", 90), self.degrees("lon", 180)
        if (lat is None) != (lon is None) and len(self.faults) == before:
            self.fault("lat, lon", "give both or none")
        return lat, lon

    def day(self, column: str) -> date | None:
        """A day as YYYY-MM-DD, or None when the cell is empty."""
        found = self.text(column, needed=False)
        if not found:
            return None
        try:
            if _DAY.fullmatch(found):
                return date.fromisoformat(found)
        except ValueError:
            pass
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


def read_territory(check: Checker) -> TerritoryRow:
    """One line of territories."""
    lat, lon = check.point()
    return TerritoryRow(
        where=check.where,
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
        where=check.where,
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


@dataclass(frozen=True, slots=True)
class Table:
    """What a file's lines are: its columns, how to read one, and what must not come twice."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[Checker], Any]
    key: Callable[[Any], str]

    def unknown(self, column: str) -> str | None:
        """What to say of a column that is none of this table's."""
        known = self.needed + self.optional
        return None if column in known else f"unknown column; known are {', '.join(known)}"

    def header_faults(self, header: Sequence[str]) -> list[Fault]:
        """What is wrong with the first line of a CSV file: told once, not on every line."""
        faults = []
        for n, column in enumerate(header):
            detail = self.unknown(column)
            if column in header[:n]:
                detail = "comes twice; keep one of them"
            if detail is not None:
                faults.append(Fault(f"line 1, {column}", detail))
        faults += [
            Fault(f"line 1, {column}", "this column is missing; add it")
            for column in self.needed
            if column not in header
        ]
        return faults


TERRITORIES = Table(
    ("code", "kind", "name_ky", "name_ru", "name_en"),
    ("parent", "valid_from", "lat", "lon"),
    read_territory,
    lambda row: f"{row.code} from {row.valid_from}" if row.valid_from > SINCE_EVER else row.code,
)
STATIONS = Table(
    ("number", "voters", "constituency", "territory", "site_name_ky", "site_name_ru",
     "site_name_en", "building_status"),
    ("address", "lat", "lon", "built_on", "altered_on", "synthetic"),
    read_station,
    lambda row: str(row.number),
)  # fmt: skip


Line = tuple[str, Mapping[str, Any] | Fault]
"""Where a line stands and its cells by column, or why it could not be taken apart."""


def read_rows(lines: Iterable[Line], table: Table) -> tuple[list[Any], list[Fault]]:
    """All rows and all faults: bad cells, unknown columns, and keys that come twice."""
    rows, faults = [], []
    seen: dict[Any, str] = {}
    for where, cells in lines:
        if isinstance(cells, Fault):
            faults.append(cells)
            continue
        check = Checker(where, cells)
        for name in cells:
            detail = table.unknown(name)
            if detail is not None:
                check.fault(name, detail)
        row = table.read(check)
        if not check.faults:
            first = seen.setdefault(table.key(row), where)
            if first != where:
                check.fault(table.needed[0], f"{table.key(row)} stands on {first} already")
        faults += check.faults
        rows.append(row)
    return rows, faults


def read_campaign(said: Mapping[str, Any]) -> tuple[CampaignFile, list[Fault]]:
    """A campaign's JSON file; what it gives is to be used only without faults."""
    check = Checker("campaign", said)
    id_ = check.text("id")
    if id_ and not _CAMPAIGN_ID.fullmatch(id_):
        check.fault("id", f"{id_!r} is not 1 to 40 small letters, digits and hyphens")
    day = check.day("election_day")
    if not said.get("election_day"):
        check.fault("election_day", "is empty; fill it in")
    forms = said.get("forms")
    if not isinstance(forms, list) or not forms or not all(isinstance(f, str) for f in forms):
        check.fault("forms", 'is no list of forms like ["ramp/1", "station/1"]')
        forms = []
    read = CampaignFile(
        id=id_,
        names=_names(check),
        election_day=day or SINCE_EVER,
        territory=check.code("territory"),
        profile=check.text("profile"),
        forms=tuple(forms),
        milestones=[
            {
                "id": part.text("id", most=40),
                "days_before": part.whole("days_before"),
                "working_days": part.yes("working_days"),
            }
            | _names(part)
            for part in _parts(check, "milestones")
        ],
        constituencies=[
            {"number": part.whole("number", 1)} | _names(part)
            for part in _parts(check, "constituencies")
        ],
    )
    return read, check.faults


def _parts(check: Checker, member: str) -> Iterable[Checker]:
    """The objects of a list; their faults are the whole's."""
    found = check.cells.get(member)
    if not isinstance(found, list) or not all(isinstance(part, Mapping) for part in found):
        check.fault(member, "is no list of objects; an empty list is written []")
        return []
    return [Checker(f"{member}/{n}", part, check.faults) for n, part in enumerate(found)]


def _names(check: Checker) -> dict[str, str]:
    """`name` in the three languages."""
    name = check.cells.get("name")
    if not isinstance(name, Mapping):
        check.fault("name", "is no object with ky, ru and en")
        return {}
    inner = Checker(f"{check.where}, name", name, check.faults)
    return {f"name_{language}": inner.text(language) for language in ("ky", "ru", "en")}
