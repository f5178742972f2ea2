"""Edits of a site or an element: merged field by field; what differs waits in a review."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import Fault
from audit_api.domain.sync.merge import Change, MergedFields, merge_fields
from audit_api.domain.sync.operations import (
    Authority,
    Entry,
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.sync.reading_edits import LAW_RELEVANT, InvalidEdit, read_edit
from audit_api.domain.vocabulary import EntityKind, OperationStatus, ReviewKind
from audit_api.storage.oversight.reviews import NewReview, open_review
from audit_api.storage.sync import edits, feed
from audit_api.storage.sync.edits import Asked, Author, Place
from field_schema.catalog import Catalog

Edit = dict[str, Change]


def faults_of(actor: Actor, invalid: InvalidEdit) -> OperationResult:
    """The rejection of a body, in the owner's language."""
    return rejected(
        Fault(f"/body{p.pointer}", p.texts[actor.language], p.code) for p in invalid.problems
    )


def not_within(thing: str) -> OperationResult:
    """The one answer for what lies elsewhere and for what is not there: see decision 6."""
    return quarantined(
        "out-of-scope",
        f"This {thing} is not known here, or its site lies outside the territories in which its "
        "owner may do this. The work is kept; a supervisor releases or refuses it.",
    )


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """Edits of one kind of thing: the three functions of a kind of operation."""

    kind: EntityKind

    def read(
        self, actor: Actor, operation: ReceivedOperation, _catalog: Catalog
    ) -> Edit | OperationResult:
        """The fields that the body names, or why it is rejected."""
        try:
            return read_edit(self.kind, operation.body)
        except InvalidEdit as invalid:
            return faults_of(actor, invalid)

    def look(self, session: Session, operation: ReceivedOperation, _edit: Edit) -> Asked | None:
        """Hold the site, and ask for its fields; nothing is awaited."""
        if operation.entity is None:
            return None
        return edits.ask_fields(session, self.kind, operation.entity, operation.base)

    def apply(
        self,
        session: Session,
        actor: Actor,
        authority: Authority,
        operation: ReceivedOperation,
        edit: Edit,
        asked: Asked | None,
        *,
        catalog: Catalog,
        at: datetime,
    ) -> OperationResult:
        """Write what can be written, and let a person decide on the rest."""
        if asked is None or operation.entity is None:
            raise TypeError("an operation without an id was rejected before")
        held = edits.place(asked)
        if held is None or held.territory not in authority.scope.territories:
            return not_within(self.kind.value)
        server, changed_since = edits.fields(asked)
        merged = merge_fields(edit, server, changed_since=changed_since, law_relevant=LAW_RELEVANT)
        rev = held.rev
        logged: tuple[Entry, ...] = ()
        if merged.writes:
            author = Author(operation.op, actor.person, actor.device)
            rev = edits.write_fields(
                session, self.kind, operation.entity, held, merged.writes, author, at
            )
            feed.publish(session, site=[held.site])
            logged = (_entry(self.kind, operation, actor, rev, merged, at),)
        return self._told(session, operation, operation.entity, held, rev, merged, logged, at)

    def _told(
        self,
        session: Session,
        operation: ReceivedOperation,
        entity: UUID,
        held: Place,
        rev: int,
        merged: MergedFields,
        logged: tuple[Entry, ...],
        at: datetime,
    ) -> OperationResult:
        details: dict[str, Any] = {"id": str(entity), "rev": rev}
        if merged.from_server:
            details["from_server"] = merged.from_server
        if merged.conflicts:
            review = NewReview(
                id=uuid4(),
                kind=ReviewKind.LAW_RELEVANT if merged.law_relevant else ReviewKind.FIELD,
                entity_kind=self.kind,
                entity=entity,
                op=operation.op,
                site=held.site,
                mine={c.field: c.mine for c in merged.conflicts},
                server={"rev": rev} | {c.field: c.server for c in merged.conflicts},
            )
            open_review(session, review, at=at)
            details |= {
                "conflicts": [
                    {"field": c.field, "mine": c.mine, "server": c.server} for c in merged.conflicts
                ],
                "review": str(review.id),
                "detail": _WAITS if merged.law_relevant else _DIFFERS,
            }
            return OperationResult(OperationStatus.CONFLICT, details, logged=logged)
        if merged.from_server:
            return OperationResult(OperationStatus.MERGED, details, logged=logged)
        if merged.unchanged:
            details["unchanged"] = True
        return OperationResult(OperationStatus.APPLIED, details, logged=logged)


_DIFFERS = (
    "Fields were changed elsewhere meanwhile. Both sides are kept, the other fields were written; "
    "technical supervision decides."
)
_WAITS = (
    "Fields that decide which clauses bind wait for technical supervision; the other fields were "
    "written unless they are among the conflicts."
)


def _entry(
    kind: EntityKind,
    operation: ReceivedOperation,
    actor: Actor,
    rev: int,
    merged: MergedFields,
    at: datetime,
) -> Entry:
    detail = {"rev": rev, "op": str(operation.op), "fields": sorted(merged.writes)}
    return Entry(
        f"{kind.value}_edited", str(operation.entity), at, actor.person, actor.device, detail
    )


SITES = FieldsOf(EntityKind.SITE)
ELEMENTS = FieldsOf(EntityKind.ELEMENT)
