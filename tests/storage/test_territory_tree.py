"""The tree that is kept in memory is the one in the database, whoever changes it."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.storage.places import territory_tree
from audit_api.storage.places.territory_tree import subtree_of
from tests.factories import make_territory

DAY = date(2021, 6, 1)


@pytest.fixture
def region(session: Session) -> UUID:
    return make_territory(session, "R-tree", "region", None, "Region")


def test_a_change_is_seen_at_once(session: Session, region: UUID) -> None:
    assert subtree_of(session, "R-tree", DAY) == {region}
    aimak = make_territory(session, "A-tree", "aiyl_aimak", region, "Aimak")
    session.flush()
    assert subtree_of(session, "R-tree", DAY) == {region, aimak}
    session.execute(
        text("update territory_version set parent_id = null where territory_id = :id"),
        {"id": aimak},
    )
    assert subtree_of(session, "R-tree", DAY) == {region}
    assert subtree_of(session, "no such code", DAY) == frozenset()


def test_each_day_has_its_tree(session: Session, region: UUID) -> None:
    aimak = make_territory(session, "A-tree", "aiyl_aimak", region, "Aimak")
    session.flush()
    session.execute(
        text("""insert into territory_version
            (territory_id, valid_from, parent_id, name_ky, name_ru, name_en)
            values (:id, '2021-07-01', null, 'a', 'a', 'a')"""),
        {"id": aimak},
    )
    assert subtree_of(session, "R-tree", DAY) == {region, aimak}
    assert subtree_of(session, "R-tree", date(2021, 7, 1)) == {region}


def test_it_is_read_once_and_not_kept_for_ever(session: Session, region: UUID) -> None:
    row = session.execute(text("select version from territory_tree")).one()
    first = territory_tree.tree_of(session, row.version, DAY)
    assert territory_tree.tree_of(session, row.version, DAY) is first
    for day in range(1, territory_tree.MOST_KEPT + 1):
        territory_tree.tree_of(session, row.version, date(2020, 1, day))
    again = territory_tree.tree_of(session, row.version, DAY)
    assert again is not first
    assert again.subtree(region) == first.subtree(region)
