"""Two imports at the same time, and tablets that go on meanwhile."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.services.places.import_places import (
    ImportReport,
    import_stations,
    import_territories,
)
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from tests.factories import CAMPAIGN, make_world

Import = Callable[[Session], ImportReport]
NAMES = "Жаңы,Новый,New"
_TERRITORIES = f"code,kind,parent,name_ky,name_ru,name_en\nN9,aiyl_aimak,N,{NAMES}\n".encode()
_STATIONS = (
    "number,voters,constituency,territory,site_name_ky,site_name_ru,site_name_en,building_status\n"
    f"9001,1000,1,N1,{NAMES},new\n"
).encode()


_WAITING = text("""
    select count(*) from pg_locks where not granted and (
        database = (select oid from pg_database where datname = current_database())
        or locktype = 'transactionid')
""")


def territories(session: Session) -> ImportReport:
    return import_territories(session, _TERRITORIES, "t.csv", at=datetime.now(UTC))


def stations(session: Session) -> ImportReport:
    return import_stations(session, CAMPAIGN, _STATIONS, "s.csv", at=datetime.now(UTC))


@pytest.fixture
def fresh(new_settings: Callable[[], Settings]) -> Iterator[Database]:
    """A world of the test's own."""
    made = Database(make_engine(new_settings()))
    with made.writing() as session:
        make_world(session)
    yield made
    made.engine.dispose()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.mark.parametrize("import_", [territories, stations])
def test_the_second_of_two_imports_finds_the_first_one_s_work(
    fresh: Database, pool: ThreadPoolExecutor, import_: Import
) -> None:
    def again() -> ImportReport:
        with fresh.writing() as session:
            return import_(session)

    with fresh.writing() as session:
        import_(session)
        second: Future[ImportReport] = pool.submit(again)
        while not second.done() and session.scalar(_WAITING) == 0:
            time.sleep(0.01)
    assert second.result() == ImportReport(created=0, changed=0, unchanged=1)


def test_a_grant_is_given_while_territories_are_imported(fresh: Database) -> None:
    with fresh.writing() as importing, fresh.writing() as meanwhile:
        territories(importing)
        meanwhile.execute(text("set local lock_timeout = '2s'"))
        meanwhile.execute(
            text("""
                insert into person_grant (id, person_id, role, territory_id, granted_at)
                select gen_random_uuid(), p.id, :role, t.id, now() from person p, territory t
                where p.username = 'inspector.near' and t.code = 'N2'
            """),
            {"role": Role.COORDINATOR.value},
        )


def test_a_campaign_is_referred_to_while_its_stations_are_imported(fresh: Database) -> None:
    with fresh.writing() as importing, fresh.writing() as meanwhile:
        stations(importing)
        meanwhile.execute(text("set local lock_timeout = '2s'"))
        meanwhile.execute(
            text("""
                insert into milestone (campaign_id, id, days_before, name_ky, name_ru, name_en)
                values (:campaign, 'other', 5, 'a', 'b', 'c')
            """),
            {"campaign": CAMPAIGN},
        )
