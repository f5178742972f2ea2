"""Papers that were made: by which code each is found, and the hashes by which it is known."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.vocabulary import Language, Role
from audit_api.storage.base import Base, Id, Instant, Sha256, Word, is_sha256, one_of
from audit_api.storage.lists.selection import TERRITORY_NAME


class IssuedPaper(Base):
    """A paper by its code. The same paper made anew has the same code, and most often bytes.

    `subject_id`: the served list or the act; None for a view at an instant, `as_of`. `office_id`
    and `office_role`: who issued it, or asked. `file_key`: where it is kept; None: with its export.
    """

    __tablename__ = "paper"
    __table_args__ = (
        one_of("language", Language),
        one_of("office_role", Role),
        is_sha256("content_sha256"),
        is_sha256("file_sha256"),
        CheckConstraint("code ~ '^[a-z2-7]{26}$'", name="code"),
        CheckConstraint("file_bytes > 0 and rows >= 0", name="counts"),
        Index("ix_paper_subject_id", "subject_id"),
    )

    code: Mapped[str] = mapped_column(String(26), primary_key=True)
    file_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[Word]
    language: Mapped[Word]
    subject_id: Mapped[Id | None]
    number: Mapped[int | None] = mapped_column(Integer)
    day: Mapped[date]
    as_of: Mapped[Instant]
    office_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    office_role: Mapped[Word]
    rows: Mapped[int] = mapped_column(Integer)
    content_sha256: Mapped[Sha256]
    made_at: Mapped[Instant]
    file_key: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """What is kept of a paper but for its file; names as in `IssuedPaper`."""

    code: str
    kind: str
    language: str
    subject_id: UUID | None
    number: int | None
    day: date
    as_of: datetime
    office_id: UUID
    office_role: str
    rows: int
    content_sha256: bytes


def add_paper(
    session: Session,
    facts: PaperFacts,
    *,
    file_sha256: bytes,
    file_bytes: int,
    file_key: str | None,
    at: datetime,
) -> None:
    """Keep a paper; one that is kept already with the same bytes stays as it is."""
    values = {name: getattr(facts, name) for name in PaperFacts.__slots__}
    session.execute(
        insert(IssuedPaper)
        .values(
            **values,
            file_sha256=file_sha256,
            file_bytes=file_bytes,
            file_key=file_key,
            made_at=at,
        )
        .on_conflict_do_nothing()
    )


_KEPT = text("""select file_key, file_sha256 from paper where code = :code
    and file_key is not null order by made_at, file_sha256""")


def kept_files(session: Session, code: str) -> list[tuple[str, bytes]]:
    """Where files of a paper are kept, and their SHA-256; the first made first."""
    return [(key, bytes(sha256)) for key, sha256 in session.execute(_KEPT, {"code": code})]


_FOUND = text(f"""
    select p.kind, p.language, p.number, p.day, p.as_of, p.office_role, p.rows,
        encode(p.content_sha256, 'hex') as content_sha256, {TERRITORY_NAME} as office,
        array_agg(encode(p.file_sha256, 'hex') order by p.made_at, p.file_sha256) as files,
        (select json_agg(json_build_object('kind', a.kind, 'number', a.number,
            'issued_on', a.issued_on, 'state', (select e.to_state from act_event e
                where e.act_id = a.id order by e.n desc limit 1)) order by a.issued_at, a.id)
            from supervisory_act a where a.id = p.subject_id or a.list_id = p.subject_id) as acts
    from paper p join territory on territory.id = p.office_id
    where p.code = :code
    group by p.kind, p.language, p.number, p.day, p.as_of, p.office_role, p.rows,
        p.content_sha256, p.subject_id, territory.id
""")


def find_paper(session: Session, code: str, today: date) -> dict[str, Any] | None:
    """What anybody may know who holds the paper; None when there is none of that code.

    kind, language, number, day, as_of, office_role, rows, content_sha256 and files (hex), office
    (names by language), acts (the act itself, or those over the list, as they stand now).
    """
    row = session.execute(_FOUND, {"code": code, "today": today}).mappings().one_or_none()
    return None if row is None else dict(row)
