"""A list as a file of any format, for whoever has a folder to put it in."""

from pathlib import Path
from typing import Final

from audit_api.services.list_files.csv_file import csv_chunks
from audit_api.services.list_files.geojson_file import geojson_chunks
from audit_api.services.list_files.geopackage_file import write_geopackage
from audit_api.services.list_files.speaking import Speaker
from audit_api.services.list_files.table import About, Pages, Table
from audit_api.services.list_files.xlsx_file import write_xlsx

CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
}
"""By format, which is the end of a file's name too."""


def write_list(
    path: Path, form: str, table: Table, pages: Pages, speak: Speaker, about: About
) -> None:
    """Write a new file. Raises InvalidInput for more rows than the format holds."""
    if form == "xlsx":
        with path.open("xb") as file:
            write_xlsx(file, table, pages, speak, about)
    elif form == "gpkg":
        write_geopackage(path, table, pages, speak, about)
    else:
        chunks = (
            csv_chunks(table, pages, speak)
            if form == "csv"
            else geojson_chunks(table, pages, speak, about)
        )
        with path.open("xb") as file:
            file.writelines(chunks)
