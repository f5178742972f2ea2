"""Planted bugs: each breaks the product in one way that a checker has to see.

Only `torture.wsgi` loads this, in the server processes of a run with `BUG=…`; nothing of it is in
the product. `SQL` is what a bug needs in the database before the start.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from audit_api.domain.sync.operations import OperationResult, ReceivedOperation
from audit_api.domain.vocabulary import OperationStatus
from audit_api.http.sync import handing_in as handing_in_module
from audit_api.http.sync import photos
from audit_api.services.sync.push_operation import PushAnswer, receipt_of, render
from audit_api.storage import base, people
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.sync import feed, feed_pages, operations
from audit_api.storage.sync.pipeline import Pipeline

LATE_S = 1.2


def acknowledge_before_commit() -> None:
    """The answer goes out when all statements have run; the commit follows a little later."""

    @contextmanager
    def pipelining(self: base.Database) -> Iterator[Session]:
        connection = self._pipelines.connect()
        pipeline = Pipeline(base._driver(connection), in_transaction=True)
        session = Session(connection, info={"pipeline": pipeline})

        def commit() -> None:
            time.sleep(LATE_S)
            try:
                pipeline.end()
            finally:
                session.info.clear()
                connection.invalidate()
                session.close()
                connection.close()

        try:
            yield session
            pipeline.run()
        except BaseException:
            connection.invalidate()
            session.close()
            connection.close()
            raise
        threading.Thread(target=commit, daemon=True).start()

    base.Database.pipelining = pipelining  # type: ignore[method-assign]


def no_op_uniqueness() -> None:
    """Nobody looks whether an operation was here before."""
    operations.is_claimed = lambda claim: claim.fetchone() is not None
    # Who builds like this does not trip over the second row elsewhere either.
    newest = "(select distinct on (op) * from operation order by op, received_at desc) operation"
    feed._SOURCES["held"] = feed._SOURCES["held"].replace("operation join", f"{newest} join", 1)


def naive_cursor() -> None:
    """Pull gives what it sees, without waiting for writers that began earlier."""
    look, read_page = feed_pages._look, feed_pages.read_page

    def look_at_all(horizon: str) -> str:
        return look(horizon).replace(f" and xid < {horizon}", "")

    def read_all(session: Session, *, until: int, **said: Any) -> feed_pages.FeedPage:
        return read_page(session, until=2**62, **said)

    feed_pages._look = look_at_all  # type: ignore[assignment]
    feed_pages.read_page = read_all


def asynchronous_commit() -> None:
    """Commits are answered before they are on the disk, as with `synchronous_commit=off`."""
    queue = Pipeline._queue

    def queue_async(self: Pipeline, sql: str, values: Mapping[str, Any], answer: Any) -> None:
        queue(self, sql, values, answer)
        if sql == "begin":
            queue(self, "set local synchronous_commit = off", {}, None)

    Pipeline._queue = queue_async  # type: ignore[method-assign]


def photo_hash_not_checked() -> None:
    """Whatever bytes arrive are the photo that was announced."""
    spool = photos._spool

    class Anything(bytes):
        def __ne__(self, other: object) -> bool:
            return False

        __eq__ = bytes.__eq__
        __hash__ = bytes.__hash__

    photos._spool = lambda *args: Anything(spool(*args))
    put = PhotoStore.put

    class Unverified:
        """A client that does not tell the bucket what the bytes hash to."""

        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def put_object(self, **said: Any) -> Any:
            said.pop("ChecksumSHA256", None)
            return self._client.put_object(**said)

    def put_unverified(self: PhotoStore, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(self._client, Unverified):
            self._client = Unverified(self._client)
        return put(self, *args, **kwargs)

    PhotoStore.put = put_unverified  # type: ignore[method-assign]


def integrity_error_as_duplicate() -> None:
    """Any integrity error is taken for "was here before"."""
    handing_in = handing_in_module._HandingIn
    transaction, again = handing_in._transaction, handing_in._again

    def hushed(self: Any, work: Any, count: int) -> Any:
        try:
            return transaction(self, work, count)
        except psycopg.IntegrityError:
            return None

    def surely(self: Any, operation: ReceivedOperation) -> PushAnswer:
        try:
            return again(self, operation)
        except NoResultFound:
            result = OperationResult(
                OperationStatus.APPLIED, {"id": str(operation.entity), "rev": 1}
            )
            receipt = receipt_of(operation, result, self._signer, datetime.now(UTC))
            return PushAnswer(render(operation, result, receipt), True)

    handing_in._transaction = hushed  # type: ignore[method-assign]
    handing_in._again = surely  # type: ignore[method-assign]
    # Longer transactions, so that two meet as often in half a minute as else in a week.
    end = Pipeline.end

    def end_late(self: Pipeline) -> None:
        if self._end == "commit":
            self.run()
            time.sleep(0.2)
        end(self)

    Pipeline.end = end_late  # type: ignore[method-assign]


def revocation_cached() -> None:
    """Who a device belongs to and what its owner may is looked up once per process."""
    known: dict[bytes, Any] = {}
    look_up = people.actor_of_device

    def cached(session: Session, token: bytes, today: date) -> Any:
        if token not in known:
            known[token] = look_up(session, token, today)
        return known[token]

    people.actor_of_device = cached


BUGS: Mapping[str, Callable[[], None]] = {
    "ack-before-commit": acknowledge_before_commit,
    "no-op-uniqueness": no_op_uniqueness,
    "naive-cursor": naive_cursor,
    "async-commit": asynchronous_commit,
    "photo-hash": photo_hash_not_checked,
    "integrity-as-duplicate": integrity_error_as_duplicate,
    "revocation-cached": revocation_cached,
}
SQL: Mapping[str, str] = {
    "no-op-uniqueness": """
        alter table operation drop constraint pk_operation cascade;
        create index on operation (op);
        alter table inspection drop constraint uq_inspection_op
    """,
}
