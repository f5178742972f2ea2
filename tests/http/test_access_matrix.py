"""Every cell of role x operation x relation, asserted by real requests."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from flask import Flask

from audit_api.domain.access import Noun
from audit_api.http.auth import Door
from audit_api.storage import lists
from audit_api.storage.base import Database
from tests.http.access_cells import (
    FIGURES,
    GRANTS,
    NOUN_OF,
    SHOWN,
    WHO,
    WRITE,
    Asker,
    Cell,
    all_cells,
    cells,
)
from tests.http.everywhere import AUTHOR, Everywhere, make_everywhere
from tests.http.fingerprint import changed, fingerprint
from tests.http.scope_faults import FAULTS, NOT_PLANTED, Fault
from tests.http.test_scope import ITEMS, LISTS
from tests.http.writing import OTHER_WRITES, WRITES

WITHOUT_ROUTES = {
    Noun.AUDIT_LOG: "a photo's custody tells of it: test_photos.py",
    Noun.NEEDS_MAP: "counts beside tasks and sites: test_needs_map.py",
    Noun.WEBHOOKS: "everybody's own: tests/events/test_webhooks.py",
}
"""Rows of the table that no route of their own asks for, and where they are asked for."""
OWN = "/api/v1/webhooks"
"""What lies in no territory: everybody finds their own alone (tests/events/test_webhooks.py)."""


@pytest.fixture(scope="module")
def everywhere(app: Flask, database: Database) -> Everywhere:
    return make_everywhere(app, database)


@pytest.fixture(params=[(who, grant) for who in WHO for grant in GRANTS], ids="-at-".join)
def placed(everywhere: Everywhere, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Somebody whose one grant lies there."""
    who, grant = request.param
    everywhere.move(who, grant)
    yield who, grant
    # What waits of the author's must not lie where only one reader's grant does.
    everywhere.move(who, "country")


def wrong(asker: Asker, asked: Iterator[Cell] | list[Cell]) -> list[tuple[Cell, bool | str]]:
    """The cells whose answer is another than the table says."""
    found = [(cell, asker.observed(cell)) for cell in asked]
    return [(cell, seen) for cell, seen in found if seen != cell.allowed]


def test_every_read_and_every_refused_write_is_as_the_table_says(
    everywhere: Everywhere, placed: tuple[str, str]
) -> None:
    before = fingerprint(everywhere.database)
    asked = [cell for cell in cells(*placed) if not (cell.asked == WRITE and cell.allowed)]
    assert wrong(Asker(everywhere, placed[0]), asked) == []
    # Reading an original is an event of its own, which the audit log keeps.
    assert changed(before, fingerprint(everywhere.database)) <= {"audit_log"}


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if not fault.summed], ids=lambda fault: fault.name
)
def test_it_shows_when_one_scope_filter_is_gone(
    everywhere: Everywhere, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    who = fault.reader.value
    everywhere.move(who, "near")
    fault.plant(monkeypatch)
    # One place of each relation outside.
    places = ("region", "far", "other-1")
    asked = [c for c in cells(who, "near") if c.asked != WRITE and c.place in places]
    seen = wrong(Asker(everywhere, who), asked)
    assert {cell.relation for cell, _ in seen} == {"sibling", "parent", "none"}
    for cell, _ in seen:
        assert not cell.allowed
        assert fault.shows_at(cell.operation.removeprefix("GET ").partition("<")[0]), cell


def test_every_scoped_query_of_the_lists_is_one_that_is_planted() -> None:
    """A query that is new fails here; the line to add goes to `FAULTS` of scope_faults.py."""
    found = set()
    for module in pkgutil.iter_modules(lists.__path__, f"{lists.__name__}."):
        for name, made in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(made) and made.__module__ == module.name and name[0] != "_":
                takes = inspect.signature(made).parameters
                found |= {name} if {"session", "scope"} <= takes.keys() else set()
    planted = {fault.query for fault in FAULTS}
    assert planted.isdisjoint(NOT_PLANTED)
    assert found == {q for q in planted if q in found} | NOT_PLANTED.keys()


def test_every_write_that_the_table_allows_is_let_in(
    everywhere: Everywhere, placed: tuple[str, str]
) -> None:
    # Last of those that ask: what was decided stands in no queue any more.
    asked = [cell for cell in cells(*placed) if cell.asked == WRITE and cell.allowed]
    assert wrong(Asker(everywhere, placed[0]), asked) == []


def test_the_matrix_is_whole() -> None:
    found = all_cells()
    assert len(found) == len(set(found)) >= 2000
    operations = {cell.operation for cell in found}
    for operation in operations:
        asked = {(c.who, c.relation) for c in found if c.operation == operation}
        assert asked == {
            (who, relation)
            for who in WHO
            for relation in ("own", "child", "sibling", "parent", "none")
        }
        mine = [cell.allowed for cell in found if cell.operation == operation]
        assert True in mine
        assert False in mine


def test_every_route_is_classified(app: Flask) -> None:
    """A route that is new fails here; the lines to add are named in access_cells.py."""
    asked = {cell.operation for cell in all_cells()}
    for rule in app.url_map.iter_rules():
        door, noun, verb = app.view_functions[rule.endpoint].guard
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = f"{method} {rule.rule}"
            if method == "GET":
                if door is Door.PERSON and noun is not None and not rule.rule.startswith(OWN):
                    assert operation in asked, (
                        f"{operation} is new: add it to ITEMS or LISTS of test_scope.py, and its "
                        "kind of thing to NOUN_OF or SHOWN of access_cells.py"
                    )
                    kind = ITEMS.get(rule.rule)
                    shown = SHOWN.get(rule.rule)
                    said = NOUN_OF[kind] if kind else shown[1] if shown else FIGURES[rule.rule]
                    assert (noun, verb) == (said, "read"), operation
            elif operation in WRITES:
                write = WRITES[operation]
                assert (door, noun, verb) == (Door.PERSON, write.noun, write.verb), operation
            else:
                assert operation in OTHER_WRITES, (
                    f"{operation} writes and is new: add a line with a valid body to WRITES of "
                    "writing.py"
                )


def test_every_noun_has_a_route_or_is_known_to_have_none() -> None:
    named = {*NOUN_OF.values(), *(n for _, n in SHOWN.values()), *(w.noun for w in WRITES.values())}
    assert named == set(Noun) - set(WITHOUT_ROUTES), (
        "A noun of WHO_MAY_WHAT without a route in the matrix: add its routes, or say here that "
        "it has none yet"
    )
    assert {a.partition("?")[0] for a in LISTS} == {*SHOWN, *FIGURES}
    assert AUTHOR in WHO
