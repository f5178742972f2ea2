"""The database: declarative base, engine, and the types that tables share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Text,
    Uuid,
    create_engine,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

from audit_api.settings import Settings

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


def make_engine(settings: Settings) -> Engine:
    """An engine with few connections, time limits, and UTC.

    An idle or endless writing transaction would hold back the feed's horizon for everyone,
    hence the limits (sync.md).
    """
    return create_engine(
        settings.database_url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=20,
        connect_args={
            "options": "-c timezone=UTC -c idle_in_transaction_session_timeout=15000 "
            "-c statement_timeout=30000 -c lock_timeout=10000",
            "application_name": "audit_api",
            "connect_timeout": 5,
        },
    )


class Database:
    """The two ways to talk to PostgreSQL: a writing transaction, or a read-only snapshot."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = sessionmaker(engine, expire_on_commit=False)
        self._reading = sessionmaker(
            engine.execution_options(postgresql_readonly=True), expire_on_commit=False
        )

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One read-only transaction."""
        with self._reading.begin() as session:
            yield session
