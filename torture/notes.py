"""What a tablet's user knows, written down beside the tablet: lines of JSON, each on the disk.

The checker believes these and not the tablet.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Notes:
    """One file of notes, opened to add."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def add(self, what: str, **members: Any) -> None:
        """Write a note; it is on the disk when this returns."""
        line = json.dumps({"t": time.time(), "what": what, **members})
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def read_notes(path: Path) -> Iterator[dict[str, Any]]:
    """The notes in their order; a last line that was cut off is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        # A killed writer leaves half a line; the next one goes on behind it.
        try:
            yield json.loads(line)
        except ValueError:
            if line:
                start = line.rfind(b'{"t"')
                if start > 0:
                    yield json.loads(line[start:])
