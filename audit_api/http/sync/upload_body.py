"""The body of a request as it arrives, however slowly, and what came of it when it is cut.

Reads from the web server below Flask: werkzeug takes a cut body for an error and forgets its
bytes, and here each one that came counts.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

_LARGEST_PIECE: Final = 64 * 1024
_FIRST_PIECE: Final = 8 * 1024
# gunicorn gives nothing out before this much has come, or the end (gunicorn.http.body.Body).
_SMALLEST_PIECE: Final = 1024
_PATIENCE_S: Final = 1.0


class IncomingBody:
    """Pieces of a request's body. `cut` says, at the end, whether less came than was announced."""

    def __init__(self, environ: dict[str, Any], *, idle_s: float) -> None:
        """`idle_s`: after so long without a byte the client is taken for gone."""
        self._input: Any = environ["wsgi.input"]
        self._socket: Any = environ.get("gunicorn.socket")
        self._left = content_length(environ)
        self._idle_s = idle_s
        self.cut = False

    def pieces(self) -> Iterator[bytes]:
        """What comes, piece by piece; an empty piece says that nothing came for a while."""
        if self._socket is None:
            yield from self._read()
            return
        before = self._socket.gettimeout()
        self._socket.settimeout(_PATIENCE_S if self._left is not None else self._idle_s)
        try:
            yield from self._read()
        finally:
            if self._socket.fileno() >= 0:
                self._socket.settimeout(before)

    def _read(self) -> Iterator[bytes]:
        # So many bytes may lie with the web server, which gives out no part of what is asked for.
        held_back = 0
        given_up = False
        step = _FIRST_PIECE
        heard = time.monotonic()
        while self._left is None or self._left > 0:
            size = _SMALLEST_PIECE if held_back > 0 else step
            try:
                piece = self._input.read(size if self._left is None else min(size, self._left))
            except TimeoutError:
                if self._left is None or given_up:
                    # A chunked body cannot be read any further.
                    self.cut = True
                    return
                if time.monotonic() - heard > self._idle_s:
                    # At the end of a line the web server gives out what it still holds back.
                    given_up = True
                    with suppress(OSError):
                        self._socket.shutdown(socket.SHUT_RD)
                elif held_back > 0:
                    yield b""
                held_back = _LARGEST_PIECE
                continue
            except Exception:
                broken, self.cut = self.cut, True
                if self._left is None or broken:
                    return
                held_back = self._left
                continue
            if not piece:
                self.cut = self._left is not None
                return
            if self._left is not None:
                self._left -= len(piece)
            held_back -= len(piece)
            before, heard = heard, time.monotonic()
            step = _paced(step, heard - before)
            yield piece


def _paced(step: int, seconds: float) -> int:
    """How much to ask for next: of a slow line that never pauses, what comes in a second or so."""
    if seconds < _PATIENCE_S / 10:
        return min(step * 4, _LARGEST_PIECE)
    return max(step // 4, _SMALLEST_PIECE) if seconds > _PATIENCE_S else step


def content_length(environ: dict[str, Any]) -> int | None:
    """How many bytes the request announces; None for a chunked body, 0 without any."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    return int(environ.get("CONTENT_LENGTH") or 0)
