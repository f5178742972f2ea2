"""What tablets can do, by kind of operation: how each is read, looked up and applied.

A new kind is a module with three functions and a row in `KINDS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.sync.operations import Authority, OperationResult, ReceivedOperation
from audit_api.services.sync.accept_inspection import accept_inspection, look_around, read_body
from audit_api.services.sync.command_task import command_task, look_at_task, read_task
from audit_api.services.sync.edit_fields import ELEMENTS, SITES, FieldsOf
from field_schema.catalog import Catalog


class Apply(Protocol):
    """Carries an operation out, or says why not; `meaning` and `situation` are the kind's own."""

    def __call__(  # noqa: D102 - the class says it
        self,
        session: Session,
        actor: Actor,
        authority: Authority,
        operation: ReceivedOperation,
        meaning: Any,
        situation: Any,
        /,
        *,
        catalog: Catalog,
        at: datetime,
    ) -> OperationResult: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of operation.

    `read` says what a body means, or why it is rejected or quarantined, without the database.
    `look` holds what will change and asks for what deciding needs; it waits for no answer.
    `noun` and `verb` are the cell of the table "who may what" that a tablet needs for it.
    """

    noun: Noun
    verb: str
    read: Callable[[Actor, ReceivedOperation, Catalog], Any]
    look: Callable[[Session, ReceivedOperation, Any], Any]
    apply: Apply

    def scope(self, actor: Actor) -> Scope:
        """Where the actor may do this."""
        return scope_of(actor, self.noun, self.verb)


def _fields(of: FieldsOf) -> Kind:
    return Kind(Noun.CATALOG, "correct", of.read, of.look, of.apply)


KINDS: Mapping[str, Kind] = {
    "inspection": Kind(Noun.INSPECTIONS, "push", read_body, look_around, accept_inspection),
    "site": _fields(SITES),
    "element": _fields(ELEMENTS),
    # A task's command has a verb of its own; it is looked at when it is carried out.
    "task": Kind(Noun.TASKS, "acknowledge", read_task, look_at_task, command_task),
}
