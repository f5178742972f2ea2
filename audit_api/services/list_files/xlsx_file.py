"""A list as a spreadsheet: typed cells, a frozen header with filters, and a sheet about itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from audit_api.domain.errors import InvalidInput
from audit_api.services.list_files.plain_text import REPLACED, begins_formula, readable
from audit_api.services.list_files.speaking import Speaker
from audit_api.services.list_files.table import About, Kind, Pages, Table
from audit_api.words.words import TIME_ZONE

_ZONE: Final = ZoneInfo(TIME_ZONE)
# Of the format; a longer text would be left out as a whole.
_MOST_UNITS: Final = 32_767
_MOST_ROWS: Final = 1_048_575
_NUMBERS: Final = {
    Kind.WHOLE: "0",
    Kind.NUMBER: "General",
    Kind.DAY: "dd.mm.yyyy",
    Kind.INSTANT: "dd.mm.yyyy hh:mm",
}
Put = Callable[[Worksheet, int, int, Any], Any]


def write_xlsx(file: IO[bytes], table: Table, pages: Pages, speak: Speaker, about: About) -> int:
    """Write the list into `file` and return how many rows it has; memory stays flat.

    The same rows and the same `about` are the same bytes. Raises InvalidInput for more rows than a
    spreadsheet holds.
    """
    with _workbook(file, about) as book:
        sheet = book.add_worksheet(_sheet_name(speak.say(table.title)))
        count = _fill(book, sheet, table, pages, speak)
        _tell_about(book, book.add_worksheet(_sheet_name(speak.say("About"))), speak, about, count)
    return count


@contextmanager
def _workbook(file: IO[bytes], about: About) -> Iterator[Workbook]:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(file, options) as book:
        made = about.as_of.replace(tzinfo=None)
        book.set_properties({"title": about.title, "author": "audit_api", "created": made})
        yield book


def _sheet_name(text: str) -> str:
    # A sheet's name has at most 31 characters, and none of these.
    return "".join(character for character in text if character not in "[]:*?/\\'")[:31]


def _fill(book: Workbook, sheet: Worksheet, table: Table, pages: Pages, speak: Speaker) -> int:
    columns = table.readable
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    for n, column in enumerate(columns):
        sheet.set_column(n, n, column.width)
        _put_text(sheet, 0, n, column.headed(speak), head, head)
    sheet.freeze_panes(1, 0)
    puts = [(column.told, _putter(book, column.kind, speak)) for column in columns]
    count = 0
    for rows in pages:
        if count + len(rows) > _MOST_ROWS:
            raise InvalidInput(
                f"A spreadsheet holds {_MOST_ROWS:,} rows, and the list has more. "
                "Take it as CSV, or narrow it."
            )
        for row in rows:
            count += 1
            for n, (told, put) in enumerate(puts):
                value = told(row, speak)
                if value is not None and value != "":
                    put(sheet, count, n, value)
    sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    return count


def _putter(book: Workbook, kind: Kind, speak: Speaker) -> Put:
    """Writes the cells of a kind: always the type that the column declares, never a guess."""
    if kind in (Kind.TEXT, Kind.YES_NO):
        plain, quoted = _text_formats(book)
        if kind is Kind.YES_NO:
            words = {True: speak.say("yes"), False: speak.say("no")}
            return lambda sheet, row, n, value: _put_text(
                sheet, row, n, words[value], plain, quoted
            )
        return lambda sheet, row, n, value: _put_text(sheet, row, n, value, plain, quoted)
    form = book.add_format({"num_format": _NUMBERS[kind], "valign": "top", "align": "left"})
    if kind is Kind.DAY:
        return lambda sheet, row, n, value: sheet.write_datetime(
            row, n, date.fromisoformat(value[:10]), form
        )
    if kind is Kind.INSTANT:
        return lambda sheet, row, n, value: sheet.write_datetime(
            row, n, datetime.fromisoformat(value).astimezone(_ZONE).replace(tzinfo=None), form
        )
    return lambda sheet, row, n, value: sheet.write_number(row, n, value, form)


def _text_formats(book: Workbook) -> tuple[Format, Format]:
    """For any text, and for one that would run as soon as somebody edits its cell."""
    plain = {"text_wrap": True, "valign": "top", "num_format": "@"}
    return book.add_format(plain), book.add_format(plain | {"quote_prefix": True})


def _put_text(sheet: Worksheet, row: int, n: int, text: str, plain: Format, quoted: Format) -> None:
    text = readable(text)
    if len(text) > _MOST_UNITS // 2:
        text = _cut(text)
    sheet.write_string(row, n, text, quoted if begins_formula(text) else plain)


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _MOST_UNITS:
        return text
    kept = units[: 2 * (_MOST_UNITS - 2)].decode("utf-16-le", "ignore")
    return f"{kept} {REPLACED}"


def _tell_about(book: Workbook, sheet: Worksheet, speak: Speaker, about: About, count: int) -> None:
    say = speak.say
    filtered = say("Filter")
    plain, quoted = _text_formats(book)
    told = [
        (say("List"), about.title),
        (say("As of"), f"{say.instant(about.as_of)} (Asia/Bishkek)"),
        (say("Taken out by"), about.by),
        (say("Language"), about.language),
        (say("Rows"), None),
        *((f"{filtered}: {name}", value) for name, value in about.parameters.items()),
    ]
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 60)
    for row, (name, value) in enumerate(told):
        _put_text(sheet, row, 0, name, plain, quoted)
        if value is None:
            sheet.write_number(row, 1, count, plain)
        else:
            _put_text(sheet, row, 1, value, plain, quoted)
