"""The operation that a submission is: the same bytes from the same XML and files, at any time."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from audit_api.domain.openrosa.answers import Answered, CameFile, read_answers
from audit_api.domain.openrosa.submission import Submission
from audit_api.domain.sync.operations import ReceivedOperation
from audit_api.domain.sync.reading_operations import read_operation, read_uuid
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
    operation = operation_of(submission, answered.body, op=op, inspection=inspection, base=base)
    return operation, answered


def operation_of(
    submission: Submission,
    body: dict[str, Any],
    *,
    op: UUID,
    inspection: UUID,
    base: UUID | None,
) -> ReceivedOperation:
    """The operation with that body, in the one spelling that there is of it.

    Its record names the XML by hash, and the signed log names the record. The text of the record
    is written once more, in SQL, by `storage.openrosa.differing_xml`.
    """
    text = _text(body)
    record = {
        "op": str(op),
        "kind": "inspection",
        "id": str(inspection),
        "base": None if base is None else {"op": str(base)},
        "form": body["form"],
        "sha256": hashlib.sha256(text).hexdigest(),
        "xml_sha256": submission.xml_sha256.hex(),
        "at": {"wall": body["finished"]["wall"]},
    }
    raw = _text(record)[:-1] + b',"body":' + text + b"}"
    return read_operation({**record, "body": body}, raw, text, [], channel=CHANNEL)


def with_photos(mended: dict[str, Any], derived: dict[str, Any]) -> dict[str, Any]:
    """A body that supervision mended, with the photos that came for its elements since."""
    came = {(read_uuid(e["id"]), e["state"]): e["photos"] for e in derived["elements"]}
    elements = []
    for element in mended["elements"]:
        shown = element.get("photos", [])
        known = {read_uuid(photo["id"]) for photo in shown}
        here = came.get((read_uuid(element["id"]), element["state"]), ())
        more = [photo for photo in here if read_uuid(photo["id"]) not in known]
        elements.append(element | {"photos": [*shown, *more]})
    return mended | {"elements": elements}


def _text(value: Any) -> bytes:
    """JSON in one spelling: members sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
