"""The operation that a submission is: the same bytes from the same XML and files, at any time."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from audit_api.domain.openrosa.answers import Answered, CameFile, read_answers
from audit_api.domain.openrosa.submission import Submission
from audit_api.domain.sync.operations import ReceivedOperation
from audit_api.domain.sync.reading_operations import read_operation
from field_schema.form import Form

CHANNEL = "openrosa"


def inspection_of(op: UUID) -> UUID:
    """The inspection that an instance begins."""
    return uuid5(op, "inspection")


def completing_op(op: UUID) -> UUID:
    """The operation that says that the last file of an instance is here."""
    return uuid5(op, "files")


def derive_operation(
    submission: Submission,
    form: Form,
    files: Mapping[str, CameFile],
    *,
    op: UUID,
    inspection: UUID,
    base: UUID | None,
) -> tuple[ReceivedOperation, Answered]:
    """The operation, and what its answers name; `base` is the operation that it follows."""
    answered = read_answers(submission, form, inspection, files)
    body = _text(answered.body)
    record = {
        "op": str(op),
        "kind": "inspection",
        "id": str(inspection),
        "base": None if base is None else {"op": str(base)},
        "form": form.key,
        "sha256": hashlib.sha256(body).hexdigest(),
        "at": {"wall": answered.body["finished"]["wall"]},
    }
    raw = _text(record)[:-1] + b',"body":' + body + b"}"
    value = {**record, "body": answered.body}
    return read_operation(value, raw, body, [], channel=CHANNEL), answered


def _text(value: Any) -> bytes:
    """JSON in one spelling: members sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
