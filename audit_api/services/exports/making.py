"""What a maker of files works with, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Grant, Noun, Scope, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import ScopeGone
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.file_store import FileStore
from audit_api.storage.papers import PaperFacts

MOST_PAPER_ROWS = 5_000
"""Rows of a list that is printed. A longer one is no paper; a table has no such limit."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the worker lends to every maker."""

    database: Database
    catalogs: CatalogKeeper
    photos: PhotoStore
    files: FileStore
    secret: str
    # By language; empty: nobody named it.
    inspecting_body: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Making:
    """One file that is to be made. `actor` has the grants of now, `scope` those for the noun.

    `folder`: a place for the file, gone afterwards. `progress(done, total)` tells how far it is.
    """

    tools: Tools
    actor: Actor
    scope: Scope
    noun: Noun
    kind: str
    language: str
    base_url: str
    filters: Mapping[str, Any]
    subject: UUID | None
    at: datetime
    folder: Path
    progress: Callable[[int, int | None], None]

    @property
    def today(self) -> date:
        """The calendar day in Kyrgyzstan."""
        return today(self.at)

    @property
    def grant(self) -> Grant:
        """The widest of the grants with which the thing may be read. Raises ScopeGone."""
        return widest_grant(self.actor, self.noun)


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a maker left in the folder. `paper`: how it is verified, if it is one.

    `kept_as`: the key under which its bytes are kept for ever; None: as long as the export.
    """

    path: Path
    name: str
    content_type: str
    rows: int
    paper: PaperFacts | None = None
    kept_as: str | None = None


Maker = Callable[[Making], Made]
Finder = Callable[[Session, Scope, UUID, date], Any]


def widest_grant(actor: Actor, noun: Noun) -> Grant:
    """The widest of the grants with which things of a noun may be read. Raises ScopeGone."""
    able = [grant for grant in actor.grants if not scope_of(_with_one(actor, grant), noun).empty]
    if not able:
        raise ScopeGone("No grant of yours opens this any more. Ask an administrator for one.")
    return max(able, key=lambda grant: (len(grant.territories), grant.role, grant.territory.hex))


def _with_one(actor: Actor, grant: Grant) -> Actor:
    return Actor(actor.person, actor.username, actor.language, (grant,))
