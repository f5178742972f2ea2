"""How much goes into one push: little at first, more while the link and the server are quick.

A cut costs what was on its way, so a slow link gets small pushes; and two hundred tablets that come
back at once each get their first answer soon.
"""

from dataclasses import dataclass
from typing import Final

FIRST: Final = 4
QUICK_S: Final = 1.0
SLOW_S: Final = 4.0


@dataclass(slots=True)
class Pace:
    """At most `operations` go into the next push; never more than `most`."""

    most: int
    operations: int = FIRST

    def went(self, operations: int, seconds: float) -> None:
        """A push of so many operations took so long, all its tries together."""
        if seconds < QUICK_S:
            self.operations = max(self.operations, operations * 2)
        elif seconds > SLOW_S:
            self.operations = max(1, operations // 2)
        self.operations = min(self.operations, self.most)
