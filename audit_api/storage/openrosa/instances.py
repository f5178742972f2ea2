"""Instances of forms as ODK Collect handed them in: the index that knows a repeat again.

An instance is an operation; its XML lies here to the byte, the body derived from it where all
bodies lie.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.openrosa.answers import CameFile, NamedFile
from audit_api.domain.sync.operations import Entry
from audit_api.storage import audit_log
from audit_api.storage.base import Answered, Base, Id, Instant, Json, Sha256, ask, is_sha256


class OpenRosaInstance(Base):
    """One filled-in form. `named` are the files that its answers name.

    `completed_by`: the operation that came of it when the last of them was here, if they came
    after it.
    """

    __tablename__ = "openrosa_instance"
    __table_args__ = (
        is_sha256("xml_sha256"),
        CheckConstraint("xml_sha256 = sha256(xml)", name="xml_sha256"),
        Index("ix_openrosa_instance_corrects", "corrects", unique=True),
        Index("ix_openrosa_instance_inspection_id", "inspection_id"),
    )

    op: Mapped[Id] = mapped_column(
        ForeignKey("operation.op", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    form: Mapped[str]
    instance_id: Mapped[str]
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
    inspection_id: Mapped[Id]
    corrects: Mapped[Id | None] = mapped_column(ForeignKey("openrosa_instance.op"))
    completed_by: Mapped[Id | None] = mapped_column(
        ForeignKey("operation.op", deferrable=True, initially="DEFERRED")
    )
    received_at: Mapped[Instant]
    named: Mapped[Json]
    xml_sha256: Mapped[Sha256]
    xml: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class OpenRosaFile(Base):
    """A file that came for an instance. `first`: of that name; later ones never replace it."""

    __tablename__ = "openrosa_file"
    __table_args__ = (
        is_sha256("sha256"),
        Index("ix_openrosa_file_sha256", "sha256"),
        Index("uq_openrosa_file_first", "op", "name", unique=True, postgresql_where=text("first")),
    )

    op: Mapped[Id] = mapped_column(ForeignKey("openrosa_instance.op"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[Sha256] = mapped_column(ForeignKey("photo.sha256"), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str]
    first: Mapped[bool] = mapped_column(Boolean)
    received_at: Mapped[Instant]


class AwaitedPhoto(Base):
    """A photo that a revision names by its file's name alone; it has not come yet."""

    __tablename__ = "awaited_photo"
    __table_args__ = (
        ForeignKeyConstraint(["inspection_id", "rev"], ["inspection.id", "inspection.rev"]),
    )

    inspection_id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[Id] = mapped_column(primary_key=True)
    element_id: Mapped[Id] = mapped_column(ForeignKey("element.id"))
    question: Mapped[str | None]
    name: Mapped[str]


@dataclass(frozen=True, slots=True)
class KnownInstance:
    """An instance that is here."""

    op: UUID
    inspection: UUID
    xml_sha256: bytes
    completed_by: UUID | None
    corrected: bool
    """A later instance corrects it."""
    status: str
    """What became of its operation, a release from quarantine counted in."""
    named: frozenset[str]
    files: Mapping[str, frozenset[str]]
    """Hashes (hex) of what came, by name."""

    @property
    def missing(self) -> list[str]:
        """The names of files that its answers name and that are not here."""
        return sorted(self.named - self.files.keys())


_FIND = """
    select i.op, i.inspection_id, i.xml_sha256, i.completed_by,
        exists (select from openrosa_instance n where n.corrects = i.op),
        case when exists (select from quarantine_decision d where d.op = i.op
            and d.status in ('applied', 'merged')) then 'applied' else o.status end, i.named,
        (select json_agg(json_build_array(f.name, encode(f.sha256, 'hex')))
            from openrosa_file f where f.op = i.op)
    from openrosa_instance i join operation o on o.op = i.op where i.op = %(op)s
"""
_FILES = """
    select name, sha256, bytes, content_type from openrosa_file where op = %(op)s and first
"""
_ADD = f"""
    with logged as ({audit_log.RECORD})
    insert into openrosa_instance (op, form, instance_id, device_id, inspection_id, corrects,
        received_at, named, xml_sha256, xml)
    values (%(op)s, %(form)s, %(instance_id)s, %(device)s, %(inspection)s, %(corrects)s, %(at)s,
        cast(%(named)s as json), %(xml_sha256)s, %(xml)s)
"""
_ADD_FILES = """
    insert into openrosa_file (op, name, sha256, bytes, content_type, first, received_at)
    select %(op)s, name, decode(sha256, 'hex'), bytes, content_type, first, %(at)s
    from json_to_recordset(cast(%(files)s as json)) as f(name text, sha256 text, bytes bigint,
        content_type text, first boolean)
    on conflict do nothing
"""
_COMPLETED = "update openrosa_instance set completed_by = %(by)s where op = %(op)s"


def ask_instance(session: Session, op: UUID) -> Answered:
    """Ask for an instance; `known_instance` reads the answer."""
    return ask(session, _FIND, {"op": op})


def known_instance(answer: Answered) -> KnownInstance | None:
    """None when it is not here."""
    row = answer.fetchone()
    if row is None:
        return None
    files: dict[str, set[str]] = {}
    for name, sha256 in row[7] or ():
        files.setdefault(name, set()).add(sha256)
    op, inspection, xml_sha256, completed_by, corrected, status, named, _ = row
    return KnownInstance(
        op,
        inspection,
        xml_sha256,
        completed_by,
        corrected,
        status,
        frozenset(file["name"] for file in named),
        {name: frozenset(hashes) for name, hashes in files.items()},
    )


def files_of(session: Session, op: UUID) -> dict[str, CameFile]:
    """The files that count for an instance, by name."""
    return {row[0]: CameFile(*row) for row in ask(session, _FILES, {"op": op})}


def add_instance(
    session: Session,
    values: dict[str, Any],
    named: Iterable[NamedFile],
    logged: Entry,
) -> None:
    """Write an instance; `values` by column but for `named`. Its operation follows."""
    as_json = msgspec.json.encode(list(named)).decode()
    entries = audit_log.as_values([logged])
    ask(session, _ADD, values | {"named": as_json, "entries": entries})


def add_files(
    session: Session, op: UUID, files: Sequence[tuple[CameFile, bool]], *, at: datetime
) -> None:
    """Note files that came, whose originals are noted already; the flag says: first of its name."""
    said = [
        {
            "name": file.name,
            "sha256": file.sha256.hex(),
            "bytes": file.bytes,
            "content_type": file.content_type,
            "first": first,
        }
        for file, first in files
    ]
    ask(session, _ADD_FILES, {"op": op, "files": msgspec.json.encode(said).decode(), "at": at})


def note_completed(session: Session, op: UUID, by: UUID) -> None:
    """The last file is here, and this operation says so."""
    ask(session, _COMPLETED, {"op": op, "by": by})
