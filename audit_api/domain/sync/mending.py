"""A held record, mended by a person: another body in its place, and what names it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from audit_api.domain.errors import Fault
from audit_api.domain.sync.operations import ReceivedOperation


@dataclass(frozen=True, slots=True)
class Mending:
    """The mended body with its exact bytes; `members` are what of kind, id and base is replaced."""

    body: Any
    body_bytes: bytes
    members: Mapping[str, Any]

    @property
    def sha256(self) -> bytes:
        """The SHA-256 of the mended body."""
        return hashlib.sha256(self.body_bytes).digest()


def mended(operation: ReceivedOperation, mending: Mending) -> ReceivedOperation:
    """The operation as it would be with that body: same id, same author, same record beside it.

    What was wrong beside the body (a running number, an unknown member) was looked at by whoever
    mends it and does not hold it any longer; without a kind, an id and a readable base it cannot
    be carried out.
    """
    members = mending.members
    kind = members.get("kind", operation.kind)
    entity: UUID | None = members.get("id", operation.entity)
    faults = []
    if kind is None:
        faults.append(Fault("/kind", "What the operation is, e.g. `inspection`.", "required"))
    if entity is None:
        faults.append(Fault("/id", "The UUID of the thing it makes or changes.", "required"))
    if not isinstance(mending.body, dict):
        faults.append(Fault("/body", "The body is a JSON object.", "required"))
    if "base" not in members:
        faults += [fault for fault in operation.faults if fault.pointer == "/base"]
    return replace(
        operation,
        kind=kind,
        entity=entity,
        base=members.get("base", operation.base),
        body=mending.body,
        body_bytes=mending.body_bytes,
        body_sha256=mending.sha256,
        faults=faults,
    )
