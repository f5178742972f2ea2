"""The log takes in what is final and never jumps over a late commit; it only grows."""

from collections.abc import Callable, Iterator
from datetime import UTC
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.app import create_app
from audit_api.domain.errors import LogBroken
from audit_api.domain.evidence.checkpoints import read_note
from audit_api.domain.evidence.merkle import Tree
from audit_api.settings import Settings
from tests.services.logged import FOREIGN, SIGNER, Logged


@pytest.fixture
def logged(new_settings: Callable[[], Settings]) -> Iterator[Logged]:
    app = create_app(new_settings())
    yield Logged(app)
    app.extensions["database"].engine.dispose()


def test_every_operation_becomes_one_leaf_and_the_signed_root_is_over_their_texts(
    logged: Logged,
) -> None:
    ops = [*logged.hand_in(2)]
    logged.sign()
    ops += logged.hand_in(3)
    signed = logged.sign()
    assert logged.leaves() == list(enumerate(ops))
    with logged.database.reading() as session:
        texts = session.scalars(text("select leaf from log_leaf order by n")).all()
    tree = Tree()
    for leaf in texts:
        tree.append(leaf.encode())
    body = read_note(signed.note)
    assert (body.size, body.root) == (5, tree.root())
    assert logged.verify() == ()


def test_a_leaf_holds_hashes_and_no_names(logged: Logged) -> None:
    (op,) = logged.hand_in(1)
    logged.sign()
    with logged.database.reading() as session:
        row = session.execute(
            text("select l.leaf, o.* from log_leaf l join operation o using (op)")
        ).one()
    at = row.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert row.leaf == (
        f"audit_api leaf v1\noperation {op}\ndevice {row.device_id}\nseq 1\n"
        f"sha256 {row.sha256.hex()}\nrecord {row.envelope_sha256.hex()}\nprevious -\n"
        f"received_at {at}\n"
    )


def test_nothing_new_is_the_same_checkpoint(logged: Logged) -> None:
    logged.hand_in(1)
    first = logged.sign()
    again = logged.sign()
    assert (again.n, again.note, again.added) == (first.n, first.note, 0)


def test_the_first_checkpoint_may_be_one_of_nothing(logged: Logged) -> None:
    signed = logged.sign()
    assert (signed.size, signed.added, signed.more) == (0, 0, False)
    logged.hand_in(1)
    assert logged.sign().size == 1
    assert logged.verify() == ()


def test_a_new_epoch_in_which_nothing_came_yet_is_signed_too(logged: Logged) -> None:
    logged.hand_in(1)
    first = logged.sign()
    assert logged.database.begin_epoch("restored in a test")
    again = logged.sign()
    assert (again.size, again.added, again.n > first.n) == (1, 0, True)
    assert logged.verify() == ()


def test_many_come_in_pieces_and_all_arrive(logged: Logged) -> None:
    ops = logged.hand_in(5)
    signed = [logged.sign(most=2) for _ in range(3)]
    assert [(s.size, s.more) for s in signed] == [(2, True), (4, True), (5, False)]
    assert {op for _, op in logged.leaves()} == set(ops)


# Another of the same device, by a transaction that the test holds open.
LATE = text("""
    insert into operation select (jsonb_populate_record(o, jsonb_build_object(
        'op', cast(:op as text), 'seq', 99, 'xid', pg_current_xact_id()::text::bigint))).*
    from operation o where seq = 1
""")


def test_an_operation_that_commits_late_is_not_jumped_over(logged: Logged) -> None:
    logged.hand_in(1)
    late = uuid4()
    with Session(logged.database.engine) as slow:
        slow.execute(LATE, {"op": str(late)})
        logged.hand_in(2)
        # The slow one began before them: they are not final yet.
        assert logged.sign().size == 1
        slow.commit()
    assert logged.sign().size == 4
    assert late in {op for _, op in logged.leaves()}


def test_an_operation_that_commits_after_later_ones_were_logged_gets_its_leaf(
    logged: Logged,
) -> None:
    before = logged.hand_in(1)
    logged.sign()
    late = uuid4()
    with Session(logged.database.engine) as slow:
        slow.execute(LATE, {"op": str(late)})
        after = logged.hand_in(1)
        logged.sign()
        slow.commit()
    logged.sign()
    assert {op for _, op in logged.leaves()} == {*before, late, *after}


def test_in_a_new_epoch_the_log_goes_on_under_another_name(logged: Logged) -> None:
    ops = logged.hand_in(2)
    first = read_note(logged.sign().note)
    ops += logged.hand_in(2)
    with logged.database.writing() as session:
        session.execute(text("update feed_epoch set epoch = gen_random_uuid(), timeline = 7"))
    logged.database.engine.dispose()
    ops += logged.hand_in(1)
    second = read_note(logged.sign().note)
    assert (first.size, second.size) == (2, 5)
    assert first.origin != second.origin
    assert {op for _, op in logged.leaves()} == set(ops)
    assert logged.verify() == ()


@pytest.mark.parametrize("table", ["log_leaf", "checkpoint", "receipt_key"])
@pytest.mark.parametrize(
    "statement", ["update {} set {} = {}", "delete from {}", "truncate {} cascade"]
)
def test_what_was_logged_only_grows(logged: Logged, table: str, statement: str) -> None:
    column = {"log_leaf": "leaf", "checkpoint": "note", "receipt_key": "key"}[table]
    with (
        logged.database.engine.connect() as connection,
        pytest.raises(Exception, match=f"{table} is append-only"),
    ):
        connection.execute(text(statement.format(table, column, column)))


def test_a_checkpoint_of_another_key_is_found_and_nothing_is_built_on_it(logged: Logged) -> None:
    logged.hand_in(1)
    logged.sign()
    logged.sign_otherwise(FOREIGN)
    assert logged.verify() == (
        "checkpoint 1: It is signed by a key that this server does not know.",
    )
    logged.hand_in(1)
    with pytest.raises(LogBroken, match="audit-api checkpoint verify"):
        logged.sign()


def test_a_signed_root_that_the_stored_edge_does_not_have_stops_the_log(logged: Logged) -> None:
    logged.hand_in(1)
    logged.sign()
    logged.sign_otherwise(SIGNER, root=bytes(32))
    logged.hand_in(1)
    with pytest.raises(LogBroken, match="does not say what is stored beside it"):
        logged.sign()


def test_a_new_key_goes_on_and_the_old_one_stays_known(logged: Logged) -> None:
    logged.hand_in(1)
    logged.sign()
    logged.hand_in(1)
    logged.sign(FOREIGN)
    assert logged.verify() == ()
