"""A page's plan is made once where it depends on nobody, and is the right page all the same."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.base import Database
from audit_api.storage.lists.selection import Selection, keyed

ROWS = 5_000
PAGE = 20
# PostgreSQL weighs the two plans after five pages, and psycopg prepares after as many.
PAGES = 12
TERRITORIES = [uuid4() for _ in range(25)]


@pytest.fixture
def thing(database: Database) -> Iterator[Session]:
    """A session with a table of things, each in a territory and found by somebody."""
    with database.engine.connect() as connection, Session(connection) as session:
        session.execute(
            text("""create temporary table thing on commit drop as
                select n, now() + n * interval '1 second' as at, gen_random_uuid() as id,
                    (cast(:places as uuid[]))[1 + n % 25] as territory_id
                from generate_series(1, :rows) n"""),
            {"places": TERRITORIES, "rows": ROWS},
        )
        session.execute(text("create index on thing (at, id)"))
        session.execute(text("analyze thing"))
        yield session


def page(session: Session, scope: Scope, key: list[str] | None) -> list[tuple[int, list[str]]]:
    chosen = Selection(
        scope, own="thing.id <> :person", place="thing.territory_id", today=date(2021, 11, 1)
    )
    chosen.after("thing.at, thing.id", key, ("timestamptz", "uuid"))
    select = "select thing.n, thing.at, thing.id from thing"
    rows = chosen.rows(session, select, order="thing.at, thing.id", limit=PAGE)
    return [(row[0], keyed(row)) for row in rows]


def plans(session: Session) -> list[tuple[int, int]]:
    """Generic and custom plans of the statements on things."""
    asked = text("""select generic_plans, custom_plans from pg_prepared_statements
        where statement like 'select thing.n%'""")
    return [(row[0], row[1]) for row in session.execute(asked)]


@pytest.mark.parametrize("further", [False, True], ids=["first page", "further page"])
@pytest.mark.parametrize("places", [25, 1])
def test_a_page_is_planned_once(thing: Session, places: int, further: bool) -> None:
    scope = Scope(frozenset(TERRITORIES[:places]), person=uuid4())
    key = page(thing, scope, None)[-1][1] if further else None
    for _ in range(PAGES):
        page(thing, scope, key)
    assert max(generic for generic, _ in plans(thing)) > 0


@pytest.mark.parametrize("places", [25, 3])
def test_pages_hold_each_row_of_the_scope_once_in_order(thing: Session, places: int) -> None:
    inside: set[UUID] = set(TERRITORIES[:places])
    scope = Scope(frozenset(inside), person=uuid4())
    found: list[int] = []
    key = None
    while rows := page(thing, scope, key):
        found += [n for n, _ in rows[:PAGE]]
        key = rows[:PAGE][-1][1]
    assert found == [n for n in range(1, ROWS + 1) if TERRITORIES[n % 25] in inside]


def test_whose_rows_they_are_is_looked_at_anew(thing: Session) -> None:
    scope = Scope(own_territories=frozenset(TERRITORIES), person=uuid4())
    for _ in range(PAGES):
        page(thing, scope, None)
    assert max(generic for generic, _ in plans(thing)) == 0
