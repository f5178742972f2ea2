"""Resync: whatever a tablet holds, the answer makes its picture right."""

import gzip
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from audit_api.http.sync import resync as view
from audit_api.http.sync.pull_state import PullState
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from audit_api.storage.sync.feed_pages import Position
from tests.factories import World, make_site

RESYNC = "/api/v1/sync/resync"
PULL = "/api/v1/sync/pull"
Picture = dict[tuple[str, str, str], int]


@pytest.fixture(scope="module", autouse=True)
def _published(database: Database, world: World) -> None:
    with database.writing() as session:
        more = [make_site(session, world.territories["near-1"], 8600 + n) for n in range(5)]
        feed.publish(session, site=[*world.sites.values(), *more])


def post(client: FlaskClient, world: World, data: Any, **headers: str) -> Any:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return client.post(RESYNC, data=raw, headers=world.device_headers() | headers)


def keep(picture: Picture, page: dict[str, Any]) -> None:
    """What a tablet does with a page."""
    for key in [key for key in picture if key[0] not in page["scopes"]]:
        del picture[key]
    for scope, kind, entity, doc, version in page["items"]:
        if doc is None:
            picture.pop((scope, kind, entity), None)
        else:
            picture[scope, kind, entity] = version


def pull_on(client: FlaskClient, world: World, picture: Picture, cursor: str | None) -> Any:
    """Pull until nothing is left; the last page, or None after a 304 at once."""
    page = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = client.get(PULL, query_string=query, headers=world.device_headers())
        if answer.status_code == 304:
            return page
        page = answer.json
        keep(picture, page)
        cursor = page["cursor"]
        if not page["more"]:
            return page


def digest_of(picture: Picture, scopes: list[str]) -> dict[str, Any]:
    return {
        scope: {
            "count": len(versions := [v for key, v in picture.items() if key[0] == scope]),
            "sum": sum(versions),
        }
        for scope in scopes
    }


def entries(picture: Picture) -> list[list[Any]]:
    return [[*key, version] for key, version in picture.items()]


def test_a_right_picture_gets_nothing_and_a_cursor(client: FlaskClient, world: World) -> None:
    picture: Picture = {}
    pull_on(client, world, picture, None)
    page = post(client, world, {"have": entries(picture)}).json
    assert (page["items"], page["more"]) == ([], False)
    assert page["digest"] == digest_of(picture, page["scopes"])
    answer = client.get(
        PULL, query_string={"cursor": page["cursor"]}, headers=world.device_headers()
    )
    assert answer.status_code == 304


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_damaged_picture_is_right_afterwards(
    client: FlaskClient, world: World, data: st.DataObject
) -> None:
    truth: Picture = {}
    pull_on(client, world, truth, None)
    kept = data.draw(st.sets(st.sampled_from(sorted(truth))))
    picture = {key: truth[key] - data.draw(st.integers(0, 1)) for key in kept}
    for _ in range(data.draw(st.integers(0, 3))):
        scope = data.draw(st.sampled_from([*{k[0] for k in truth}, f"territory:{uuid4()}"]))
        picture[scope, "site", str(uuid4())] = data.draw(st.integers(0, 2**53 - 1))
    page = post(client, world, {"have": entries(picture)}).json
    keep(picture, page)
    pull_on(client, world, picture, page["cursor"])
    assert picture == truth


def test_many_differences_come_in_pages(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth: Picture = {}
    last = pull_on(client, world, truth, None)
    monkeypatch.setattr(view, "PAGE", 2)
    gone = ("territory:" + str(uuid4()), "site", str(uuid4()))
    page = post(client, world, {"have": [[*gone, 1]]}).json
    assert page["more"] is True
    picture: Picture = {gone: 1}
    keep(picture, page)
    ended = pull_on(client, world, picture, page["cursor"])
    assert picture == truth
    assert ended["digest"] == last["digest"] == digest_of(truth, ended["scopes"])


def test_after_a_restore_the_tablet_goes_on_with_what_it_holds(
    client: FlaskClient, world: World, database: Database
) -> None:
    picture: Picture = {}
    cursor = pull_on(client, world, picture, None)["cursor"]
    with database.writing() as session:
        session.execute(text("update feed_epoch set epoch = :e"), {"e": uuid4()})
    gone = client.get(PULL, query_string={"cursor": cursor}, headers=world.device_headers())
    assert gone.status_code == 410
    page = post(client, world, {"have": entries(picture)}).json
    assert (page["items"], page["more"]) == ([], False)


def test_a_cursor_names_no_transaction_that_may_not_be_on_the_disk(
    client: FlaskClient, world: World, app: Flask, database: Database
) -> None:
    # After a crash the number of one that was rolled back is given again: a cursor behind it would
    # jump over what its second bearer writes.
    with database.engine.connect() as connection:
        connection.execute(text("select pg_current_xact_id()"))
        connection.rollback()
    cursor = post(client, world, {"have": []}).json["cursor"]
    state = PullState.from_text(cursor, app.config["SECRET_KEY"])
    with database.reading() as session:
        assert state.after.xid == session.scalar(text("select max(xid) from feed"))


def test_a_cursor_ahead_of_the_feed_shows_that_the_database_was_put_back(
    client: FlaskClient, world: World, app: Flask, database: Database
) -> None:
    picture: Picture = {}
    page = pull_on(client, world, picture, None)
    secret = app.config["SECRET_KEY"]
    state = PullState.from_text(page["cursor"], secret)
    with database.reading() as session:
        ahead = replace(state, after=Position(feed.horizon(session), 1)).as_text(secret)
    for _ in range(2):
        answer = client.get(PULL, query_string={"cursor": ahead}, headers=world.device_headers())
        assert answer.status_code == 410
    with database.reading() as session:
        assert feed.epoch(session) != state.epoch
        told = session.scalars(
            text("select detail->>'reason' from audit_log where what = 'epoch_began'")
        )
        assert list(told) == ["a cursor is ahead of the feed"]
    page = post(client, world, {"have": entries(picture)}).json
    keep(picture, page)
    assert page["digest"] == digest_of(picture, page["scopes"])


def test_what_lies_outside_is_told_like_what_does_not_exist(
    client: FlaskClient, world: World
) -> None:
    there = f"territory:{world.territories['far-1']}"
    real = [there, "site", str(world.sites["far-1"]), 1]
    none = [there, "site", str(uuid4()), 1]
    items = post(client, world, {"have": [real, none]}).json["items"]
    assert [i for i in items if i[0] == there] == [[*e[:3], None, 1] for e in (real, none)]


def test_what_is_written_while_it_runs_comes_behind_its_cursor(
    client: FlaskClient, world: World, database: Database
) -> None:
    picture: Picture = {}
    pull_on(client, world, picture, None)
    with database.engine.connect() as slow:
        slow.execute(text("select pg_current_xact_id()"))  # holds the horizon
        with database.writing() as session:
            feed.publish(session, site=[world.sites["near-1"]])
        page = post(client, world, {"have": entries(picture)}).json
        scope = f"territory:{world.territories['near-1']}"
        assert page["items"] == []
        assert scope not in page["digest"]
    keep(picture, page)
    last = pull_on(client, world, picture, page["cursor"])
    assert [item[2] for item in last["items"]] == [str(world.sites["near-1"])]
    assert last["digest"] == digest_of(picture, last["scopes"])


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", 400),
        (b"[", 400),
        (b'{"have":[],"have":[]}', 400),
        (b'{"have":[["a","b","c",1e400]]}', 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"have":[],"more":1}', 422),
        (b'{"have":{}}', 422),
        (b'{"have":[1]}', 422),
        (b'{"have":[["a","b","c",1]]}', 422),
        (b'{"have":[["a","b","00000000-0000-4000-8000-000000000000",true]]}', 422),
        (b'{"have":[["a","b","00000000-0000-4000-8000-000000000000",1.0]]}', 422),
        (b'{"have":[["a","b","00000000-0000-4000-8000-000000000000",-1]]}', 422),
        (b'{"have":[["a","b","00000000-0000-4000-8000-000000000000"]]}', 422),
        (b'{"have":[["\\u0000","b","00000000-0000-4000-8000-000000000000",1]]}', 400),
        (b'{"have":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b" " * (view.MOST_BYTES + 1), 413),
    ],
    ids=range(17),
)
def test_hostile_bodies_get_a_clear_answer(
    client: FlaskClient, world: World, said: bytes, status: int
) -> None:
    answer = post(client, world, said)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_a_thing_said_twice_is_refused_with_its_place(client: FlaskClient, world: World) -> None:
    entry = ["territory:x", "site", str(uuid4()), 1]
    answer = post(client, world, {"have": [entry, entry]})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/have/1")


def test_too_many_entries_are_told_to_start_without_a_cursor(
    client: FlaskClient, world: World
) -> None:
    entry = ["t", "site", "00000000-0000-4000-8000-000000000000", 1]
    packed = gzip.compress(json.dumps({"have": [entry] * (view.MOST_ENTRIES + 1)}).encode())
    answer = post(client, world, packed, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert "without a cursor" in answer.json["detail"]
    bomb = gzip.compress(b" " * 50_000_000)
    assert post(client, world, bomb, **{"Content-Encoding": "gzip"}).status_code == 413
