"""A backup restored: old cursors are gone, tablets resync, and bring back what only they had."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from audit_api.domain.evidence.checkpoints import read_note
from audit_api.embedded import EmbeddedServices
from audit_api.services.evidence.verify_log import KeptNote, verify_log
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.evidence.evidence_log import backed_up_size
from audit_api.storage.migrations.runner import migrate
from audit_api.storage.sync import feed
from audit_api.tablet import HttpTransport, Tablet
from tests.backups import Backups
from tests.cli.conftest import cli_on
from tests.factories import make_device, make_world
from tests.journeys.by_the_book import backed_up, restored
from tests.journeys.overseen import (
    acknowledge,
    all_genuine,
    breach,
    overseen,
    receipts,
    unknown,
)
from tests.journeys.restoring import (
    Carried,
    base_backup,
    copy_data,
    dump,
    enrolled,
    enrolled_as,
    fill_bucket,
    lost,
    moved_to,
    new_cluster,
    originals,
    put_back,
    recovered,
    renew_database,
    restore,
    serving,
)
from tests.journeys.server import Server
from torture.wholeness import DUPLICATED, HALF


@dataclass
class Life:
    """One life of a database: how to reach it, and who serves it."""

    settings: Settings
    server: Server
    database: Database

    @property
    def epoch(self) -> UUID:
        with self.database.reading() as session:
            return feed.epoch(session)

    def one(self, query: str) -> object:
        with self.database.reading() as session:
            return session.execute(text(query)).scalar_one()

    def all(self, query: str) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(text(query)))

    def broken(self) -> list[str]:
        """What in the database is half or double."""
        with self.database.reading() as session:
            return [
                f"{name}: {row[0]}"
                for checks in (DUPLICATED, HALF)
                for name, query in checks.items()
                for row in session.execute(text(query))
            ]


@contextmanager
def living(settings: Settings, log: Path) -> Iterator[Life]:
    """An installation as it starts: whoever opens the database first sets its epoch right."""
    database = Database(make_engine(settings))
    try:
        with serving(settings, log) as server:
            yield Life(settings, server, database)
    finally:
        database.engine.dispose()


def settle(life: Life, folder: Path) -> tuple[Carried, Carried]:
    """A small region, and two tablets in it."""
    with life.database.writing() as session:
        world = make_world(session)
        feed.publish(session, site=list(world.sites.values()))
    return enrolled(folder / "near", world, "near", 1), enrolled(folder / "far", world, "far", 2)


def tablet_of_the_head(life: Life, folder: Path) -> Carried:
    """A tablet of the head of the near district."""
    with life.database.writing() as session:
        asked = text("select id from person where username = 'lsg_head.near'")
        device, token = make_device(session, session.execute(asked).scalar_one(), "the head's")
    return enrolled_as(folder, device, token, 3)


def site_of(life: Life, station: int) -> str:
    """The site of the station with that number."""
    with life.database.reading() as session:
        asked = text("select site_id::text from station where number = :number")
        return str(session.execute(asked, {"number": station}).scalar_one())


def work(carried: Carried, life: Life, station: int) -> None:
    """Two visits, one with two photos, and a correction of the first; all of it handed in."""
    site = site_of(life, station)
    with carried.open(life.server) as tablet:
        first = carried.capture(tablet, site)
        carried.capture(tablet, site, photos=2)
        carried.capture(tablet, site, after=first)
        assert tablet.sync().pushed.statuses == {"applied": 3}


def picture(tablet: Tablet) -> set[tuple[str, str, str, int, str]]:
    """What a tablet holds: scope, kind, id, version, document."""
    return {
        tuple(row) for row in tablet.store.rows("select scope, kind, id, version, doc from item")
    }


def old_cursor_answers(server: Server, tablet: Tablet) -> tuple[int, str]:
    """What a server says to the cursor that the tablet has."""
    identity = tablet.store.identity
    transport = HttpTransport(server.base_url)
    answer = transport(
        "GET",
        f"/api/v1/sync/pull?cursor={identity['cursor']}",
        {"Authorization": f"Bearer {identity['token']}"},
        b"",
    )
    transport.close()
    return answer.status, str(answer.json()["type"])


def come_back(life: Life, tablets: tuple[Carried, ...]) -> None:
    """Tablets find the restored server: 410, resync, hand in again; then nothing is missing."""
    for carried in tablets:
        with carried.open(life.server) as tablet:
            assert old_cursor_answers(life.server, tablet) == (
                410,
                "urn:audit-api:problem:cursor-gone",
            )
            report = tablet.sync()
            assert report.pulled.resyncs >= 1
            assert "restored server" in [note["what"] for note in tablet.notes()]
            # What the first push of the restored server changed comes with the next pull.
            tablet.sync()
            assert tablet.holds()["operations"] == tablet.holds()["photos"] == 0
    assert lost(life.settings, *tablets) == []
    assert life.broken() == []
    for carried in tablets:
        with carried.open(life.server) as tablet:
            tablet.sync()
            held = picture(tablet)
            with tablet.store.writing() as db:
                db.execute("delete from item")
                db.execute("update tablet set cursor = null")
            tablet.puller.files = False
            tablet.sync()
            assert picture(tablet) == held


def durable_again(life: Life, tablets: tuple[Carried, ...]) -> None:
    """The new life's checkpoints verify, and its receipts cover everything."""
    Backups(life.database).make()
    for carried in tablets:
        with carried.open(life.server) as tablet:
            tablet.sync()
            assert tablet.store.value("select count(*) from operation where durable is null") == 0
    with life.database.snapshot() as session:
        verified = verify_log(session)
    assert verified.faults == ()
    everything = "select (select count(*) from operation) + (select count(*) from photo)"
    assert verified.leaves == life.one(everything)
    note = life.one("select note from checkpoint order by n desc limit 1")
    assert read_note(str(note)).origin == f"audit_api/log/{life.epoch}"


def began(life: Life) -> object:
    """Why this life began, as the audit log says."""
    return life.one("select detail->>'reason' from audit_log where what = 'epoch_began'")


def test_a_backup_in_a_new_cluster_loses_nothing_that_was_acknowledged(
    new_settings: Callable[[], Settings], tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    with living(new_settings(), tmp_path / "old.log") as old:
        near, far = settle(old, tmp_path)
        work(near, old, 8001)
        work(far, old, 8003)
        assert backed_up(old.settings, folder).returncode == 0
        with near.open(old.server) as tablet:
            # The near tablet deletes what the backup has: nobody but the backup has it then.
            assert len(tablet.sync(delete_durable=True).deleted) == 2
        work(near, old, 8002)
        work(far, old, 8003)
        with far.open(old.server) as tablet:
            unsent = far.capture(tablet, site_of(old, 8004), photos=1)
        before = old.epoch
    with new_cluster(tmp_path / "new") as services:
        settings = moved_to(old.settings, services)
        proven = restored(settings, folder)
        assert proven.returncode == 0, proven.stderr
        assert proven.stdout.splitlines()[-1] == (
            "10 leaves under 1 checkpoints, 4 originals in the bucket: all as they were signed."
        )
        with living(settings, tmp_path / "new.log") as new:
            assert new.epoch != before
            assert began(new) == "another cluster"
            missing = lost(settings, near, far)
            # Six operations with four photos since the dump; one with a photo was never sent.
            assert len(missing) == 7 + 5
            assert f"operation {unsent.op}" in missing
            come_back(new, (near, far))
            # The backup exists, as the operator knows who has just restored it.
            token = new.one("select token from backup_mark order by begun_at desc limit 1")
            Backups(new.database).done(str(token))
            with new.database.reading() as session:
                assert backed_up_size(session) == 10
            durable_again(new, (near, far))


def test_what_the_office_sees_of_tablets_work_comes_back_with_it(
    new_settings: Callable[[], Settings], tmp_path: Path
) -> None:
    with living(new_settings(), tmp_path / "old.log") as old:
        near, _ = settle(old, tmp_path)
        head = tablet_of_the_head(old, tmp_path / "head")
        with near.open(old.server) as tablet, head.open(old.server) as at_the_head:
            breach(near, tablet, site_of(old, 8001))
            unknown(near, tablet, site_of(old, 8001))
            tablet.sync()
            at_the_head.sync()
            dump(old.settings, tmp_path / "dump")
            first = breach(near, tablet, site_of(old, 8002))
            near.capture(tablet, site_of(old, 8002), after=first)
            branch = near.capture(tablet, site_of(old, 8002), after=first)
            # Kept as an operation under review, which `overseen` compares; no inspection yet.
            del near.acknowledged[branch.op]
            unknown(near, tablet, site_of(old, 8002))
            statuses = tablet.sync().pushed.statuses
            assert statuses == {"applied": 2, "conflict": 1, "quarantined": 1}
            for task in old.all("select id from remediation_task"):
                acknowledge(at_the_head, task)
            assert at_the_head.sync().pushed.statuses == {"applied": 2}
            kept = [*receipts(tablet), *receipts(at_the_head)]
        seen = overseen(old.database)
        Backups(old.database).make()
        note = KeptNote("kept.txt", str(old.one("select note from checkpoint")))
        copy = originals(old.settings.s3)
    assert {name: len(rows) for name, rows in seen.items() if name != "violations"} == {
        "tasks": 2,
        "moves of tasks": 4,
        "held": 3,
        "reviews": 1,
        "operations": 8,
    }
    with new_cluster(tmp_path / "new") as services:
        settings = moved_to(old.settings, services)
        restore(settings, tmp_path / "dump")
        fill_bucket(settings.s3, copy)
        with living(settings, tmp_path / "new.log") as new:
            assert len(overseen(new.database)["operations"]) == 2
            come_back(new, (near, head))
            assert overseen(new.database) == seen
            assert all_genuine(new.server.base_url, kept)
            assert len(kept) == 8
            durable_again(new, (near, head))
            with new.database.snapshot() as session:
                (told,) = verify_log(session, [note]).faults
            assert "8 leaves were signed in another life of this database, 0 of them" in told


def test_a_dump_over_the_database_it_was_made_of_loses_nothing_either(
    new_settings: Callable[[], Settings], tmp_path: Path
) -> None:
    with living(new_settings(), tmp_path / "old.log") as old:
        near, far = settle(old, tmp_path)
        work(near, old, 8001)
        dump(old.settings, tmp_path / "dump")
        work(near, old, 8002)
        work(far, old, 8003)
        before = old.epoch
    renew_database(old.settings)
    restore(old.settings, tmp_path / "dump")
    with living(old.settings, tmp_path / "new.log") as new:
        assert new.epoch != before
        assert began(new) == "restored from a dump"
        assert len(lost(new.settings, near, far)) == 6 + 4
        come_back(new, (near, far))
        durable_again(new, (near, far))


@contextmanager
def own_cluster(
    new_settings: Callable[[], Settings], folder: Path
) -> Iterator[tuple[EmbeddedServices, Settings]]:
    """Services that a test may stop, with a migrated database."""
    with new_cluster(folder) as services:
        settings = moved_to(new_settings(), services)
        engine = make_engine(settings)
        migrate(engine)
        engine.dispose()
        yield services, settings


def test_a_recovery_to_a_point_in_time_is_another_life(
    new_settings: Callable[[], Settings], tmp_path: Path
) -> None:
    with own_cluster(new_settings, tmp_path / "services") as (services, settings):
        with living(settings, tmp_path / "old.log") as old:
            near, far = settle(old, tmp_path)
            work(near, old, 8001)
            base_backup(services, services._postgres._data.parent.parent / "base")
            work(near, old, 8002)
            work(far, old, 8003)
            before = old.epoch
        base = services._postgres._data.parent.parent / "base"
        with recovered(services, base, tmp_path / "recovered") as later:
            # The bucket is the one that was there.
            settings = replace(settings, database_url=later.database_url)
            with living(settings, tmp_path / "new.log") as new:
                assert new.epoch != before
                assert began(new) == "another timeline"
                assert len(lost(settings, near, far)) == 6 + 4
                come_back(new, (near, far))
                durable_again(new, (near, far))


@pytest.mark.parametrize("who", ["a tablet", "the operator"])
def test_a_data_folder_that_was_put_back_is_another_life_when_it_is_noticed(
    new_settings: Callable[[], Settings], tmp_path: Path, who: str
) -> None:
    with own_cluster(new_settings, tmp_path / "services") as (services, settings):
        copy = services._postgres._data.with_name("copy")
        with living(settings, tmp_path / "old.log") as old:
            near, far = settle(old, tmp_path)
            work(near, old, 8001)
            before = old.epoch
        services.stop()
        copy_data(services, copy)
        services.start()
        with living(moved_to(settings, services), tmp_path / "on.log") as on:
            assert on.epoch == before
            work(near, on, 8002)
            work(far, on, 8003)
        services.stop()
        put_back(services, copy)
        services.start()
        settings = moved_to(settings, services)
        with living(settings, tmp_path / "new.log") as new:
            # Cluster and timeline are the same: by itself it cannot know.
            assert new.epoch == before
            if who == "the operator":
                with cli_on(settings, tmp_path) as cli:
                    cli.done("database", "new-epoch", "--reason", "yesterday's copy put back")
            come_back(new, (near, far))
            assert began(new) == {
                "a tablet": "a cursor is ahead of the feed",
                "the operator": "yesterday's copy put back",
            }.get(who)
            durable_again(new, (near, far))
