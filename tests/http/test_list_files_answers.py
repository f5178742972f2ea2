"""What an export says in its headers, in which language, and what hostile stored texts do to it."""

import io
import re
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.http.list_files import EXPORTS, Export
from audit_api.services.list_files.speaking import Speaker
from audit_api.services.list_files.tables import common
from audit_api.storage.base import Database
from audit_api.words import words_in
from field_schema.catalog import load_catalog
from tests.factories import CAMPAIGN, World
from tests.http.exported import read_csv, read_geojson, read_xlsx
from tests.http.populated import Things
from tests.services.list_files.payloads import STORABLE, runs_somewhere

API = "/api/v1"
WORDS = {
    "ky": "Мыйзам бузуулардын реестри",
    "ru": "Реестр нарушений",
    "en": "Register of violations",
}
# Every column of text that people or imports fill, and that a list shows.
STORED = {
    "site": ("name_ky", "name_ru", "name_en", "address"),
    "element": ("label",),
    "territory_version": ("name_ky", "name_ru", "name_en"),
    "person": ("full_name",),
    "constituency": ("name_ky", "name_ru", "name_en"),
    "supervisory_act": (),
}


@pytest.fixture(scope="module", autouse=True)
def _populated(things: Things) -> None:
    """Every test here reads the populated world."""


def get(client: FlaskClient, world: World, path: str, **headers: str) -> Any:
    given = world.headers(Role.TECHNICAL_SUPERVISOR) | headers
    return client.get(API + path, headers=given)


def addresses(export: Export, form: str) -> str:
    asked = f"?campaign={CAMPAIGN}" if export.table.name == "progress" else ""
    return f"{export.path}.{form}{asked}"


def test_the_headers_name_the_file_and_keep_it_out_of_caches(
    client: FlaskClient, world: World
) -> None:
    for form, kind in (
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("geojson", "application/geo+json"),
        ("gpkg", "application/geopackage+sqlite3"),
    ):
        answer = get(client, world, f"/violations.{form}?language=ky")
        size = len(answer.data)
        assert answer.status_code == 200
        assert answer.content_type == kind
        name = f'attachment; filename="violations.{form}"'
        assert answer.headers["Content-Disposition"] == name
        assert answer.headers["Content-Language"] == "ky"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if form in ("xlsx", "gpkg"):
            assert answer.content_length == size


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_language_is_the_one_asked_for(
    client: FlaskClient, world: World, language: str
) -> None:
    asked = get(client, world, f"/violations.geojson?language={language}")
    accepted = get(client, world, "/violations.geojson", **{"Accept-Language": language})
    for answer in (asked, accepted):
        about = read_geojson(answer.data).about
        assert (about["title"], about["language"]) == (WORDS[language], language)
    book = read_xlsx(get(client, world, f"/violations.xlsx?language={language}").data)
    assert WORDS[language] in book.about.values()


def test_states_and_limits_are_told_in_words(client: FlaskClient, world: World) -> None:
    rows = read_csv(get(client, world, "/violations.csv?header=codes&language=ru").data).rows
    for row in rows:
        assert row["state_text"] in {"открыто", "подтверждено"}
        assert row["severity_text"] in {"критическая", "значительная", "незначительная"}
        assert re.search("[а-я]", row["measured_text"])
        assert re.search("требуется|допускается", row["required_text"])
        assert row["clause_text"]
        assert row["responsible_body"].startswith("орган местного самоуправления: ")
        assert row["inspecting_body"] == "не указан"
        photos = row["photos"].split()
        assert [link.split("/")[-2] for link in row["photo_links"].split()] == photos
    assert {row["state"] for row in rows} == {"open", "confirmed"}


def test_a_word_that_names_an_edition_is_said_in_the_language() -> None:
    [said] = [column for column in common.EDITION if column.name == "edition_text"]
    for language, words in (("ru", "прежняя редакция"), ("en", "historic")):
        speak = Speaker(words_in(language), load_catalog())
        assert said.told({"edition": "historic"}, speak) == words
        assert said.told({"edition": "2019-11-27"}, speak) == "2019-11-27"


def test_the_register_has_what_officials_asked_for() -> None:
    [register] = [export.table for export in EXPORTS if export.table.name == "violations"]
    assert {column.name for column in register.readable} >= {
        "standard_title", "clause", "clause_text", "state_text", "measured_text", "photos",
        "photo_links", "site_name", "address", "responsible_body", "inspecting_body",
        "first_seen_at", "current_due_on",
    }  # fmt: skip
    # What the first violations.csv had, for the programs that read it.
    assert {column.name for column in register.columns} >= {
        "id", "state", "severity", "standard", "edition", "clause", "clause_hint", "requirement",
        "weight", "confidence", "measured", "required", "tolerance", "user_groups", "site_name",
        "territory", "territory_name", "stations", "element_type", "element_label",
        "first_seen_at", "due_on", "overdue", "photos",
    }  # fmt: skip


@pytest.mark.parametrize("query", ["limit=5", "cursor=x", "language=de", "header=both", "state=x"])
def test_a_parameter_that_means_nothing_here_is_refused_by_name(
    client: FlaskClient, world: World, query: str
) -> None:
    answer = get(client, world, f"/violations.csv?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/" + query.partition("=")[0]


def test_asking_for_the_headers_alone_holds_nothing(
    client: FlaskClient, world: World, database: Database
) -> None:
    for _ in range(6):
        answer = client.head(
            f"{API}/violations.csv", headers=world.headers(Role.PROSECUTOR), buffered=True
        )
        assert (answer.status_code, answer.data) == (200, b"")
    with database.reading() as session:
        holding = text("""select count(*) from pg_stat_activity where state =
            'idle in transaction' and datname = current_database()""")
        assert session.scalar(holding) == 0


def test_an_error_in_the_first_page_is_a_problem_and_holds_nothing(
    client: FlaskClient, world: World
) -> None:
    for path in ("/violations.csv?territory=ZZ", "/violations.xlsx?campaign=kg-none-2021"):
        for _ in range(6):
            answer = get(client, world, path)
            assert answer.status_code == 404
            assert answer.content_type == "application/problem+json"


def test_no_stored_text_becomes_a_formula(
    client: FlaskClient, world: World, database: Database
) -> None:
    """Each payload is written into every text that a list shows; last, since it spoils them."""
    shown = 0
    for payload in STORABLE:
        with database.writing() as session:
            for table, columns in STORED.items():
                for column in columns:
                    session.execute(
                        text(f"update {table} set {column} = :said"),  # noqa: S608 - our own names
                        {"said": payload},
                    )
        for export in EXPORTS:
            data = get(client, world, addresses(export, "csv")).data
            assert runs_somewhere(data) == [], (export.table.name, ascii(payload))
            shown += payload[-3:].encode() in data
    assert shown > len(STORABLE) * len(EXPORTS) / 2


@pytest.mark.parametrize(
    "payload", ["=1+1", "\x01=1", "＝1", '=HYPERLINK("http://x";"y")'], ids=ascii
)
@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.table.name)
def test_no_stored_text_becomes_a_formula_of_a_spreadsheet(
    client: FlaskClient, world: World, database: Database, export: Export, payload: str
) -> None:
    with database.writing() as session:
        for table, columns in STORED.items():
            for column in columns:
                session.execute(
                    text(f"update {table} set {column} = :said"),  # noqa: S608 - our own names
                    {"said": payload},
                )
    data = get(client, world, addresses(export, "xlsx")).data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        sheets = "".join(packed.read(n).decode() for n in packed.namelist() if "sheet" in n)
    assert not re.search(r"<f[ >/]|<hyperlink", sheets)
    cells = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert any(payload.replace("\x01", "\ufffd") in str(cell) for row in cells for cell in row)
