"""Statements of one transaction that travel together: PostgreSQL's pipeline mode, by hand.

psycopg's own pipeline sends each statement for itself, which wakes the server each time; for the
few statements of the hot path that costs more than the statements (docs/decisions/0008). Here a
whole group goes out in one write, and comes back in as few reads.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

from psycopg import Connection, errors, generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer

_INT8: Final = 20
_INTS: Final = (21, 23)
_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
_PARAMETER: Final = re.compile(r"%\(([a-z0-9_]+)\)s")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement with numbered parameters, and the name under which servers prepare it."""

    name: bytes
    sql: bytes
    parameters: tuple[str, ...]


@cache
def _statement(sql: str) -> _Statement:
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    numbered = _PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", sql)
    return _Statement(b"audit_api_%d" % next(_numbers), numbered.encode(), names)


@dataclass(slots=True)
class _Known:
    """What is kept of a connection: its adapters, and the statements prepared on it."""

    transformer: Any
    prepared: set[bytes] = field(default_factory=set)


_known: "WeakKeyDictionary[Connection[Any], _Known]" = WeakKeyDictionary()


class Answer:
    """The rows of a statement; looking at them sends what waits, and waits for the server."""

    def __init__(self, pipeline: "Pipeline") -> None:
        self._pipeline = pipeline
        self.rows: list[tuple[Any, ...]] | None = None

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        if self.rows is None:
            self._pipeline.run()
        return iter(self.rows or ())


class Pipeline:
    """Gathers statements for one connection, on which nothing else may run meanwhile.

    Statements stay prepared as long as the connection lives: it needs a session of the server's
    own (behind a pooler: session pooling).
    """

    def __init__(self, driver: "Connection[Any]", *, in_transaction: bool) -> None:
        """`in_transaction`: all of it is one; otherwise what one `run` sends is one."""
        self._driver = driver
        self._pgconn = driver.pgconn
        known = _known.get(driver)
        if known is None:
            known = _known[driver] = _Known(Transformer(driver))
        self._known = known
        self._waiting: list[Answer | None] = []
        self._end = "commit" if in_transaction else ""
        if in_transaction:
            self._queue("begin", {}, None)

    def ask(self, sql: str, values: Mapping[str, Any]) -> Answer:
        """Queue a statement in the driver's form (`%(name)s`)."""
        answer = Answer(self)
        self._queue(sql, values, answer)
        return answer

    def run(self) -> None:
        """Send everything that waits and take in all answers. Raises the first error."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        self._pgconn.pipeline_sync()
        results = self._exchange(len(waiting))
        self._pgconn.exit_pipeline_mode()
        for answer, result in zip(waiting, results, strict=True):
            if result.status in _FAILED:
                raise errors.error_from_result(result)
            if answer is not None:
                answer.rows = self._rows(result)

    def give_up(self) -> None:
        """Let `end` undo everything."""
        self._end = "rollback"

    def end(self) -> None:
        """Send what waits with a commit behind it; returns when it is durable."""
        if self._end:
            self._queue(self._end, {}, None)
        self.run()

    def _queue(self, sql: str, values: Mapping[str, Any], answer: Answer | None) -> None:
        if self._pgconn.pipeline_status == pq.PipelineStatus.OFF:
            self._pgconn.enter_pipeline_mode()
        statement = _statement(sql)
        transformer = self._known.transformer
        parameters = [values[name] for name in statement.parameters]
        # As text: what a statement was prepared for fits every later value, null or not.
        dumped = transformer.dump_sequence(parameters, [PyFormat.TEXT] * len(parameters))
        if statement.name not in self._known.prepared:
            types = [_INT8 if oid in _INTS else oid for oid in transformer.types or ()]
            self._pgconn.send_prepare(statement.name, statement.sql, types)
            self._known.prepared.add(statement.name)
            self._waiting.append(None)
        self._pgconn.send_query_prepared(statement.name, dumped)
        self._waiting.append(answer)

    def _exchange(self, statements: int) -> list[Any]:
        """Send all, receive all; other threads run while this one waits."""

        def exchange() -> "PQGen[list[Any]]":
            yield from generators.send(self._pgconn)
            found = []
            for _ in range(statements):
                found += yield from generators.fetch_many(self._pgconn)
            yield from generators.fetch_many(self._pgconn)  # the sync's own
            return found

        results: list[Any] = self._driver.wait(exchange())
        return results

    def _rows(self, result: Any) -> list[tuple[Any, ...]]:
        if result.status != pq.ExecStatus.TUPLES_OK:
            return []
        transformer = self._known.transformer
        transformer.set_pgresult(result)
        rows: list[tuple[Any, ...]] = transformer.load_rows(0, result.ntuples, tuple)
        return rows
