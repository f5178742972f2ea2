"""An operation as a tablet handed it in, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit_api.domain.access import Scope
from audit_api.domain.errors import Fault
from audit_api.domain.vocabulary import OperationStatus


@dataclass(frozen=True, slots=True)
class ReceivedOperation:
    """One record of a push, shape-checked. `faults` say why it can never be applied.

    `raw` is the whole record's bytes, `body_bytes` its body's exact bytes; both are evidence.
    """

    op: UUID
    seq: int | None
    kind: str | None
    entity: UUID | None
    base: Mapping[str, Any] | None
    body: Any
    body_bytes: bytes
    body_sha256: bytes
    raw: bytes
    raw_sha256: bytes
    prev_sha256: bytes | None = None
    wall: str | None = None
    mono_ms: int | None = None
    boot: str | None = None
    faults: Sequence[Fault] = ()
    group: UUID | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    clock_off: bool = False
    """Bounds of when it was done, and whether the tablet's wall clock contradicts them."""
    channel: str = "sync"
    """`openrosa`: it was made from what ODK Collect sent, and has no number of its device."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the audit log: what was done to what, when, by whom, and what belongs to it.

    `detail` is JSON-able and holds ids and hashes, no personal data.
    """

    what: str
    subject: str
    at: datetime
    person: UUID | None = None
    device: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What the tablet is told. `details` are further members of the answer, JSON-able.

    `photos_held` are the hashes (hex) of the announced photos that are here, for the receipt.
    `logged` goes into the audit log along with the operation.
    """

    status: OperationStatus
    details: Mapping[str, Any] = field(default_factory=dict)
    photos_held: Collection[str] = ()
    logged: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """On whose word an operation is applied, and where that word counts.

    `released_by` is the person who let it out of quarantine or chose it in a review; what only
    keeps a tablet's own work waiting (a closed campaign, a revoked device) does not hold it then.
    """

    scope: Scope
    released_by: UUID | None = None


def rejected(faults: Iterable[Fault]) -> OperationResult:
    """It can never be valid as it is; the bytes are kept and the tablet may mend it."""
    problems = [{"pointer": f.pointer, "code": f.code, "detail": f.detail} for f in faults]
    return OperationResult(OperationStatus.REJECTED, {"problems": problems})


def quarantined(code: str, detail: str) -> OperationResult:
    """It may not be applied yet; the bytes are kept until a named person decides."""
    return OperationResult(OperationStatus.QUARANTINED, {"reason": code, "detail": detail})
