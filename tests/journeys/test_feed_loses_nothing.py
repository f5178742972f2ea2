"""Eight writers and a puller: nothing is lost, thanks to the horizon (docs/decisions/0003)."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from tests.factories import World, make_device, make_site, operation, push_body, ramp_of
from tests.http.test_pull import pull_all

_NUMBERS = count(8500)
WRITERS = 8
PUSHES = 25


def _tablets(session: Session, world: World) -> list[tuple[UUID, str]]:
    """A tablet for each writer, of one inspector."""
    owner = world.people[Role.INSPECTOR, "near"]
    return [make_device(session, owner, f"writer {n}") for n in range(WRITERS)]


def _truth(session: Session, world: World) -> set[tuple[str, str]]:
    """Kind and id of everything that the near tablet should hold."""
    rows = session.execute(
        text("""
            select 'site', id from site where territory_id = any(:t)
            union all select 'task', r.id from remediation_task r join site s on s.id = r.site_id
                where s.territory_id = any(:t)
            union all select 'inspection', id from inspection where inspector_id = :p
        """),
        {
            "t": [world.territories["near-1"], world.territories["near-2"]],
            "p": world.people[Role.INSPECTOR, "near"],
        },
    )
    return {(kind, str(entity)) for kind, entity in rows}


def test_a_puller_beside_eight_writers_ends_up_with_everything(
    app: Flask, world: World, database: Database
) -> None:
    with database.writing() as session:
        tablets = _tablets(session, world)
        sites = [
            make_site(session, world.territories[f"near-{n % 2 + 1}"], 8100 + n)
            for n in range(WRITERS)
        ]
        feed.publish(session, site=[*sites, world.sites["near-1"], world.sites["near-2"]])

    def write(n: int) -> None:
        chance = random.Random(n)  # noqa: S311 - test data, not a secret
        client = app.test_client()
        device, token = tablets[n]
        for seq in range(1, PUSHES + 1):
            body = ramp_of(world, "near-1") | {"site": str(chance.choice(sites))}
            body["elements"][0]["id"] = str(uuid4())
            answer = client.post(
                "/api/v1/sync/push",
                data=push_body(device, [operation(body, seq=seq)]),
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200, answer.text
            assert answer.json["results"][0]["status"] == "applied", answer.text

    held: dict[tuple[str, str, str], Any] = {}
    writing = threading.Event()

    def pull_until_quiet() -> None:
        client, cursor = app.test_client(), None
        quiet = False
        while not quiet:
            quiet = not writing.is_set()
            changes, cursor = pull_all(client, world, cursor, limit=7)
            held.update(changes)
            time.sleep(0.001)

    writing.set()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        puller = pool.submit(pull_until_quiet)
        try:
            list(pool.map(write, range(WRITERS)))
        finally:
            writing.clear()
        puller.result(60)
    with database.reading() as session:
        truth = _truth(session, world)
        docs: dict[tuple[str, str, str], str | None] = {
            (scope, kind, str(entity)): doc
            for scope, kind, entity, doc in session.execute(
                text("select scope, kind, entity_id, doc::text from feed")
            )
        }
    assert len(truth) > WRITERS * PUSHES
    assert {(kind, entity) for _, kind, entity in held} == truth
    # And each in its last state, not only in some state.
    assert all(json.loads(docs[key] or "null") == doc for key, doc in held.items())


def _late_writer(database: Database, world: World, app: Flask) -> tuple[str, set[str]]:
    """One writer takes its number first and commits last; a tablet pulls in between.

    Returns the late entity and everything that the tablet got in two pulls.
    """
    client = app.test_client()
    slow = Session(database.engine)
    late = make_site(slow, world.territories["near-1"], next(_NUMBERS))
    feed.publish(slow, site=[late])
    with database.writing() as session:
        early = make_site(session, world.territories["near-2"], next(_NUMBERS))
        feed.publish(session, site=[early])
    first, cursor = pull_all(client, world)
    slow.commit()
    slow.close()
    second, _ = pull_all(client, world, cursor)
    return str(late), {entity for _, _, entity in [*first, *second]}


def test_a_number_taken_early_and_committed_late_is_not_jumped_over(
    app: Flask, world: World, database: Database
) -> None:
    late, seen = _late_writer(database, world, app)
    assert late in seen


def test_without_the_horizon_it_would_be_lost(
    app: Flask, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shows that the test above can fail: it needs the condition that the horizon is."""
    monkeypatch.setattr(feed, "HORIZON", str(2**62))
    late, seen = _late_writer(database, world, app)
    assert late not in seen
