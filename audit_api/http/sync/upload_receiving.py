"""Bytes of an upload on their way: spooled and hashed, kept at every pause, proven as a whole.

No transaction is open while bytes arrive or go to the bucket. Kept is what has come when the
request ends in any way, when nothing came for a second, and at the latest every 5 seconds or 4 MiB:
a cut line loses nothing, a killed worker seconds. The last byte is never kept by itself: it is
acknowledged when the whole is proven and lies in the bucket, since every client takes an offset
that equals the length for the end of its work.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Final

import structlog

from audit_api.domain.access import Actor
from audit_api.domain.errors import BodyTooLarge, ChecksumDiffers, StoreFull, TakenOver
from audit_api.domain.sync.uploads import UNFINISHED_KEPT, Checksum
from audit_api.http.sync.upload_body import IncomingBody
from audit_api.services.sync.finish_upload import finish_upload
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import BucketUnavailable, PhotoStore
from audit_api.storage.sync import uploads

log = structlog.get_logger()
_SPOOL_IN_MEMORY: Final = 320 * 1024
_KEEP_EVERY_S: Final = 5.0
_KEEP_EVERY_BYTES: Final = 4 * 1024 * 1024
# One segment goes through memory as a whole, a few times over.
_LONGEST_SEGMENT: Final = 256 * 1024
_COPY_BYTES: Final = 256 * 1024


class Receiving:
    """One request's part of an upload."""

    def __init__(
        self,
        database: Database,
        store: PhotoStore,
        actor: Actor,
        held: uploads.Held,
        *,
        length: int | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`length` is the upload's, perhaps told only by this request, None while deferred."""
        self._database = database
        self._store = store
        self._actor = actor
        self._now = now
        self.held = held
        self.length = length
        self._from = held.received
        # Hashes and bytes of this request alone; `_spooled` of them have come.
        self._sha256 = hashlib.sha256()
        self._spooled = 0
        self._kept_at = time.monotonic()

    def take_in(self, body: IncomingBody, checksum: Checksum | None, *, most: int) -> None:
        """Take the body in, keep it, and finish the upload if that makes it whole.

        Of a body with a checksum nothing is kept before all of it is proven. Raises BodyTooLarge
        for more than `most` bytes in all, ChecksumDiffers, TakenOver, and BucketUnavailable or
        StoreFull with everything kept but the last byte.
        """
        room = (self.length if self.length is not None else most) - self._from
        part = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY) as spool:
            for piece in body.pieces():
                if self._spooled + len(piece) > room:
                    raise BodyTooLarge(
                        f"The upload has room for {room} more bytes, and more came. "
                        "Ask with HEAD where it stands and send the rest of the file, no more."
                    )
                self._spool(spool, piece)
                if part is not None:
                    part.update(piece)
                elif self._is_time(idle=not piece):
                    self._keep(spool)
            if (
                checksum is not None
                and part is not None
                and (body.cut or not checksum.fits(part.digest()))
            ):
                raise ChecksumDiffers(
                    "The part that came does not have its Upload-Checksum: it was thrown away. "
                    "Send the same part again."
                )
            if self.held.completed_at is not None:
                # A repeat of the last request: there was no room for a byte, and none came.
                return
            if self._from + self._spooled == self.length:
                self._finish(spool, self.length)
            else:
                self._keep(spool)

    def _spool(self, spool: IO[bytes], piece: bytes) -> None:
        try:
            spool.write(piece)
        except OSError as error:
            raise StoreFull(
                "The server has no room for more bytes just now. Everything else is kept; "
                "try again later."
            ) from error
        self._sha256.update(piece)
        self._spooled += len(piece)

    def _is_time(self, *, idle: bool) -> bool:
        waiting = self._from + self._spooled - self.held.received
        return waiting > 0 and (
            idle
            or waiting >= _KEEP_EVERY_BYTES
            or time.monotonic() - self._kept_at >= _KEEP_EVERY_S
        )

    def _keep(self, spool: IO[bytes]) -> None:
        """Keep what has come; of a whole upload all but its last byte."""
        self._kept_at = time.monotonic()
        end = self._from + self._spooled
        if end == self.length:
            end -= 1
        spool.seek(self.held.received - self._from)
        while self.held.received < end:
            content = spool.read(min(_LONGEST_SEGMENT, end - self.held.received))
            at = self._now()
            expires_at = at + UNFINISHED_KEPT
            with self._database.at_once() as session:
                kept = uploads.keep(
                    session,
                    self.held,
                    content,
                    length=self.length,
                    at=at,
                    expires_at=expires_at,
                )
            if not kept:
                raise _taken_over()
            self.held.received += len(content)
            self.held.length = self.length
            self.held.expires_at = expires_at
        spool.seek(0, 2)

    def _finish(self, spool: IO[bytes], length: int) -> None:
        if self._from == 0:
            self._store_whole(spool, self._sha256.digest(), spool, length)
            return
        with tempfile.TemporaryFile() as whole:
            digest = self._assemble(spool, whole)
            self._store_whole(spool, digest, whole, length)

    def _assemble(self, spool: IO[bytes], whole: IO[bytes]) -> bytes:
        """What was kept before this request, and then what it brought."""
        digest = hashlib.sha256()

        def add(content: bytes) -> None:
            digest.update(content)
            whole.write(content)

        with self._database.reading() as session:
            for content in uploads.segments(session, self.held, until=self._from):
                add(content)
        spool.seek(0)
        while content := spool.read(_COPY_BYTES):
            add(content)
        return digest.digest()

    def _store_whole(self, spool: IO[bytes], digest: bytes, whole: IO[bytes], length: int) -> None:
        if digest != self.held.sha256:
            self._refuse(spool)
        if length:
            try:
                self._put(digest, whole, length)
            except Exception:
                # Whatever the bucket's answer was, the client need not send all of it again.
                self._keep(spool)
                raise
        with self._database.pipelining() as session:
            done = finish_upload(session, self._actor, self.held, length=length, at=self._now())
        if not done:
            raise _taken_over()
        self.held.received = self.held.length = length

    def _put(self, digest: bytes, whole: IO[bytes], length: int) -> None:
        whole.seek(0)
        put = self._store.put(digest, whole, size=length, content_type=self.held.content_type)
        if not put and self._store.size(digest) != length:
            raise BucketUnavailable("an original of another size lies under this hash")

    def _refuse(self, spool: IO[bytes]) -> None:
        # For diagnosis only: should they not be kept, nothing is lost.
        self._keep(spool)
        with self._database.writing() as session:
            if not uploads.begin_again(session, self.held):
                raise _taken_over()
        log.warning("upload_refused", upload=str(self.held.id), length=self.length)
        raise ChecksumDiffers(
            "The whole file does not have the SHA-256 of Upload-Metadata. The upload stands at 0 "
            "again: send the original from its first byte, unchanged."
        )


def _taken_over() -> TakenOver:
    return TakenOver(
        "A newer request has this upload. Ask with HEAD where it stands and go on from there."
    )
