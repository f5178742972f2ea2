"""Whoever takes a list away stands in the audit log, before the first byte is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.http.list_files import EXPORTS
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.exported import read_geojson
from tests.http.populated import Things

API = "/api/v1"
FILES = [(export, form.name) for export in EXPORTS for form in export.formats]


@pytest.fixture(scope="module", autouse=True)
def _populated(things: Things) -> None:
    """Every test here reads the populated world."""


@pytest.fixture
def entries(database: Database) -> Any:
    """The entries of files since the test began."""
    every = "select n, what, person_id, subject, detail from audit_log where n > :after order by n"

    def read(after: int = 0) -> list[Any]:
        with database.reading() as session:
            return list(session.execute(text(every), {"after": after}))

    before = max((row.n for row in read()), default=0)
    return lambda: read(before)


def get(client: FlaskClient, world: World, path: str, role: Role = Role.PROSECUTOR) -> Any:
    return client.get(API + path, headers=world.headers(role))


@pytest.mark.parametrize(
    ("export", "form"), FILES, ids=[f"{export.table.name}.{form}" for export, form in FILES]
)
def test_every_file_of_a_list_is_an_entry(
    client: FlaskClient, world: World, entries: Any, export: Any, form: str
) -> None:
    role = Role.TECHNICAL_SUPERVISOR
    answer = get(client, world, f"{export.path}.{form}?campaign={CAMPAIGN}&language=ky", role)
    assert answer.status_code == 200
    [entry] = entries()
    kind = export.table.name.replace("-", "_")
    assert (entry.what, entry.person_id) == ("exported", world.people[role, "near"])
    assert (entry.subject, entry.detail["kind"]) == (kind, kind)
    assert (entry.detail["format"], entry.detail["language"]) == (form, "ky")
    assert entry.detail["filters"] == {"campaign": CAMPAIGN}


def test_the_entry_says_the_moment_of_the_rows_and_how_they_were_narrowed(
    client: FlaskClient, world: World, entries: Any
) -> None:
    answer = get(client, world, "/violations.geojson?severity=major&overdue=true")
    [entry] = entries()
    assert entry.detail["filters"] == {"severity": "major", "overdue": "true"}
    assert entry.detail["as_of"] == read_geojson(answer.data).about["as_of"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_of_a_served_list_is_an_entry_of_that_list(
    client: FlaskClient, world: World, things: Things, entries: Any, form: str
) -> None:
    served = things.of("served_list", "near-1")
    assert get(client, world, f"/served-lists/{served}.{form}").status_code == 200
    [entry] = entries()
    assert (entry.subject, entry.detail["kind"]) == (str(served), "served_list")


def test_what_is_cut_off_is_an_entry_too(client: FlaskClient, world: World, entries: Any) -> None:
    answer = client.get(
        f"{API}/violations.csv", headers=world.headers(Role.PROSECUTOR), buffered=False
    )
    answer.close()
    assert len(entries()) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/violations.csv?severity=grave", 422),
        ("/violations.csv?campaign=kg-none-2021", 404),
        ("/served-lists/00000000-0000-4000-8000-000000000000.csv", 404),
        ("/violations", 200),
        ("/statistics/map.svg?campaign=" + CAMPAIGN, 200),
    ],
)
def test_where_no_file_goes_out_there_is_no_entry(
    client: FlaskClient, world: World, entries: Any, path: str, status: int
) -> None:
    assert get(client, world, path).status_code == status
    assert entries() == []


def test_asking_for_the_headers_alone_takes_nothing_away(
    client: FlaskClient, world: World, entries: Any
) -> None:
    path = f"{API}/violations.csv"
    assert client.head(path, headers=world.headers(Role.PROSECUTOR)).status_code == 200
    assert entries() == []


@pytest.fixture
def _no_entry_fits(database: Database) -> Iterator[None]:
    with database.writing() as session:
        session.execute(
            text("alter table audit_log add constraint none check (what <> 'exported') not valid")
        )
    yield
    with database.writing() as session:
        session.execute(text("alter table audit_log drop constraint none"))


@pytest.mark.parametrize("form", ["csv", "xlsx", "geojson", "gpkg"])
@pytest.mark.usefixtures("_no_entry_fits")
def test_without_the_entry_there_is_no_file(client: FlaskClient, world: World, form: str) -> None:
    answer = get(client, world, f"/violations.{form}")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
