"""The rulesets that assessments name by digest, each with the manifest it can be built from."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, text
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
_committed: set[tuple[str, str]] = set()


def keep_ruleset(session: Session, digest: str, manifest: Mapping[str, Any], at: datetime) -> None:
    """Keep a ruleset's manifest, once for ever; later calls of a process send nothing.

    A process stops asking when it has seen that an earlier transaction had kept it: its own
    transaction may still be rolled back.
    """
    where = str(session.get_bind().engine.url)
    if (where, digest) in _committed:
        return
    values = {"digest": digest, "manifest": json.dumps(manifest, ensure_ascii=False), "at": at}
    row = ask(session, _KEEP, values).fetchone()
    if row is not None and row[0]:
        _committed.add((where, digest))


def manifests(session: Session) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every kept ruleset: its digest and its manifest."""
    yield from session.execute(text("select digest, manifest from ruleset")).tuples()
