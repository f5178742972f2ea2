"""A process notices that the catalog has grown, and reads it again only then."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from audit_api.services.law.adopt_edition import import_edition
from audit_api.services.law.catalogs import CatalogKeeper, keep_ruleset
from audit_api.storage.law.documents import catalog_version
from audit_api.storage.law.rulesets import is_kept, manifest_by_digest

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "SAMPLE-DEMO-1.json"
AT = datetime(2026, 12, 1, tzinfo=UTC)


def imported(session: Session) -> None:
    import_edition(session, CatalogKeeper(), SAMPLE.read_bytes(), person=None, at=AT)


def test_a_keeper_reads_what_was_imported_and_keeps_it(session: Session) -> None:
    keeper = CatalogKeeper()
    before = keeper.current(session)
    assert before.version == catalog_version(session) == 0
    imported(session)
    assert keeper.newest is before
    after = keeper.current(session)
    assert after.version == 1
    assert ("SAMPLE-DEMO", "1") in after.standards
    assert keeper.newest is keeper.current(session) is after


def test_a_catalog_that_has_not_moved_costs_one_small_query(session: Session) -> None:
    imported(session)
    keeper = CatalogKeeper()
    keeper.current(session)
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
    keeper.current(session)
    keeper.at_version(session, 1)
    assert len(statements) <= 1


def test_a_rolled_back_import_is_forgotten(session: Session) -> None:
    keeper = CatalogKeeper()
    with session.begin_nested() as savepoint:
        imported(session)
        savepoint.rollback()
    assert keeper.current(session).version == 0


def test_a_ruleset_is_believed_to_be_kept_only_when_an_earlier_transaction_kept_it(
    session: Session,
) -> None:
    catalog = CatalogKeeper().current(session)
    ruleset = catalog.ruleset("kg-demo-2021", datetime(2021, 11, 28, tzinfo=UTC).date())
    keep_ruleset(session, ruleset, catalog, AT)
    assert not is_kept(session, ruleset.digest)
    assert manifest_by_digest(session, ruleset.digest) is not None
    keep_ruleset(session, ruleset, catalog, AT)
    assert is_kept(session, ruleset.digest)
