"""What a tablet pulls: everything in its scopes once, then only what changed."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from tests.factories import AT, World, inspection_of, make_device, operation, push, ramp_of

PULL = "/api/v1/sync/pull"


def pull(client: FlaskClient, world: World, where: str = "near", **query: Any) -> Any:
    """One page."""
    return client.get(PULL, query_string=query, headers=world.device_headers(where))


def pull_all(
    client: FlaskClient, world: World, cursor: str | None = None, limit: int = 500
) -> tuple[dict[tuple[str, str, str], Any], str]:
    """What a tablet holds after pulling until nothing is left, and its cursor."""
    held: dict[tuple[str, str, str], Any] = {}
    while True:
        query: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = pull(client, world, **query)
        if answer.status_code == 304:
            assert cursor is not None
            return held, cursor
        page = answer.json
        for scope, kind, entity, doc, _version in page["items"]:
            held[scope, kind, entity] = doc
        cursor = page["cursor"]
        if not page["more"]:
            return held, cursor


@pytest.fixture(scope="module", autouse=True)
def _published(database: Database, world: World) -> None:
    with database.writing() as session:
        feed.publish(session, site=list(world.sites.values()))


def test_a_first_pull_holds_the_sites_of_the_district_and_no_others(
    client: FlaskClient, world: World
) -> None:
    held, _ = pull_all(client, world)
    sites = {UUID(entity) for _, kind, entity in held if kind == "site"}
    assert sites == {world.sites["near-1"], world.sites["near-2"]}


def test_a_push_comes_back_with_its_elements_violations_and_tasks(
    client: FlaskClient, world: World
) -> None:
    _, cursor = pull_all(client, world)
    result = push(client, world, operation(inspection_of(world, "near-1"), seq=1))["results"][0]
    held, _ = pull_all(client, world, cursor)
    kinds = {kind for _, kind, _ in held}
    assert kinds == {"inspection", "site", "task"}
    site = next(doc for (_, kind, _), doc in held.items() if kind == "site")
    assert {e["type"] for e in site["elements"]} >= {"ramp", "door", "toilet"}
    tasks = [doc for (_, kind, _), doc in held.items() if kind == "task"]
    assert all(v["state"] == "open" and v["clause"] for t in tasks for v in t["violations"])
    assert all(task["violations"] for task in tasks)
    person = world.people[Role.INSPECTOR, "near"]
    assert (f"person:{person}", "inspection", result["id"]) in held


def test_nothing_new_is_304_with_the_end_of_the_cursor_as_etag(
    client: FlaskClient, world: World
) -> None:
    _, cursor = pull_all(client, world)
    answer = pull(client, world, cursor=cursor)
    assert (answer.status_code, answer.data) == (304, b"")
    assert cursor.endswith(answer.headers["ETag"].strip('"'))


def test_small_pages_hold_the_same_as_one(client: FlaskClient, world: World) -> None:
    assert pull_all(client, world, limit=1) == pull_all(client, world, limit=1000)


def test_a_site_that_moves_to_another_district_leaves_with_all_that_hangs_on_it(
    client: FlaskClient, world: World, database: Database
) -> None:
    push(client, world, operation(ramp_of(world, "near-2"), seq=2))
    before, cursor = pull_all(client, world)
    site = world.sites["near-2"]
    with database.writing() as session:
        there = world.territories["far-1"]
        session.execute(
            text("update site set territory_id = :t where id = :s"), {"t": there, "s": site}
        )
        found = session.scalars(
            text("select id from remediation_task where site_id = :s"), {"s": site}
        )
        feed.publish(session, site=[site])
        feed.withdraw(session, [site, *found], kept_in=feed.territory_scope(there))
    changes, _ = pull_all(client, world, cursor)
    gone = {entity for (_, _, entity), doc in changes.items() if doc is None}
    assert str(site) in gone
    here = f"territory:{world.territories['near-2']}"
    assert {k[2] for k in before if k[0] == here and k[1] == "task"} <= gone


def test_a_grant_given_later_brings_what_was_there_before(
    client: FlaskClient, world: World, database: Database
) -> None:
    held, cursor = pull_all(client, world)
    assert not any(str(world.sites["far-1"]) == entity for _, _, entity in held)
    grant = uuid4()
    with database.writing() as session:
        session.execute(
            text("""insert into person_grant (id, person_id, role, territory_id, granted_at)
                values (:g, :p, 'inspector', :t, :at)"""),
            {
                "g": grant,
                "p": world.people[Role.INSPECTOR, "near"],
                "t": world.territories["far-1"],
                "at": AT,
            },
        )
    changes, after = pull_all(client, world, cursor, limit=1)
    assert str(world.sites["far-1"]) in {entity for _, _, entity in changes}
    with database.writing() as session:
        session.execute(
            text("update person_grant set revoked_at = now() where id = :g"), {"g": grant}
        )
    scopes = pull(client, world).json["scopes"]
    assert f"territory:{world.territories['far-1']}" not in scopes
    assert pull(client, world, cursor=after).status_code in (200, 304)


def test_a_restored_database_asks_to_start_again(
    client: FlaskClient, world: World, database: Database
) -> None:
    _, cursor = pull_all(client, world)
    with database.writing() as session:
        session.execute(text("update feed_epoch set epoch = :e"), {"e": uuid4()})
    answer = pull(client, world, cursor=cursor)
    assert (answer.status_code, answer.json["type"]) == (410, "urn:audit-api:problem:cursor-gone")
    assert pull(client, world).status_code == 200


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "W10.AAAA"}])
def test_a_forged_cursor_is_refused(
    client: FlaskClient, world: World, query: dict[str, str]
) -> None:
    assert pull(client, world, **query).status_code == 400


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"since": "1"}])
def test_a_query_that_means_nothing_is_refused(
    client: FlaskClient, world: World, query: dict[str, str]
) -> None:
    assert pull(client, world, **query).status_code == 422


def test_a_tablet_opens_only_what_an_inspector_may_even_if_its_owner_is_more(
    client: FlaskClient, world: World, database: Database
) -> None:
    with database.writing() as session:
        _, token = make_device(session, world.people[Role.PROSECUTOR, "near"], "odd")
    answer = client.get(PULL, headers={"Authorization": f"Bearer {token}"})
    assert answer.json["items"] == []
