"""One POST of ODK Collect on its way: the XML read, files hashed and put into the bucket.

No transaction is open while bytes arrive. Once the XML is here the index says what is known: of a
repeat nothing goes to the bucket again. Where files come before the XML they wait on disk for it.
"""

import hashlib
from collections.abc import Iterable
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from audit_api.domain.errors import StoreFull
from audit_api.domain.evidence.photo_types import ENOUGH, photo_type
from audit_api.domain.openrosa.answers import CameFile, form_of
from audit_api.domain.openrosa.submission import (
    MOST_BYTES,
    BadXml,
    Submission,
    XmlFault,
    file_name,
    read_submission,
)
from audit_api.http.openrosa.form_stream import PartBegins, PartContinues, PartEnds
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.openrosa import instances
from audit_api.storage.openrosa.instances import KnownInstance
from field_schema.catalog import UnknownForm
from field_schema.form import Form

XML_PART: Final = "xml_submission_file"
INCOMPLETE: Final = "*isIncomplete*"
_SPOOL_IN_MEMORY: Final = 320 * 1024
_NO_PHOTO: Final = "application/octet-stream"


class FileTooLarge(Exception):
    """One file has more bytes than a photo may have."""


class _Part:
    """A part on its way; `spool` is None for what is not kept."""

    def __init__(self, name: str, spool: IO[bytes] | None, most: int) -> None:
        self.name = name
        self.spool = spool
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.start = b""
        self._most = most

    def take(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._most:
            raise FileTooLarge
        if self.spool is None:
            return
        self.sha256.update(data)
        if len(self.start) < ENOUGH:
            self.start += data[:ENOUGH]
        try:
            self.spool.write(data)
        except OSError as error:
            raise StoreFull(
                "The server has no room for more bytes just now. Nothing was lost; try again later."
            ) from error

    def came(self) -> CameFile:
        kind = photo_type(self.start[:ENOUGH]) or _NO_PHOTO
        return CameFile(self.name, self.sha256.digest(), self.size, kind)


def _spool(open_files: ExitStack) -> IO[bytes]:
    """A file that goes to disk once it is large."""
    return open_files.enter_context(SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY))


class Receiving:
    """What came of one POST so far."""

    def __init__(
        self, database: Database, store: PhotoStore, catalogs: CatalogKeeper, *, most_of_a_file: int
    ) -> None:
        self._database = database
        self._store = store
        self._catalogs = catalogs
        self._most = most_of_a_file
        self._waiting: list[_Part] = []
        self.submission: Submission | None = None
        self.form: Form | None = None
        self.known: KnownInstance | None = None
        self.files: list[CameFile] = []
        self.incomplete = False

    def take_in(self, parts: Iterable[PartBegins | PartContinues | PartEnds]) -> None:
        """Take parts until they end. Raises BadXml, UnknownForm, FileTooLarge, StoreFull,
        BucketUnavailable.
        """
        with ExitStack() as open_files:
            part = None
            try:
                for event in parts:
                    if isinstance(event, PartBegins):
                        part = self._begin(event, open_files)
                        is_xml = event.name == XML_PART
                    elif part is None:
                        continue
                    elif isinstance(event, PartContinues):
                        part.take(event.data)
                    elif is_xml:
                        self._take_xml(part)
                    elif part.spool is not None:
                        self._end(part)
            except FileTooLarge:
                if part is not None and part.name == XML_PART:
                    raise BadXml(XmlFault.TOO_LARGE) from None
                raise

    def _begin(self, event: PartBegins, open_files: ExitStack) -> _Part:
        if event.name == XML_PART:
            most = MOST_BYTES
        elif event.file is None:
            self.incomplete = self.incomplete or event.name == INCOMPLETE
            return _Part(event.name, None, self._most)
        else:
            most = self._most
        name = XML_PART if event.name == XML_PART else file_name(event.file or "")
        return _Part(name, _spool(open_files), most)

    def _take_xml(self, part: _Part) -> None:
        if self.submission is not None or part.spool is None:
            # A form has one; whatever else calls itself so is not looked at.
            return
        part.spool.seek(0)
        submission = read_submission(part.spool.read())
        try:
            self.form = form_of(submission, self._catalogs.newest)
        except UnknownForm:
            # Released a moment ago, perhaps, by another process.
            with self._database.reading() as session:
                self.form = form_of(submission, self._catalogs.current(session))
        with self._database.at_once() as session:
            asked = instances.ask_instance(session, submission.op)
            self.known = instances.known_instance(asked)
        self.submission = submission
        for waiting in self._waiting:
            self._keep(waiting)
        self._waiting.clear()

    def _end(self, part: _Part) -> None:
        if part.size == 0:
            # Nothing that an answer could show: it is still to come.
            return
        if self.submission is None:
            self._waiting.append(part)
        else:
            self._keep(part)

    def _keep(self, part: _Part) -> None:
        file, spool = part.came(), part.spool
        if spool is None or self.submission is None:
            return
        known = self.known
        if known is not None and known.xml_sha256 != self.submission.xml_sha256:
            spool.close()
            return
        self.files.append(file)
        if known is None or file.sha256.hex() not in known.files.get(file.name, ()):
            spool.seek(0)
            self._store.put(file.sha256, spool, size=file.bytes, content_type=file.content_type)
        spool.close()

    @property
    def nothing_new(self) -> bool:
        """Whether the index knows all of it: the same XML, and every file of it."""
        known, submission = self.known, self.submission
        return (
            known is not None
            and submission is not None
            and known.xml_sha256 == submission.xml_sha256
            and all(f.sha256.hex() in known.files.get(f.name, ()) for f in self.files)
        )
