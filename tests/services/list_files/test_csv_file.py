"""A list as CSV: whole lines, words or codes at the top, and an end that says so."""

import csv
import io

import pytest

from audit_api.services.list_files.csv_file import csv_chunks
from audit_api.services.list_files.table import Table
from tests.http.exported import read_csv
from tests.services.list_files.sample import TABLES, plain, rows, speaker


def lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("count", [0, 1, 1000, 2500])
def test_the_last_line_says_how_many_rows_there_are(count: int) -> None:
    made = rows(count)
    pages = [made[n : n + 1000] for n in range(0, count, 1000)] or [[]]
    chunks = list(csv_chunks(plain(), pages, speaker(), codes=True))
    whole = b"".join(chunks)
    assert read_csv(whole).column("text") == [row["text"] for row in made]
    # A page a piece: cut between any two of them it has no last line.
    for n in range(len(chunks) - 1):
        assert lines(b"".join(chunks[: n + 1]))[-1][0] != "#end"


def test_values_are_as_programs_read_them() -> None:
    [row] = read_csv(b"".join(csv_chunks(plain(), [rows(1)], speaker(), codes=True))).rows
    assert row == {
        "text": "ramp № 1",
        "whole": "1",
        "number": "0.25",
        "day": "2021-11-18",
        "instant": "2021-10-20T10:00:00+06:00",
        "yes_no": "no",
    }


def test_what_is_not_known_is_an_empty_cell() -> None:
    nothing = dict.fromkeys(("text", "whole", "number", "day", "instant", "yes_no"))
    [row] = read_csv(
        b"".join(csv_chunks(plain(), [rows(1, **nothing)], speaker(), codes=True))
    ).rows
    assert set(row.values()) == {""}


def test_quotes_commas_and_line_ends_survive() -> None:
    said = 'the door "A", left\r\nor right'
    [row] = read_csv(
        b"".join(csv_chunks(plain(), [rows(1, text=said)], speaker(), codes=True))
    ).rows
    assert row["text"] == said


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_headings_are_words_of_the_language_and_each_stands_once(
    table: Table, language: str
) -> None:
    speak = speaker(language)
    data = b"".join(csv_chunks(table, [[]], speak))
    header = lines(data)[0]
    assert header == [column.headed(speak) for column in table.columns]
    assert len(set(header)) == len(header)
    codes = lines(b"".join(csv_chunks(table, [[]], speak, codes=True)))[0]
    assert codes == [column.name for column in table.columns]
