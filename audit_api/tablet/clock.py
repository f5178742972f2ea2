"""What a tablet knows of the time: a wall clock that may be wrong, and one that only runs on.

Nothing is corrected here. The server gets both, with the server times that the tablet saw
(`anchors`), and draws its own bounds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_OF_THIS_PROCESS = str(uuid4())
# Runs on while the device sleeps, which the plain monotonic clock does not on Linux.
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of the device's clocks. `mono_ms` counts within `boot` only."""

    wall: str
    mono_ms: int
    boot: str

    def as_json(self) -> dict[str, Any]:
        """As it goes over the wire."""
        return {"wall": self.wall, "mono_ms": self.mono_ms, "boot": self.boot}


def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return _OF_THIS_PROCESS


@dataclass(frozen=True, slots=True)
class Clock:
    """Where readings come from; a test puts in clocks that are off by years."""

    wall: Callable[[], datetime] = lambda: datetime.now().astimezone()
    mono_ms: Callable[[], int] = lambda: time.clock_gettime_ns(_RUNNING) // 1_000_000
    boot: str = field(default_factory=_boot)

    def read(self) -> Moment:
        """Both clocks now."""
        return Moment(self.wall().isoformat(timespec="milliseconds"), self.mono_ms(), self.boot)
