"""A revision of an inspection that does not follow the current one: a branch, or nothing new."""

from collections.abc import Set
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.sync.operations import OperationResult, ReceivedOperation
from audit_api.domain.vocabulary import EntityKind, OperationStatus, ReviewKind
from audit_api.storage.oversight.reviews import NewReview, open_review
from audit_api.storage.sync.situations import KnownState


def base_rev(operation: ReceivedOperation, state: KnownState) -> int | None:
    """The revision that the tablet worked from; an operation means the one that it made."""
    base = operation.base
    if base is None:
        return None
    rev: int | None = base.get("rev", state.made_by_base)
    return rev


def repeated(
    operation: ReceivedOperation, announced: Set[str], state: KnownState
) -> OperationResult:
    """The same bytes under another operation id, as after a tablet was set up anew."""
    details = {
        "id": str(operation.entity),
        "rev": state.same_bytes_as,
        "unchanged": True,
        "need_photos": sorted(announced - state.photos),
    }
    return OperationResult(OperationStatus.APPLIED, details, announced & state.photos)


def keep_branch(
    session: Session,
    operation: ReceivedOperation,
    site: UUID,
    announced: Set[str],
    state: KnownState,
    at: datetime,
) -> OperationResult:
    """A second revision from one base: kept beside the current one, for a person to decide.

    `announced`: the hashes (hex) of the photos that it names.
    """
    if operation.entity is None:
        raise TypeError("an inspection without an id was rejected before")
    review = NewReview(
        id=uuid4(),
        kind=ReviewKind.BRANCH,
        entity_kind=EntityKind.INSPECTION,
        entity=operation.entity,
        op=operation.op,
        site=site,
        mine={"base": base_rev(operation, state), "sha256": operation.body_sha256.hex()},
        server={"rev": state.rev},
    )
    open_review(session, review, at=at)
    details = {
        "id": str(operation.entity),
        "rev": state.rev,
        "review": str(review.id),
        "need_photos": sorted(announced - state.photos),
        "detail": "Another revision was made from the same base. Both are kept; "
        "technical supervision decides between them.",
    }
    return OperationResult(OperationStatus.CONFLICT, details, announced & state.photos)
