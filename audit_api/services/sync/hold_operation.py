"""Note an operation that is kept but not applied, so that people find it and decide."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.sync.operations import OperationResult, ReceivedOperation
from audit_api.domain.sync.reading_operations import read_uuid
from audit_api.storage.sync import feed, quarantine


def hold_operation(session: Session, operation: ReceivedOperation, result: OperationResult) -> None:
    """Note what the operation names, and tell its tablet's owner; its row is written already."""
    quarantine.hold(
        session,
        operation.op,
        kind=operation.kind,
        entity=operation.entity,
        site=site_of(operation),
        waits_for=read_uuid(result.details.get("waits_for")) or (operation.base or {}).get("op"),
    )
    feed.publish(session, held=[operation.op])


def site_of(operation: ReceivedOperation) -> UUID | None:
    """The site that an operation names, if there is one or not; of a task, an element: None."""
    if operation.kind == "site":
        return operation.entity
    body: Any = operation.body
    return read_uuid(body.get("site")) if isinstance(body, dict) else None
