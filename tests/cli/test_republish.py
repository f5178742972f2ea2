"""Documents of the feed that an older version wrote are made anew, beside whoever writes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.services.sync.republish_feed import republish_feed
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from tests.cli.conftest import Cli, cli_on
from tests.factories import World, inspection_of, make_site, operation, push

SITES = 12
# As a version wrote them that did not know some of the members.
OLD = """
    update feed set doc = (doc::jsonb - 'elements' - 'violations' - 'returned' - 'extension')::json,
        xid = 0 where kind in ('site', 'task', 'inspection')
"""
FEED = "select scope, kind, entity_id, doc::text from feed order by 1, 2, 3"
VERSIONS = "select entity_id, seq from feed order by 1, 2"


@pytest.fixture(scope="module", autouse=True)
def _published(app: Flask, database: Database, world: World) -> None:
    with database.writing() as session:
        more = [make_site(session, world.territories["near-1"], 8600 + n) for n in range(SITES)]
        feed.publish(session, site=[*world.sites.values(), *more])
    client = app.test_client()
    for n, site in enumerate(world.sites, 1):
        where = site.split("-")[0]
        body = inspection_of(world, site, seed=n)
        push(client, world, operation(body, seq=n), where=where)
    unknown = inspection_of(world, "near-1") | {"form": "station/99"}
    push(client, world, operation(unknown, seq=9))


@pytest.fixture
def cli(settings: Settings, tmp_path: Path) -> Iterator[Cli]:
    with cli_on(settings, tmp_path) as made:
        yield made


def run(database: Database, statement: str) -> None:
    with database.writing() as session:
        session.execute(text(statement))


def test_what_is_right_is_not_written(cli: Cli) -> None:
    before = cli.query(VERSIONS)
    said = cli.done("feed", "republish")
    assert f"site: {SITES + 4} looked at, 0 written anew.\n" in said
    kinds = {line.split(":")[0] for line in said.splitlines()}
    assert kinds == {"site", "task", "inspection", "held"}
    assert said.count(" 0 written anew.") == 4
    assert cli.query(VERSIONS) == before


def test_older_documents_become_what_they_would_be_now_under_new_versions(
    cli: Cli, database: Database
) -> None:
    right, versions = cli.query(FEED), dict(cli.query(VERSIONS))
    run(database, OLD)
    assert cli.query(FEED) != right
    cli.done("feed", "republish", "--batch", "5")
    assert cli.query(FEED) == right
    grown = {entity for entity, seq in cli.query(VERSIONS) if seq > versions[entity]}
    held = {row[2] for row in right if row[1] == "held"}
    assert grown == set(versions) - held
    assert cli.query("select count(*) from feed where xid = 0") == [(0,)]


def test_rows_that_are_missing_are_made(cli: Cli, database: Database) -> None:
    right = cli.query(FEED)
    run(database, "delete from feed where kind in ('site', 'held')")
    cli.done("feed", "republish")
    assert cli.query(FEED) == right


def test_broken_off_it_goes_on_with_what_is_left(cli: Cli, database: Database) -> None:
    right = cli.query(FEED)
    run(database, OLD)
    steps = republish_feed(database, batch=3)
    done = [next(steps) for _ in range(2)]
    steps.close()
    assert [(step.looked_at, step.written) for step in done] == [(3, 3), (6, 6)]
    assert cli.query(FEED) != right
    assert f"site: {SITES + 4} looked at, {SITES + 4 - 6} written anew." in cli.done(
        "feed", "republish"
    )
    assert cli.query(FEED) == right


WRITE = text("""
    update feed set doc = json_build_object('by', 'another'), seq = nextval('feed_seq')
    where entity_id = :site and kind = 'site'
""")
WAITS = """
    select count(*) from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and query like '%with fresh as materialized%'
"""


def test_what_somebody_writes_meanwhile_stays_as_they_wrote_it(
    cli: Cli, database: Database, world: World
) -> None:
    run(database, OLD)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            session.execute(WRITE, {"site": world.sites["near-2"]})
            # It has looked, and waits for the row that is being written.
            republishing = pool.submit(lambda: list(republish_feed(database)))
            end = time.monotonic() + 30
            while cli.query(WAITS) == [(0,)]:
                assert time.monotonic() < end, "the other one never came"
        written = {step.kind: step.written for step in republishing.result()}
    assert written["site"] == SITES + 4 - 1
    docs = "select doc->>'by' from feed where kind = 'site' and doc->>'by' is not null"
    assert cli.query(docs) == [("another",)]
    cli.done("feed", "republish")
    assert cli.query(docs) == []
