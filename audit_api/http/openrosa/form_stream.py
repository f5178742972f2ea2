"""A multipart body as it arrives: part by part, piece by piece, never whole in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from audit_api.http.sync.upload_body import IncomingBody

MOST_PARTS: Final = 1_000
# Pieces of a body have at most 64 KiB; more waits only where a part's headers have no end.
_MOST_WAITING: Final = 256 * 1024


class BrokenForm(Exception):
    """The body is no multipart form, or more than one may be."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part: its name, and its file's name if it is a file."""

    name: str
    file: str | None


@dataclass(frozen=True, slots=True)
class PartContinues:
    """More bytes of the part that began last."""

    data: bytes


class PartEnds:
    """All of the part that began last is here."""


def read_parts(
    body: IncomingBody, boundary: bytes, *, most: int
) -> Iterator[PartBegins | PartContinues | PartEnds]:
    """The parts of a form. A cut body ends it early, and `body.cut` says so.

    Raises BrokenForm, also for more than `most` bytes.
    """
    decoder = MultipartDecoder(boundary, _MOST_WAITING, max_parts=MOST_PARTS)
    came = 0
    try:
        for piece in body.pieces():
            came += len(piece)
            if came > most:
                raise BrokenForm(f"more than {most} bytes")
            if piece:
                decoder.receive_data(piece)
                yield from _parts(decoder)
        if not body.cut:
            decoder.receive_data(None)
            yield from _parts(decoder)
    except (ValueError, AttributeError, RequestEntityTooLarge) as error:
        # The decoder trips over a body that has no line break where one belongs.
        raise BrokenForm(str(error)) from None


def _parts(decoder: MultipartDecoder) -> Iterator[PartBegins | PartContinues | PartEnds]:
    while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
        yield from _told(event)


def _told(event: Event) -> Iterator[PartBegins | PartContinues | PartEnds]:
    if isinstance(event, File):
        yield PartBegins(event.name or "", event.filename)
    elif isinstance(event, Field):
        yield PartBegins(event.name or "", None)
    elif isinstance(event, Data):
        if event.data:
            yield PartContinues(event.data)
        if not event.more_data:
            yield PartEnds()
