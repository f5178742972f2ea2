"""Looks at the running servers ten times a second: how far the feed's horizon lags, memory."""

import threading
import time
from dataclasses import dataclass, field
from typing import Self

import psycopg

from torture.servers import Cluster, Web

# Only who has a transaction id holds the horizon back; the id may be younger than the start.
_OLDEST = """
    select extract(epoch from clock_timestamp() - xact_start)::float8 as age,
        concat_ws(' ', pid, coalesce(nullif(application_name, ''), backend_type), state,
            wait_event_type, wait_event, left(regexp_replace(query, '\\s+', ' ', 'g'), 160))
    from pg_stat_activity where backend_xid is not null order by xact_start limit 1
"""
PERIOD_S = 0.1
LAG_MARK_S = 2.0
"""The longest that a writing transaction may hold back what tablets pull."""


@dataclass
class Watch:
    """`outages`: when PostgreSQL did not answer, as pairs of seconds since the epoch."""

    cluster: Cluster
    web: Web
    lag_s: float = 0.0
    longest: str = ""
    """The transaction with that lag: seconds, process, state, what it waited for, statement."""
    memory_mb: float = 0.0
    samples: int = 0
    outages: list[tuple[float, float]] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(20)

    def _look(self) -> None:
        connection: psycopg.Connection[tuple[object, ...]] | None = None
        away_since: float | None = None
        while not self._ended.wait(PERIOD_S):
            try:
                connection = connection or self.cluster.connect()
                row = connection.execute(_OLDEST).fetchone()
                if row is not None and float(str(row[0])) > self.lag_s:
                    self.lag_s = float(str(row[0]))
                    self.longest = f"{self.lag_s:.2f} s, {row[1]}"
                self.samples += 1
                if away_since is not None:
                    self.outages.append((away_since, time.time()))
                    away_since = None
            except psycopg.OperationalError:
                away_since = away_since or time.time() - PERIOD_S
                connection = None
            if self.samples % 10 == 0:
                self.memory_mb = max(self.memory_mb, self.web.memory_mb())
        if connection is not None:
            connection.close()

    def was_away(self, at: float, margin_s: float) -> bool:
        """Whether PostgreSQL was away at that moment, or up to `margin_s` before."""
        return any(begin <= at <= end + margin_s for begin, end in self.outages)
