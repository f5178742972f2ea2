"""The rulesets that assessments name by digest, each with the manifest it can be built from."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Instant, Json, ask


class RulesetRecord(Base):
    """A ruleset by its digest. Append-only."""

    __tablename__ = "ruleset"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    manifest: Mapped[Json]
    first_used_at: Mapped[Instant]


_KEEP = """
    with kept as (
        insert into ruleset (digest, manifest, first_used_at)
        values (%(digest)s, cast(%(manifest)s as json), %(at)s)
        on conflict (digest) do nothing returning digest
    )
    select not exists (select from kept)
"""
_committed: "WeakKeyDictionary[Engine, set[str]]" = WeakKeyDictionary()


def is_kept(session: Session, digest: str) -> bool:
    """Whether this process has seen that the ruleset is kept; asks nothing."""
    return digest in _committed.get(session.get_bind().engine, ())


def keep_ruleset(session: Session, digest: str, manifest: Mapping[str, Any], at: datetime) -> None:
    """Keep a ruleset's manifest, once for ever.

    A process believes it only when an earlier transaction had kept it: its own may be rolled back.
    """
    values = {"digest": digest, "manifest": json.dumps(manifest, ensure_ascii=False), "at": at}
    row = ask(session, _KEEP, values).fetchone()
    if row is not None and row[0]:
        _committed.setdefault(session.get_bind().engine, set()).add(digest)


def manifest_by_digest(session: Session, digest: str) -> dict[str, Any] | None:
    """The manifest of a kept ruleset; None when there is none of that digest."""
    wanted = select(RulesetRecord.manifest).where(RulesetRecord.digest == digest)
    found: dict[str, Any] | None = session.scalar(wanted)
    return found


class StoredAssessment(NamedTuple):
    """An assessment as it is stored, with what it was made from. Documents are JSON texts.

    `building_status` is None in assessments that are older than the column.
    """

    inspection: UUID
    rev: int
    digest: str
    building_status: str | None
    built_on: date | None
    altered_on: date | None
    score: str
    findings: str
    body: str
    site_status: str
    site_built_on: date | None
    site_altered_on: date | None


_ASSESSMENTS = text("""
    select a.inspection_id, a.rev, a.ruleset_digest, a.building_status, a.built_on, a.altered_on,
        a.score::text, a.findings::text, i.body::text, s.building_status, s.built_on, s.altered_on
    from assessment a join inspection i on i.id = a.inspection_id and i.rev = a.rev
    join site s on s.id = i.site_id
    where (a.inspection_id, a.rev, a.ruleset_digest) > (:id, :rev, :digest)
        and (cast(:only as uuid) is null or a.inspection_id = :only)
    order by a.inspection_id, a.rev, a.ruleset_digest limit :rows
""")
_COUNT = text("""
    select count(*) from assessment where cast(:only as uuid) is null or inspection_id = :only
""")


def count_assessments(session: Session, only: UUID | None) -> int:
    """How many assessments there are, of one inspection or of all."""
    return int(session.execute(_COUNT, {"only": only}).scalar_one())


def stored_assessments(
    session: Session, only: UUID | None, *, rows: int = 200
) -> Iterator[StoredAssessment]:
    """All assessments, of one inspection or of all, read in pages by their key."""
    after: tuple[UUID, int, str] = (UUID(int=0), 0, "")
    while True:
        place = dict(zip(("id", "rev", "digest"), after, strict=True))
        page = session.execute(_ASSESSMENTS, place | {"only": only, "rows": rows}).all()
        for row in page:
            yield StoredAssessment(*row)
        if len(page) < rows:
            return
        last = page[-1]
        after = (last[0], last[1], last[2])
