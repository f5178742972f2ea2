"""Lists as CSV that a spreadsheet opens safely."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from flask import Response, stream_with_context

from audit_api.storage.lists.selection import AnyRow, keyed

_LANGUAGE = "ru"
# Full-width twins of = + - @ become formulas too, once a spreadsheet normalises them.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # fmt: skip


def safe_cell(value: Any) -> str:
    """A value as the text of a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and set(value) == {"ky", "ru", "en"}:
        value = value[_LANGUAGE]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    if isinstance(value, dict | list):
        value = msgspec.json.encode(value).decode()
    text = str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def stream_csv(
    filename: str,
    columns: Sequence[str],
    page: Callable[[Sequence[Any] | None], Sequence[AnyRow]],
    *,
    size: int,
) -> Response:
    """Stream all pages as CSV; each row's first column is a JSON object that has the `columns`."""
    # The guard's transaction ends when the view returns: the first page must be read in it, and
    # a list longer than one page is read whole, a page at a time, before the answer starts.
    pages = list(_pages(page, size))
    return answer_csv(
        filename, columns, ((msgspec.json.decode(row[0]) for row in rows) for rows in pages)
    )


def answer_csv(
    filename: str, columns: Sequence[str], pages: Iterable[Iterable[Mapping[str, Any]]]
) -> Response:
    """Stream rows that are here already as CSV; each has the `columns` as members."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        buffer.write("\ufeff")
        writer.writerow(columns)
        for rows in pages:
            for row in rows:
                writer.writerow([safe_cell(row[name]) for name in columns])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    answer = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _pages(
    page: Callable[[Sequence[Any] | None], Sequence[AnyRow]], size: int
) -> Iterator[Sequence[AnyRow]]:
    after = None
    while True:
        rows = page(after)
        yield rows[:size]
        if len(rows) <= size:
            return
        after = keyed(rows[size - 1])
