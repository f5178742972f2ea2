"""Lists of made-up rows, for the writers alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from audit_api.services.list_files.speaking import Row, Speaker
from audit_api.services.list_files.table import About, Column, Kind, Table
from audit_api.services.list_files.tables.cases import RECOMMENDATIONS, SERVED_ROWS, VIOLATIONS
from audit_api.services.list_files.tables.letters import ACTS, PROGRESS, SERVED_LISTS
from audit_api.services.list_files.tables.work import QUEUE, SITES, TASKS
from audit_api.words import words_in
from field_schema.catalog import load_catalog

TABLES = (
    VIOLATIONS, RECOMMENDATIONS, TASKS, SITES, ACTS, SERVED_LISTS, SERVED_ROWS, QUEUE, PROGRESS,
)  # fmt: skip
AT = datetime(2021, 10, 20, 4, 0, 0, 123456, tzinfo=UTC)
_OF_KIND: dict[Kind, Any] = {
    Kind.WHOLE: 7,
    Kind.NUMBER: 2.5,
    Kind.DAY: "2021-11-18",
    Kind.INSTANT: "2021-10-20T10:00:00.5+06:00",
    Kind.YES_NO: True,
}


def speaker(language: str = "en") -> Speaker:
    return Speaker(words_in(language), load_catalog(), address="https://audit.example.kg")


def about(**changes: Any) -> About:
    made = About("Sample", {"severity": "major"}, AT, "Aida", "en")
    return replace(made, **changes)


def saying(table: Table, text: str) -> Table:
    """The table, each of its text columns saying this, each other one a value of its kind."""

    def told(column: Column) -> Any:
        value = text if column.kind is Kind.TEXT else _OF_KIND[column.kind]
        return lambda _row, _speak: value

    columns = tuple(replace(column, told=told(column)) for column in table.columns)
    return Table(table.name, table.title, columns, placed=table.placed)


def plain(*, placed: bool = True) -> Table:
    """A column of each kind, read from the row by its name."""
    names = {kind: kind.name.lower() for kind in Kind}
    columns = tuple(
        Column(name, "Name", lambda row, _, name=name: row[name], kind)
        for kind, name in names.items()
    )
    return Table("plain", "Name", columns, placed=placed)


def rows(count: int, **changes: Any) -> Sequence[Row]:
    """Rows of `plain`."""
    return [
        {
            "text": f"ramp № {n}",
            "whole": n,
            "number": n / 4,
            "day": "2021-11-18",
            "instant": "2021-10-20T10:00:00+06:00",
            "yes_no": n % 2 == 0,
            "location": None if n % 3 == 0 else {"lat": 40 + n / 1000, "lon": 70.5},
        }
        | changes
        for n in range(1, count + 1)
    ]
