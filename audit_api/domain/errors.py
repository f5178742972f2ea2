"""What can go wrong, as classes with a stable slug.

HTTP status codes live in `http/problems.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place of the input: `pointer` is a JSON pointer or a field's name."""

    pointer: str
    detail: str
    code: str = "invalid"


class DomainError(Exception):
    """A refusal with a reason that a person can act on."""

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(
        self,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.extra = dict(extra or {})


class NotFound(DomainError):
    """Does not exist, or lies outside the actor's grants: both answer the same."""

    slug = "not-found"
    title = "Not found"

    def __init__(self) -> None:
        super().__init__(
            "Nothing here for you: it does not exist, or it lies outside your grants. "
            "Check the address; if you should see it, ask an administrator for a grant."
        )


class NotAuthenticated(DomainError):
    """No token, or one that is unknown, expired or revoked."""

    slug = "not-authenticated"
    title = "Sign in first"


class DeviceRevoked(DomainError):
    """The tablet may hand in, but read nothing."""

    slug = "device-revoked"
    title = "This device is revoked"


class Forbidden(DomainError):
    """This kind of caller never does this."""

    slug = "forbidden"
    title = "Not for this kind of caller"


class BadCredentials(DomainError):
    """User name or password is wrong; which one is not said."""

    slug = "bad-credentials"
    title = "User name or password is wrong"


class TooManyAttempts(DomainError):
    """Signing in was tried too often."""

    slug = "too-many-attempts"
    title = "Too many attempts"


class CodeNotUsable(DomainError):
    """An enrolment code is unknown, used or expired; which one is not said."""

    slug = "enrolment-code-not-usable"
    title = "This enrolment code cannot be used"


class MalformedBody(DomainError):
    """Not readable as strict JSON."""

    slug = "malformed-json"
    title = "The body is not readable as strict JSON"


class MalformedHeader(DomainError):
    """A header that cannot be read."""

    slug = "malformed-header"
    title = "A header cannot be read"


class InvalidInput(DomainError):
    """Readable, but with values that are not allowed."""

    slug = "invalid-input"
    title = "Some values are not allowed"


class BodyTooLarge(DomainError):
    """More bytes or operations than one request may carry."""

    slug = "too-large"
    title = "Too large"


class UnsupportedEncoding(DomainError):
    """A content type or content encoding this server does not read."""

    slug = "unsupported-media-type"
    title = "This content type or encoding is not read here"


class LengthRequired(DomainError):
    """A stream whose end could not be told from a cut needs its length declared."""

    slug = "length-required"
    title = "Content-Length is needed"


class BodyCutShort(DomainError):
    """Fewer bytes came than were announced."""

    slug = "body-cut-short"
    title = "The body ended early"


class HashMismatch(DomainError):
    """The bytes are not the ones announced."""

    slug = "hash-mismatch"
    title = "The bytes do not have the announced SHA-256"


class TusVersionNeeded(DomainError):
    """The request does not say that it speaks the version of tus that is spoken here."""

    slug = "tus-version"
    title = "Tus-Resumable is needed"


class OffsetDiffers(DomainError):
    """A part of an upload that does not begin where the upload stands."""

    slug = "offset-differs"
    title = "The upload stands elsewhere"


class TakenOver(DomainError):
    """Another request continues the upload: what this one still had was not kept."""

    slug = "upload-taken-over"
    title = "Another request has taken the upload over"


class UploadGone(DomainError):
    """An upload that was never finished and has expired."""

    slug = "upload-gone"
    title = "This upload has expired"


class ChecksumDiffers(DomainError):
    """A part, or the whole, of an upload is not what its digest says."""

    slug = "checksum-mismatch"
    title = "The bytes do not have the announced digest"


class TooManyUploads(DomainError):
    """A device has begun more than it may without finishing."""

    slug = "too-many-uploads"
    title = "Too many unfinished uploads"


class StoreFull(DomainError):
    """No room is left for bytes; what is kept stays kept."""

    slug = "store-full"
    title = "There is no room just now"


class DirectNotOffered(DomainError):
    """The bucket cannot be reached by tablets."""

    slug = "direct-not-offered"
    title = "Photos do not go straight to the bucket here"


class NotYetThere(DomainError):
    """A photo was said to be in the bucket, and is not."""

    slug = "not-yet-there"
    title = "The photo is not there"


class NoPreview(DomainError):
    """A photo of which there is no preview, or not of that size."""

    slug = "no-preview"
    title = "There is no such preview"


class RangeOutside(DomainError):
    """A part that the thing does not have."""

    slug = "range-not-satisfiable"
    title = "There is no such part"


class BadCursor(DomainError):
    """A cursor this server did not make."""

    slug = "bad-cursor"
    title = "This cursor cannot be read"


class CursorGone(DomainError):
    """A cursor of an earlier epoch of the feed: start again without one."""

    slug = "cursor-gone"
    title = "This cursor belongs to an earlier epoch of the feed"


class ScopeGone(DomainError):
    """The grants with which something was asked for are no more there when it is made."""

    slug = "scope-gone"
    title = "Your grants do not reach there any more"


class NotReadyYet(DomainError):
    """A file that is still being made, or that could not be made; the detail says which."""

    slug = "not-ready-yet"
    title = "The file is not there yet"


class ExportGone(DomainError):
    """A file that was kept for its term and is deleted."""

    slug = "export-gone"
    title = "The file was deleted after its term"


class TooManyExports(DomainError):
    """More files at once than one person may have made."""

    slug = "too-many-exports"
    title = "Too many files are being made for you"


class FourEyes(DomainError):
    """Who made a thing may not be the one who judges it."""

    slug = "four-eyes"
    title = "Somebody else has to do this"


class KeyReused(DomainError):
    """The key of a request stands for another request of the same person."""

    slug = "idempotency-key-reused"
    title = "This key stands for another request"


class StillRunning(DomainError):
    """A request under the same key is being carried out; `retry_after` seconds."""

    slug = "request-still-running"
    title = "The same request is running"


class NotCurrent(DomainError):
    """What the caller speaks of has changed since; the answer names what is current."""

    slug = "not-current"
    title = "It has changed since"


class MoveRefused(DomainError):
    """A move that does not go from where the thing is (`audit_api.domain.oversight.lives`)."""

    slug = "move-refused"
    title = "It cannot go there from where it is"


class HandInQuotaSpent(DomainError):
    """A revoked device has handed in as much as it may."""

    slug = "hand-in-quota-spent"
    title = "This revoked device may hand in no more"


class AlreadyDecided(DomainError):
    """Somebody decided before: what, who, when and why is told."""

    slug = "already-decided"
    title = "This was decided already"


class StillHeld(DomainError):
    """Tried again, an operation cannot be applied even now: nothing was changed."""

    slug = "still-held"
    title = "It cannot be applied even now"


class BytesChanged(DomainError):
    """What is kept does not hash to what was handed in."""

    slug = "bytes-changed"
    title = "What is kept is not what was handed in"


class ImportRefused(DomainError):
    """A file with bad lines: nothing of it was imported."""

    slug = "import-refused"
    title = "Nothing was imported"


class DecisionRefused(DomainError):
    """Somebody who may not decide this, or a decision without what it needs."""

    slug = "decision-refused"
    title = "This was not decided"


class LogBroken(DomainError):
    """The log is not what was signed: nothing may be added to it."""

    slug = "log-broken"
    title = "The log is not what was signed"


class BackupRefused(DomainError):
    """A backup that was never begun, or is done already."""

    slug = "backup-refused"
    title = "The backup was not recorded"
