"""What an application sends to PostgreSQL, read off the wire: whoever sends it, and however."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from audit_api.storage.base import Database


class Wire:
    """Counts statements: `begin` and `commit` are some too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []

    def trace(self, driver: Any, _record: object) -> None:
        """Let libpq write down what goes over a new connection."""
        path = self._folder / f"connection-{len(self._files)}"
        self._files.append(path)
        # libpq keeps the descriptor until the connection is closed.
        driver.pgconn.trace(os.open(path, os.O_WRONLY | os.O_CREAT))
        driver.pgconn.set_trace_flags(0)

    def sent(self) -> int:
        """How many statements all connections have sent so far."""
        return sum(_statements(path.read_text()) for path in self._files)


def _statements(log: str) -> int:
    told = (line.split("\t") for line in log.splitlines())
    return sum(1 for parts in told if len(parts) > 3 and parts[1] == "F" and parts[3] in _SENDING)


_SENDING = frozenset({"Execute", "Query"})


@contextmanager
def watched(database: Database, folder: Path) -> Iterator[Wire]:
    """Watch every connection that the database opens from now on; the open ones are closed."""
    wire = Wire(folder)
    engines = (database.engine, database._pipelines)
    database.engine.dispose()
    for engine in engines:
        event.listen(engine, "connect", wire.trace)
    yield wire
    for engine in engines:
        event.remove(engine, "connect", wire.trace)
    database.engine.dispose()
