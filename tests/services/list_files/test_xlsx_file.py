"""A list as a spreadsheet: typed cells, a header that stays, and a sheet about itself."""

import csv
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from audit_api.domain.errors import InvalidInput
from audit_api.services.list_files import xlsx_file
from audit_api.services.list_files.speaking import Row
from audit_api.services.list_files.table import Table
from audit_api.services.list_files.xlsx_file import write_xlsx
from tests.services.list_files.payloads import PAYLOADS
from tests.services.list_files.sample import TABLES, about, plain, rows, speaker

SOFFICE = shutil.which("soffice")


def spreadsheet(*pages: Sequence[Row]) -> bytes:
    made = io.BytesIO()
    write_xlsx(made, plain(), pages, speaker(), about())
    return made.getvalue()


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return packed.read(name).decode()


def test_days_instants_and_numbers_are_cells_of_their_type() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(spreadsheet(rows(1))))
    _, row = book.get_sheet_by_index(0).to_python()
    # An instant is told as clocks in Bishkek show it.
    assert row == [
        "ramp № 1",
        1,
        0.25,
        date(2021, 11, 18),
        datetime(2021, 10, 20, 10, 0),  # noqa: DTZ001 - a cell has no zone
        "no",
    ]


def test_the_header_stays_and_filters() -> None:
    sheet = part(spreadsheet(rows(5)), "xl/worksheets/sheet1.xml")
    assert 'topLeftCell="A2"' in sheet
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:F6"/>' in sheet


def test_the_second_sheet_says_what_the_file_is() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(spreadsheet(rows(3), rows(2))))
    assert book.sheet_names == ["Name", "About"]
    said = dict(book.get_sheet_by_index(1).to_python())
    assert said["Rows"] == 5
    assert said["Taken out by"] == "Aida"
    assert said["Filter: severity"] == "major"
    assert said["As of"] == "20/10/2021 10:00 (Asia/Bishkek)"


def test_the_same_list_is_the_same_bytes() -> None:
    assert spreadsheet(rows(50)) == spreadsheet(rows(50))
    assert spreadsheet(rows(50)) != spreadsheet(rows(51))


def test_a_list_too_long_for_a_sheet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "_MOST_ROWS", 5)
    assert spreadsheet(rows(5))
    with pytest.raises(InvalidInput, match="Take it as CSV"):
        spreadsheet(rows(5), rows(1))


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_sheets_of_every_list_have_names_that_are_allowed(table: Table, language: str) -> None:
    made = io.BytesIO()
    write_xlsx(made, table, [[]], speaker(language), about())
    made.seek(0)
    names = CalamineWorkbook.from_filelike(made).sheet_names
    assert len(names) == 2
    assert all(1 <= len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in names)


@pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice: no office program opens the XLSX")
def test_libreoffice_reads_the_same_cells(tmp_path: Path) -> None:
    said = [
        {**row, "text": text, "instant": "2021-10-20T10:00:00+06:00"}
        for row, text in zip(rows(len(PAYLOADS)), PAYLOADS, strict=True)
        # As it opens a file, it sets line ends and blanks at the ends its own way.
        if text.isprintable()
    ]
    (tmp_path / "list.xlsx").write_bytes(spreadsheet(said))
    profile = (tmp_path / "profile").as_uri()
    subprocess.run(
        [
            SOFFICE or "",
            f"-env:UserInstallation={profile}",
            "--headless",
            "--convert-to",
            # Comma, quotes, UTF-8, from line 1, cells as they are shown: no; formulas: shown.
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,1",
            "--outdir",
            str(tmp_path),
            str(tmp_path / "list.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    [made] = tmp_path.glob("list*.csv")
    lines = list(csv.reader(io.StringIO(made.read_text(encoding="utf-8"))))
    assert [line[0] for line in lines[1:]] == [row["text"] for row in said]
    assert [line[1] for line in lines[1:]] == [str(row["whole"]) for row in said]
    assert {line[3] for line in lines[1:]} == {"18.11.2021"}
    assert {line[4] for line in lines[1:]} == {"20.10.2021 10:00"}
