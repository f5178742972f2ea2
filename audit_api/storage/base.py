"""The database: declarative base, engine, and the types that tables share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from select import POLLIN, poll
from typing import Annotated, Any, ClassVar
from uuid import UUID

from psycopg import Connection, Cursor, OperationalError
from sqlalchemy import (
    URL,
    BigInteger,
    CheckConstraint,
    DateTime,
    Engine,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy import Connection as EngineConnection
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.pool import QueuePool

from audit_api.settings import Settings
from audit_api.storage.sync.epochs import begin_epoch, settle_epoch
from audit_api.storage.sync.pipeline import Answer, Pipeline

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Sha256 = Annotated[bytes, mapped_column(LargeBinary(32))]
Id = Annotated[UUID, mapped_column(Uuid)]
Json = Annotated[Any, mapped_column(JSON)]
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]
Word = Annotated[str, mapped_column(String(40))]
# The transaction that wrote the row; what has one below the feed's horizon is final.
Xid = Annotated[
    int,
    mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)")),
]


class Base(DeclarativeBase):
    """Base of every table class."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text}


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A CHECK that `column` holds one of the words of an enumeration."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def is_sha256(column: str) -> CheckConstraint:
    """A CHECK that `column` holds exactly the 32 bytes of a SHA-256."""
    return CheckConstraint(f"octet_length({column}) = 32", name=f"{column}_length")


def xid_index(name: str) -> Index:
    """An index on `xid` that costs the writer next to nothing: rows lie in that order."""
    return Index(name, "xid", postgresql_using="brin", postgresql_with={"autosummarize": True})


def make_engine(settings: Settings) -> Engine:
    """An engine with few connections, time limits, and UTC.

    An idle or endless writing transaction would hold back the feed's horizon for everyone,
    hence the limits (sync.md).
    """
    return _engine(settings.database_url, settings.pool_size, _OPTIONS)


# A page is a few milliseconds' work: helpers and compiled expressions cost more than they bring,
# while the others wait for the same cores.
_OPTIONS = (
    "-c timezone=UTC -c idle_in_transaction_session_timeout=15000 "
    "-c statement_timeout=30000 -c lock_timeout=10000 "
    "-c max_parallel_workers_per_gather=0 -c jit=off"
)
# A reader of an export may be slow, but not stop for ever with a transaction in hand.
_EXPORTS_AT_ONCE = 4
_EXPORT_OPTIONS = (
    "-c timezone=UTC -c idle_in_transaction_session_timeout=120000 "
    "-c statement_timeout=30000 -c lock_timeout=10000"
)
# Plans of the hot path are made once: their arrays are short and always have an index, and a
# plan made while a table was still small must not scan it when it has grown.
_PLAN_ONCE = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"


def _engine(url: URL | str, size: int, options: str, **arguments: Any) -> Engine:
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=20,
        connect_args={
            "options": options,
            "application_name": "audit_api",
            "connect_timeout": 5,
            **arguments,
        },
    )
    # A restore breaks every connection: no new one is used on a database it has not set right.
    event.listen(engine, "connect", lambda driver, _record: settle_epoch(driver))
    event.listen(engine, "checkout", _refuse_dead)
    return engine


def _refuse_dead(driver: "Connection[Any]", *_: object) -> None:
    """Let the pool take another connection than one whose server has gone meanwhile.

    After a restart of PostgreSQL each pooled connection would fail one request. An idle one has
    nothing to say: if it does, that is most often its end. Asks the kernel, not the server.
    """
    if driver.closed:
        raise DisconnectionError
    line = poll()
    line.register(driver.fileno(), POLLIN)
    # First comes the word that ends it, then its end.
    while line.poll(0):
        try:
            driver.pgconn.consume_input()
        except OperationalError:
            raise DisconnectionError from None
        if driver.closed:
            raise DisconnectionError


Answered = Cursor[Any] | Answer
"""What `ask` gives: `fetchone()`, or its rows one by one."""


def ask(session: Session, statement: str, values: Mapping[str, Any]) -> Answered:
    """Send a statement in the driver's own form (`%(name)s`), in the session's transaction.

    Inside `Database.pipelining` it only queues: looking at the rows, or the end, sends what is
    queued. Elsewhere it is an ordinary execution.
    """
    session.flush()
    pipeline: Pipeline | None = session.info.get("pipeline")
    if pipeline is not None:
        return pipeline.ask(statement, values)
    return _driver(session.connection()).execute(statement, values)


def give_up(session: Session) -> None:
    """Undo what the transaction did; the block of the session then ends without an error."""
    pipeline: Pipeline | None = session.info.get("pipeline")
    if pipeline is not None:
        pipeline.give_up()
    session.rollback()


def _driver(connection: EngineConnection) -> "Connection[Any]":
    driver: Connection[Any] | None = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the pool gave no connection")
    return driver


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        connection = connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with Session(connection) as session, session.begin():
            yield session


class Database:
    """The ways to talk to PostgreSQL: a writing transaction, or a read-only snapshot."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = sessionmaker(engine, expire_on_commit=False)
        # Connections of their own: psycopg, where it prepares statements itself, throws away all
        # prepared ones after a rollback, those of the pipeline too.
        size = engine.pool.size() if isinstance(engine.pool, QueuePool) else 1
        options = _OPTIONS + _PLAN_ONCE
        self._pipelines = _engine(engine.url, size, options, prepare_threshold=None)
        event.listen(engine, "engine_disposed", lambda _engine: self._pipelines.dispose())
        # Connections of their own again: whoever reads an export slowly holds up other exports
        # alone, never tablets and lists.
        self._exports = _engine(engine.url, _EXPORTS_AT_ONCE, _EXPORT_OPTIONS)
        event.listen(engine, "engine_disposed", lambda _engine: self._exports.dispose())
        self._reading = sessionmaker(
            engine.execution_options(postgresql_readonly=True), expire_on_commit=False
        )

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def pipelining(self) -> Iterator[Session]:
        """One writing transaction whose `ask`s travel together instead of one by one.

        Nothing is certain before the block has ended without an error: the commit is sent along
        with the last of them. All statements have to go through `ask` here.
        """
        with self._pipeline(in_transaction=True) as session:
            yield session

    @contextmanager
    def at_once(self) -> Iterator[Session]:
        """Single `ask`s, each on its own: what a request needs before and behind its work."""
        with self._pipeline(in_transaction=False) as session:
            yield session

    @contextmanager
    def _pipeline(self, *, in_transaction: bool) -> Iterator[Session]:
        with self._pipelines.connect() as connection:
            pipeline = Pipeline(_driver(connection), in_transaction=in_transaction)
            try:
                with Session(connection, info={"pipeline": pipeline}) as session:
                    yield session
                    pipeline.end()
            except BaseException:
                # In the middle of something: the server rolls back what it has.
                connection.invalidate()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """One read-only transaction of one snapshot, without time limits: for reading very much."""
        with _snapshot(self.engine) as session:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                session.execute(text(f"set local {limit} = 0"))
            yield session

    @contextmanager
    def exporting(self) -> Iterator[Session]:
        """One read-only transaction of one snapshot, held while its reader takes what comes of it.

        A few at once in a process, each on a connection that nothing else needs; the others wait
        twenty seconds for their turn. Broken off when the reader takes nothing for two minutes.
        """
        with _snapshot(self._exports) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One read-only transaction."""
        with self._reading.begin() as session:
            yield session

    def begin_epoch(self, reason: str, *, instead_of: UUID | None = None) -> bool:
        """Begin a new epoch by decision; see `epochs.begin_epoch`."""
        with self.engine.connect() as connection:
            return begin_epoch(_driver(connection), reason, instead_of=instead_of)
