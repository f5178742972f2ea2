"""Files that people asked for: what, how far it is, and where the file lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import ExportState, Language
from audit_api.storage.base import Base, Id, Instant, Json, Sha256, Word, is_sha256, one_of

GOING: Final = (ExportState.QUEUED, ExportState.RUNNING)


class Export(Base):
    """A file that a person asked for. `asked`: `filters` or `id`. Only that person reads it.

    `attempts`: how often it was begun. `grants`: role and territory of those it was made with.
    `problem`: slug, title and detail of why it failed.
    """

    __tablename__ = "export"
    __table_args__ = (
        one_of("state", ExportState),
        one_of("language", Language),
        is_sha256("file_sha256"),
        CheckConstraint("(state = 'failed') = (problem is not null)", name="problem"),
        CheckConstraint("(state = 'done') = (file_key is not null)", name="file"),
        CheckConstraint("done >= 0 and attempts >= 0", name="counts"),
        Index("ix_export_person_id_asked_at_id", "person_id", "asked_at", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[Word]
    format: Mapped[Word]
    language: Mapped[Word]
    asked: Mapped[Json]
    base_url: Mapped[str]
    state: Mapped[Word]
    asked_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    done: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    total: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[Json | None]
    grants: Mapped[Json | None]
    file_key: Mapped[str | None]
    file_sha256: Mapped[Sha256 | None]
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    content_type: Mapped[str | None]
    file_name: Mapped[str | None]
    paper_code: Mapped[str | None] = mapped_column(String(26))
    expires_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was made, and where it lies."""

    key: str
    name: str
    content_type: str
    sha256: bytes
    bytes: int
    paper_code: str | None


def add_export(
    session: Session,
    person: UUID,
    *,
    kind: str,
    file_format: str,
    language: str,
    asked: Mapping[str, Any],
    base_url: str,
    at: datetime,
) -> UUID:
    """Note what is asked for; returns its id."""
    export = uuid4()
    session.execute(
        insert(Export).values(
            id=export,
            person_id=person,
            kind=kind,
            format=file_format,
            language=language,
            asked=dict(asked),
            base_url=base_url,
            state=ExportState.QUEUED,
            asked_at=at,
        )
    )
    return export


def count_going(session: Session, person: UUID) -> int:
    """How many files are being made for a person, or wait to be."""
    wanted = select(func.count()).where(Export.person_id == person, Export.state.in_(GOING))
    return session.scalar(wanted) or 0


def find_export(session: Session, person: UUID, export: UUID) -> Export | None:
    """What a person asked for; None for what somebody else did."""
    return session.scalar(select(Export).where(Export.id == export, Export.person_id == person))


def begin(session: Session, export: UUID, *, at: datetime) -> Export | None:
    """Begin it, once more if need be; None when it is finished already, or unknown."""
    session.execute(
        update(Export)
        .where(Export.id == export, Export.state.in_(GOING))
        .values(
            state=ExportState.RUNNING,
            attempts=Export.attempts + 1,
            started_at=at,
            done=0,
            total=None,
        )
    )
    return session.scalar(
        select(Export).where(Export.id == export, Export.state == ExportState.RUNNING)
    )


def _mine(export: UUID, attempt: int) -> Any:
    """The row, unless somebody else has begun it again or finished it."""
    return update(Export).where(
        Export.id == export, Export.attempts == attempt, Export.state == ExportState.RUNNING
    )


def note_progress(
    session: Session, export: UUID, attempt: int, *, done: int, total: int | None
) -> None:
    """Note how far an attempt is."""
    session.execute(_mine(export, attempt).values(done=done, total=total))


def finish(
    session: Session,
    export: UUID,
    attempt: int,
    file: StoredFile,
    *,
    rows: int,
    grants: list[list[str]],
    at: datetime,
    expires_at: datetime,
) -> bool:
    """Note the file of an attempt; False when another attempt has taken over."""
    changed = session.execute(
        _mine(export, attempt)
        .values(
            state=ExportState.DONE,
            finished_at=at,
            done=rows,
            total=rows,
            grants=grants,
            file_key=file.key,
            file_sha256=file.sha256,
            file_bytes=file.bytes,
            content_type=file.content_type,
            file_name=file.name,
            paper_code=file.paper_code,
            expires_at=expires_at,
        )
        .returning(Export.id)
    )
    return changed.one_or_none() is not None


def fail(
    session: Session, export: UUID, attempt: int, problem: Mapping[str, str], *, at: datetime
) -> None:
    """Note why an attempt came to nothing, and that there will be no other."""
    session.execute(
        _mine(export, attempt).values(
            state=ExportState.FAILED, finished_at=at, problem=dict(problem)
        )
    )


_SWEEP = text("""delete from export where coalesce(expires_at, finished_at) < :at
    and state in ('done', 'failed')""")


def sweep_exports(session: Session, *, ended_before: datetime) -> int:
    """Forget exports whose term ended before an instant; returns how many."""
    gone: int = session.execute(_SWEEP, {"at": ended_before}).rowcount  # type: ignore[attr-defined]
    return gone
