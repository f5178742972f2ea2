"""Take in a submission of ODK Collect: an instance, or more files of one that is here.

One transaction holds all of it. An instance is known by form and instanceID; the first that comes
is the operation, and everything that comes again is told from it by hashes. Files that came later
are announced at once; when the last one is here, a second revision with the same answers names
them all, so that cases and verdicts show the photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.openrosa.answers import CameFile, read_answers
from audit_api.domain.openrosa.submission import Submission, op_of
from audit_api.domain.sync.operations import Entry, ReceivedOperation
from audit_api.domain.sync.reading_operations import read_uuid
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.openrosa.derive_operation import (
    completing_op,
    derive_operation,
    inspection_of,
    operation_of,
    with_photos,
)
from audit_api.services.sync.attach_photo import attach_photo
from audit_api.services.sync.hand_in_quota import check_operations, check_photo
from audit_api.services.sync.push_operation import PushAnswer, decide, settle
from audit_api.storage import people
from audit_api.storage.openrosa import awaited, corrections, instances, refused
from audit_api.storage.openrosa.instances import KnownInstance
from audit_api.storage.sync import feed, operations
from field_schema.catalog import Catalog
from field_schema.form import Form


class Came(StrEnum):
    """What a submission came to."""

    NEW = "new"
    MORE_FILES = "more-files"
    NOTHING_NEW = "nothing-new"
    OTHER_XML = "other-xml"
    """Another instance has this id: both are kept."""
    NOT_CURRENT = "not-current"
    """It corrects what is not the newest, or is not here: it is kept."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What came of it. `missing` are the names of files that are still to come.

    `status` and `details` are those of the operation, as a tablet would be told; after the first
    time only the status is known.
    """

    came: Came
    missing: tuple[str, ...] = ()
    status: OperationStatus | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Taking:
    """What everything here needs."""

    session: Session
    actor: Actor
    device: UUID
    submission: Submission
    form: Form
    catalog: Catalog
    signer: Signer
    at: datetime


def hand_in(
    session: Session,
    actor: Actor,
    submission: Submission,
    form: Form,
    files: Sequence[CameFile],
    *,
    catalog: Catalog,
    signer: Signer,
    at: datetime,
) -> HandedIn:
    """Take it in; the originals of `files` lie in the bucket. The session may be a pipelining one.

    Raises CatalogMoved (come again with the new one) and HandInQuotaSpent (a revoked key).
    """
    if actor.device is None:
        raise TypeError("only a device hands in")
    taking = _Taking(session, actor, actor.device, submission, form, catalog, signer, at)
    # Twins wait here for each other, and the second finds what the first wrote.
    operations.claim(session, submission.op)
    known = instances.known_instance(instances.ask_instance(session, submission.op))
    if known is None:
        return _new(taking, files)
    if known.xml_sha256 != submission.xml_sha256:
        _refuse(taking, Came.OTHER_XML)
        return HandedIn(Came.OTHER_XML)
    return _more(taking, known, files)


def _new(taking: _Taking, files: Sequence[CameFile]) -> HandedIn:
    session, submission = taking.session, taking.submission
    inspection, base, corrects = inspection_of(submission.op), None, None
    if submission.deprecated_id is not None:
        corrects = op_of(submission.form, submission.deprecated_id)
        before = corrections.hold_instance(session, corrects)
        if (
            before is None
            or before.owner != taking.actor.person
            or before.corrected
            or not before.current
        ):
            _refuse(taking, Came.NOT_CURRENT)
            return HandedIn(Came.NOT_CURRENT)
        inspection, base = before.inspection, before.last_op
    first = _first_of_each(files, {})
    by_name = {file.name: file for file, is_first in first if is_first}
    operation, answered = derive_operation(
        submission, taking.form, by_name, op=submission.op, inspection=inspection, base=base
    )
    check_operations(session, taking.actor, [operation])
    _note_originals(taking, files)
    instances.add_instance(
        session,
        {
            "op": submission.op,
            "form": f"{submission.form}/{submission.version}",
            "instance_id": submission.instance_id,
            "device": taking.device,
            "inspection": inspection,
            "corrects": corrects,
            "at": taking.at,
            "xml_sha256": submission.xml_sha256,
            "xml": submission.xml,
        },
        answered.named,
        _entry(taking, "openrosa_received"),
    )
    if first:
        instances.add_files(session, submission.op, first, at=taking.at)
    answer = _push(taking, operation)
    if not answer.kept:
        raise RuntimeError(f"operation {submission.op} waits for one that is here")
    people.note_contact(
        session, taking.device, at=taking.at, app=None, client=None, clock_offset_ms=None
    )
    result = msgspec.json.decode(answer.result)
    missing = sorted({file.name for file in answered.named} - by_name.keys())
    return HandedIn(Came.NEW, tuple(missing), OperationStatus(result["status"]), result)


def _more(taking: _Taking, known: KnownInstance, files: Sequence[CameFile]) -> HandedIn:
    session, op = taking.session, taking.submission.op
    status = OperationStatus(known.status)
    new = [f for f in files if f.sha256.hex() not in known.files.get(f.name, ())]
    if not new:
        return HandedIn(Came.NOTHING_NEW, tuple(known.missing), status)
    _note_originals(taking, new)
    flagged = _first_of_each(new, known.files)
    instances.add_files(session, op, flagged, at=taking.at)
    waiting = awaited.announce_arrived(session, op)
    if waiting:
        feed.publish(session, inspection=waiting)
    missing = sorted(known.named - known.files.keys() - {file.name for file in new})
    if known.missing and not missing and status is not OperationStatus.REJECTED:
        _complete(taking, known)
    people.note_contact(
        session, taking.device, at=taking.at, app=None, client=None, clock_offset_ms=None
    )
    return HandedIn(Came.MORE_FILES, tuple(missing), status)


def _complete(taking: _Taking, known: KnownInstance) -> None:
    """The last file is here: the same answers again, with all the photos."""
    session, op = taking.session, known.op
    standing = corrections.hold_instance(session, op)
    if known.completed_by is not None or standing is None or standing.corrected:
        return
    by, inspection = completing_op(op), standing.inspection
    operation, answered = derive_operation(
        taking.submission,
        taking.form,
        instances.files_of(session, op),
        op=by,
        inspection=inspection,
        base=op,
    )
    mended = corrections.mended_body(session, op)
    if mended is not None:
        body = with_photos(msgspec.json.decode(mended), answered.body)
        operation = operation_of(taking.submission, body, op=by, inspection=inspection, base=op)
    _push(taking, operation)
    instances.note_completed(session, op, by)


def _push(taking: _Taking, operation: ReceivedOperation) -> PushAnswer:
    """Carry it out as a tablet's; that nobody else does is sure already."""
    session, actor, at = taking.session, taking.actor, taking.at
    result = decide(session, actor, operation, None, taking.catalog, at)
    if result is None:
        raise TypeError("an operation that is not claimed is not found taken")
    return settle(session, actor, operation, result, taking.signer, at)


def _note_originals(taking: _Taking, files: Sequence[CameFile]) -> None:
    """Note the originals, in one order for all who do."""
    for file in sorted({f.sha256: f for f in files}.values(), key=lambda f: f.sha256):
        check_photo(taking.session, taking.actor, size=file.bytes)
        attach_photo(
            taking.session,
            taking.actor,
            file.sha256,
            size=file.bytes,
            content_type=file.content_type,
            at=taking.at,
        )


def _first_of_each(files: Sequence[CameFile], known: Any) -> list[tuple[CameFile, bool]]:
    """Files with whether each is the first of its name."""
    names = set(known)
    flagged = []
    for file in files:
        flagged.append((file, file.name not in names))
        names.add(file.name)
    return flagged


def _refuse(taking: _Taking, came: Came) -> None:
    submission, deprecated = taking.submission, taking.submission.deprecated_id
    answered = read_answers(submission, taking.form, inspection_of(submission.op), {})
    refused.keep_refused(
        taking.session,
        {
            "op": submission.op,
            "xml_sha256": submission.xml_sha256,
            "form": f"{submission.form}/{submission.version}",
            "instance_id": submission.instance_id,
            "device": taking.device,
            "reason": came.value,
            "at": taking.at,
            "corrects": None if deprecated is None else op_of(submission.form, deprecated),
            "site": read_uuid(answered.body["site"]),
            "xml": submission.xml,
        },
        _entry(taking, "openrosa_refused", reason=came.value),
    )


def _entry(taking: _Taking, what: str, **detail: str) -> Entry:
    submission = taking.submission
    return Entry(
        what,
        str(submission.op),
        taking.at,
        taking.actor.person,
        taking.device,
        {"xml_sha256": submission.xml_sha256.hex(), **detail},
    )
