"""A list as CSV: UTF-8 with a byte order mark, RFC 4180, page by page."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, Final

from audit_api.services.list_files.plain_text import safe_text
from audit_api.services.list_files.speaking import Speaker
from audit_api.services.list_files.table import Kind, Pages, Table

END: Final = "#end"
"""Begins the last line of a whole file; behind it stands the number of rows."""


def csv_chunks(
    table: Table, pages: Pages, speak: Speaker, *, codes: bool = False
) -> Iterator[bytes]:
    """The file in pieces, one a page. `codes`: the first line has the columns' stable names.

    The last line is `#end`, the number of rows, and empty cells: a file without it was cut.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    columns = table.columns
    buffer.write("\ufeff")
    writer.writerow([c.name if codes else safe_text(c.headed(speak)) for c in columns])
    cells = [(column.told, _CELLS[column.kind](speak)) for column in columns]
    count = 0
    for rows in pages:
        writer.writerows([[cell(told(row, speak)) for told, cell in cells] for row in rows])
        count += len(rows)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    writer.writerow([END, count, *[""] * (len(columns) - 2)])
    yield buffer.getvalue().encode()


def _text(_: Speaker) -> Callable[[Any], Any]:
    return lambda value: safe_text(value) if value else ""


def _yes_no(speak: Speaker) -> Callable[[Any], Any]:
    words = {True: speak.say("yes"), False: speak.say("no"), None: ""}
    return words.__getitem__


def _as_it_is(_: Speaker) -> Callable[[Any], Any]:
    return lambda value: value


_CELLS: Final[dict[Kind, Callable[[Speaker], Callable[[Any], Any]]]] = {
    Kind.TEXT: _text,
    Kind.YES_NO: _yes_no,
    Kind.WHOLE: _as_it_is,
    Kind.NUMBER: _as_it_is,
    Kind.DAY: _as_it_is,
    Kind.INSTANT: _as_it_is,
}
