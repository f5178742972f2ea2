"""A paper of a list has exactly what the list shows that person, by any filters and grants."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from audit_api.domain.access import Noun, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.vocabulary import Role
from audit_api.services.exports.making import Making
from audit_api.services.exports.printed_lists import case_filter
from audit_api.storage.base import Database
from audit_api.storage.lists.serving import violations_to_print
from audit_api.storage.people import actor_of_person
from tests.factories import CAMPAIGN
from tests.http.everywhere import AUTHOR, CODES, Everywhere, make_everywhere
from tests.http.exporting import tools_of

WHO = (*Role, AUTHOR)
ALONE: list[dict[str, Any]] = [
    {"territory": "N1"},
    {"territory": "R"},
    {"territory": "F1"},
    {"campaign": CAMPAIGN},
    {"constituency": 1},
    {"severity": "critical"},
    {"severity": "minor"},
    {"user_group": "wheelchair"},
    {"state": "open"},
    {"state": "closed"},
    {"overdue": True},
    {"overdue": False},
    {"usable_on_the_day": False},
    {"usable_on_the_day": True},
]
FILTERS = [
    {},
    *ALONE,
    *(one | other for one, other in combinations(ALONE, 2) if not set(one) & set(other)),
]


@pytest.fixture(scope="module")
def everywhere(app: Flask, database: Database) -> Everywhere:
    return make_everywhere(app, database)


def on_screen(everywhere: Everywhere, who: str, filters: dict[str, Any]) -> list[str] | None:
    """The ids of the list, page by page; None where it is unknown."""
    client, found = everywhere.app.test_client(), []
    query = {name: str(v).lower() if isinstance(v, bool) else v for name, v in filters.items()}
    path, query = "/api/v1/violations", {**query, "limit": "50"}
    while path:
        answer = client.get(path, query_string=query or None, headers=everywhere.headers(who))
        if answer.status_code == 404:
            return None
        found += [one["id"] for one in answer.json["items"]]
        path, query = answer.json["next"], None
    return sorted(found)


def on_paper(everywhere: Everywhere, who: str, filters: dict[str, Any]) -> list[str] | None:
    """The ids of what would be printed; None where it is unknown."""
    at = datetime.now(UTC)
    with everywhere.database.snapshot() as session:
        actor = actor_of_person(session, everywhere.people[who], today(at))
        assert actor is not None
        scope = scope_of(actor, Noun.VIOLATIONS)
        if scope.empty:
            return None
        making = Making(
            tools=tools_of(everywhere.app),
            actor=actor,
            scope=scope,
            noun=Noun.VIOLATIONS,
            kind="violations",
            language="en",
            base_url="",
            filters=filters,
            subject=None,
            at=at,
            folder=Path(),
            progress=lambda *_: None,
        )
        try:
            wanted = case_filter(session, making)
        except NotFound:
            return None
        facts = violations_to_print(session, scope, wanted, limit=5000, today=today(at))
    return sorted(fact["violation"] for fact in facts)


@pytest.fixture(
    params=[(who, grant) for who in WHO for grant in ("near", "near-1")], ids="-at-".join
)
def placed(everywhere: Everywhere, request: pytest.FixtureRequest) -> Iterator[str]:
    who, grant = request.param
    everywhere.move(who, grant)
    yield who
    everywhere.move(who, "country")


def test_the_paper_has_the_rows_of_the_list(everywhere: Everywhere, placed: str) -> None:
    seen = {str(filters): on_screen(everywhere, placed, filters) for filters in FILTERS}
    printed = {str(filters): on_paper(everywhere, placed, filters) for filters in FILTERS}
    assert printed == seen
    if placed not in (Role.INSPECTOR,):
        assert len({len(rows) for rows in seen.values() if rows is not None}) > 3


def test_there_is_something_outside_of_every_grant(everywhere: Everywhere) -> None:
    assert set(CODES.values()) > {"N1", "F1", "R"}
    everywhere.move(Role.PROSECUTOR, "country")
    whole = on_screen(everywhere, Role.PROSECUTOR, {})
    everywhere.move(Role.PROSECUTOR, "near")
    near = on_screen(everywhere, Role.PROSECUTOR, {})
    assert near
    assert len(whole or ()) > len(near)
