"""A database that was restored or rolled back begins a new epoch before anything else is done."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.server_check import reasons_against
from audit_api.storage.sync import feed
from audit_api.storage.sync.epochs import SEQ_JUMP
from tests.factories import World, make_world

# As a restore writes it: the same values by another transaction.
COPIED = """
    create table kept as select * from feed_epoch; delete from feed_epoch;
    insert into feed_epoch select * from kept; drop table kept
"""
MOVED = "update feed_epoch set {change}, xid = pg_current_xact_id()::text::bigint"
SIGNS = [
    (MOVED.format(change="system_identifier = system_identifier + 1"), "another cluster"),
    (MOVED.format(change="timeline = timeline + 1"), "another timeline"),
    (COPIED, "restored from a dump"),
]


class Lived:
    """A database with a feed, looked at without opening it as the program does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.plain = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
        database = Database(make_engine(settings))
        with database.writing() as session:
            self.world: World = make_world(session)
            feed.publish(session, site=list(self.world.sites.values()))
        database.engine.dispose()

    def run(self, statement: str) -> None:
        with self.plain.connect() as connection, connection.connection.cursor() as cursor:
            cursor.execute(statement)

    def one(self, query: str) -> Any:
        with self.plain.connect() as connection:
            return connection.execute(text(query)).scalar_one()

    @property
    def epoch(self) -> str:
        return str(self.one("select epoch from feed_epoch"))

    def open(self) -> None:
        """What a starting process does, or one whose connections broke."""
        engine = make_engine(self.settings)
        engine.connect().close()
        engine.dispose()


@pytest.fixture
def lived(new_settings: Callable[[], Settings]) -> Iterator[Lived]:
    made = Lived(new_settings())
    yield made
    made.plain.dispose()


def test_a_database_that_stayed_where_it_is_keeps_its_epoch(lived: Lived) -> None:
    before = lived.epoch
    for statement in ("vacuum (freeze) feed_epoch", "vacuum full feed_epoch", "checkpoint"):
        lived.run(statement)
        lived.open()
    assert lived.epoch == before
    assert lived.one("select count(*) from audit_log where what = 'epoch_began'") == 0


@pytest.mark.parametrize(("sign", "reason"), SIGNS, ids=[reason for _, reason in SIGNS])
def test_a_restored_database_begins_a_new_epoch_and_says_why(
    lived: Lived, sign: str, reason: str
) -> None:
    before = lived.epoch
    lived.run(sign)
    lived.open()
    after = lived.epoch
    assert after != before
    told = "select detail->>'{}' from audit_log where what = 'epoch_began'"
    assert lived.one(told.format("reason")) == reason
    assert (lived.one(told.format("before")), lived.one(told.format("epoch"))) == (before, after)
    lived.open()
    assert lived.epoch == after


def test_after_a_restore_rows_count_from_zero_and_no_version_repeats(lived: Lived) -> None:
    highest = lived.one("select max(seq) from feed")
    lived.run(COPIED)
    lived.open()
    assert lived.one("select array_agg(distinct xid) from feed") == [0]
    assert lived.one("select nextval('feed_seq')") > highest + SEQ_JUMP


def test_eight_that_start_at_once_begin_one_epoch(lived: Lived) -> None:
    lived.run(COPIED)
    with ThreadPoolExecutor(8) as pool:
        for outcome in [pool.submit(lived.open) for _ in range(8)]:
            outcome.result()
    assert lived.one("select count(*) from audit_log where what = 'epoch_began'") == 1


def test_a_process_whose_connections_broke_looks_again(lived: Lived) -> None:
    database = Database(make_engine(lived.settings))
    with database.reading() as session:
        before = feed.epoch(session)
    lived.run(COPIED)
    lived.run(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    database.engine.pool.dispose()
    with database.at_once() as session:
        # By the other pool: each connection looks for itself.
        session.execute(text("select 1"))
    assert lived.epoch != str(before)
    database.engine.dispose()


def test_an_older_database_is_stamped_and_keeps_its_epoch(lived: Lived) -> None:
    before = lived.epoch
    lived.run("update feed_epoch set xid = null, timeline = null, system_identifier = null")
    lived.open()
    assert lived.epoch == before
    assert lived.one("select xid is not null from feed_epoch") is True


def test_an_older_database_whose_feed_counts_further_than_its_cluster_was_restored(
    lived: Lived,
) -> None:
    before = lived.epoch
    lived.run("update feed_epoch set xid = null, timeline = null, system_identifier = null")
    lived.run("update feed set xid = 1000000000000")
    lived.open()
    assert lived.epoch != before


def test_a_role_that_cannot_tell_is_told_what_to_be_granted(lived: Lived) -> None:
    lived.run(
        "drop role if exists blind; create role blind login password 'blind'; "
        "grant select on all tables in schema public to blind; "
        "revoke execute on function pg_control_system() from public"
    )
    address = lived.settings.database_url.split("@")[1]
    blind = replace(lived.settings, database_url=f"postgresql+psycopg://blind:blind@{address}")
    engine = make_engine(blind)
    reasons = reasons_against(engine)
    engine.dispose()
    assert reasons == [
        "the role blind cannot tell whether this is a restored database, so that tablets would "
        'miss changes; grant it: grant execute on function pg_control_system() to "blind"'
    ]
    lived.run("drop owned by blind; drop role blind")
