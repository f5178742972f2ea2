"""The log takes in what is final, never jumps over a late commit, and shows every change."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.app import create_app
from audit_api.domain.checkpoints import read_note, signed_note
from audit_api.domain.errors import LogBroken
from audit_api.domain.merkle import Tree
from audit_api.domain.signing import Signer
from audit_api.services.keep_log import Signed, take_checkpoint, verify_log
from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.conftest import SIGNING_KEY
from tests.factories import World, make_world, operation, push, ramp_of

SIGNER = Signer(SIGNING_KEY)
# As somebody with all rights in the database would do it.
UNLOCKED = "set session_replication_role = replica"


class Logged:
    """An application with some operations handed in, and its log."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.database: Database = app.extensions["database"]
        with self.database.writing() as session:
            self.world: World = make_world(session)
        self.seq = 0

    def hand_in(self, count: int) -> list[UUID]:
        """Operations; each is one leaf."""
        ops = [uuid4() for _ in range(count)]
        for op in ops:
            self.seq += 1
            body = ramp_of(self.world, "near-1")
            push(self.client, self.world, operation(body, seq=self.seq, op=op))
        return ops

    def sign(self, signer: Signer = SIGNER, **options: Any) -> Signed:
        with self.database.writing() as session:
            return take_checkpoint(session, signer, at=datetime.now(UTC), **options)

    def tamper(self, *statements: str) -> None:
        with self.database.writing() as session:
            for statement in (UNLOCKED, *statements):
                session.execute(text(statement))
            session.execute(text("set session_replication_role = origin"))

    def leaves(self) -> list[tuple[int, UUID]]:
        with self.database.reading() as session:
            found = session.execute(text("select n, op from log_leaf order by n"))
            return [(row.n, row.op) for row in found]

    def verify(self) -> tuple[str, ...]:
        with self.database.snapshot() as session:
            return verify_log(session).faults


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


PLANTED: dict[str, tuple[list[str], list[str]]] = {
    "a leaf changed": (
        ["update log_leaf set leaf = replace(leaf, 'seq 2', 'seq 9') where n = 1"],
        ["checkpoint 2: the leaves from 1 to 2 are not", "leaf 1: .* is stored otherwise"],
    ),
    "a leaf taken out": (
        ["delete from log_leaf where n = 1"],
        ["leaf 1 is missing; the next one is 2", "the log is cut off: 3 leaves were signed"],
    ),
    "the log truncated": (
        ["delete from log_leaf where n >= 1"],
        ["the log is cut off: 3 leaves were signed by checkpoint 2, 1 are here"],
    ),
    "an operation changed behind its leaf": (
        ["update operation set sha256 = sha256('other') where seq = 3"],
        ["leaf 2: .* is stored otherwise"],
    ),
    "an operation deleted": (
        ["delete from announced_photo", "delete from operation where seq = 1"],
        ["leaf 0: .* is gone"],
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_and_told_apart(logged: Logged, fault: str) -> None:
    statements, told = PLANTED[fault]
    logged.hand_in(1)
    logged.sign()
    logged.hand_in(2)
    logged.sign()
    assert logged.verify() == ()
    logged.tamper(*statements)
    found = logged.verify()
    assert len(found) == len(told), found
    for words, pattern in zip(found, told, strict=True):
        assert re.search(pattern, words), words


FOREIGN = Signer(bytes(range(32)))


def _plant_note(logged: Logged, signer: Signer, **changed: Any) -> None:
    with logged.database.reading() as session:
        note = session.scalar(text("select note from checkpoint order by n desc limit 1"))
    body = replace(read_note(note), **changed)
    with logged.database.writing() as session:
        session.execute(text(UNLOCKED))
        session.execute(
            text("update checkpoint set note = :note where n = (select max(n) from checkpoint)"),
            {"note": signed_note(signer, body)},
        )


def test_a_checkpoint_of_another_key_is_found_and_nothing_is_built_on_it(logged: Logged) -> None:
    logged.hand_in(1)
    logged.sign()
    _plant_note(logged, FOREIGN)
    assert logged.verify() == (
        "checkpoint 1: It is signed by a key that this server does not know.",
    )
    logged.hand_in(1)
    with pytest.raises(LogBroken, match="audit-api checkpoint verify"):
        logged.sign()


def test_a_signed_root_that_the_stored_edge_does_not_have_stops_the_log(logged: Logged) -> None:
    logged.hand_in(1)
    logged.sign()
    _plant_note(logged, SIGNER, root=bytes(32))
    logged.hand_in(1)
    with pytest.raises(LogBroken, match="does not say what is stored beside it"):
        logged.sign()


def test_a_new_key_goes_on_and_the_old_one_stays_known(logged: Logged) -> None:
    logged.hand_in(1)
    logged.sign()
    logged.hand_in(1)
    logged.sign(FOREIGN)
    assert logged.verify() == ()
