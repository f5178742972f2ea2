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
    """One file of notes, to add to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, what: str, **members: Any) -> None:
        """Write a note; it is on the disk when this returns."""
        line = json.dumps({"t": time.time(), "what": what, **members})
        with self._path.open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def read_notes(path: Path) -> Iterator[dict[str, Any]]:
    """The notes in their order; a last line that was cut off is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        # A killed writer leaves half a line; the next one goes on behind it.
        for start in sorted({0, max(0, line.rfind(b'{"t"'))}):
            try:
                note = json.loads(line[start:])
            except ValueError:
                continue
            yield note
            break
