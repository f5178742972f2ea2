"""Measure pushes, pull and lists on the shipped server, beside raw psycopg."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from hashlib import sha256
from itertools import count
from typing import Any

import psycopg

from audit_api.domain.vocabulary import Role
from bench import events, list_files, openrosa, photos, sweeping, syncing, verdicts
from bench.amendment import measure_amendment
from bench.client import Caller, Figures, measure
from bench.lists import NO_DEARER, measure_lists
from bench.papers import measure_papers
from bench.place import Place
from bench.report import Line, Verdict, write
from bench.stand import Stand, standing
from tests.factories import CAMPAIGN, operation, push_body
from tests.field_schema.bodies import station_body
from tests.journeys.server import environment

THREADS = 2
SINGLES = 600
BATCHES, BATCH = 16, 50
PAGES = 300
FEW, MANY = 2_000, 20_000
ROUNDS = 3


def main() -> None:
    """Run everything and write the page."""
    with standing() as stand:
        print(Bench(stand).run())


class Bench:
    """The measurements, in the order in which the data grow."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.dsn = stand.settings.database_url.replace("+psycopg", "")
        self.place = stand.place
        self.seq = count(1)
        self.raw_ids = count(1)
        self.previous: str | None = None

    def run(self) -> str:
        """Measure and write the page."""
        self._push(200, 1)  # warm: plans, caches, compiled rules
        few = self._grow(FEW)
        page_few = self._pages_twice(few)
        singles, batches, raw_singles, raw_batches = [], [], [], []
        for _ in range(ROUNDS):
            singles.append(self._push(SINGLES, 1))
            raw_singles.append(self._raw(SINGLES, 1))
            batches.append(self._push(BATCHES * BATCH, BATCH))
            raw_batches.append(self._raw(BATCHES * BATCH, BATCH))
        pull = self._pull()
        many = self._grow(MANY)
        page_many = self._pages_twice(many)
        lines = [
            Line("push of 1 inspection", _middle(singles), "inspections", 4, _middle(raw_singles)),
            Line(
                "push of 50 inspections", _middle(batches), "inspections", 2, _middle(raw_batches)
            ),
            Line("raw psycopg, a commit per document", _middle(raw_singles), "documents"),
            Line("raw psycopg, a commit per 50 documents", _middle(raw_batches), "documents"),
            Line("pull of 1,000 changes", pull, "pulls"),
            Line(f"violations, a page of 100 of {few:,}", page_few, "pages", 10),
            Line(f"violations, a page of 100 of {many:,}", page_many, "pages", 10),
        ]
        batched = _middle(batches).cpu_s_per_1000
        dearer = page_many.cpu_s_per_1000 / page_few.cpu_s_per_1000
        marks = [
            Verdict(
                "push of 50 inspections, with receipts and chain", batched, "CPU-s per 1,000", 2.5
            ),
            Verdict(f"a page of {many:,} violations beside one of {few:,}", dearer, "×", NO_DEARER),
            *measure_papers(self.stand, many),
        ]
        listed, listed_notes = measure_lists()
        synced, sync_notes = syncing.measure(self.stand)
        # Before this process grows by photos: a child's peak counts what its parent had.
        judged = self._verdicts()
        shot, shot_notes = photos.measure(self.stand)
        marks += list_files.measure(self.stand)
        collected, collect_notes = openrosa.measure()
        marks += sweeping.measure()
        marks += events.measure()
        return write(
            lines,
            self._notes(),
            marks,
            listed,
            listed_notes,
            synced,
            sync_notes,
            shot,
            shot_notes,
            collected,
            collect_notes,
            judged,
        )

    def _notes(self) -> list[str]:
        body = _document(self.place, 0)
        answers = sum(len(e["answers"]) for e in json.loads(body)["elements"])
        return [
            f"An inspection: {answers} answers (a repeat of runs counts as one), {len(body):,} "
            "bytes, no photos, about 15 % of the answers in breach; scored against the demo "
            "profile, with signed receipt, cases, tasks, audit log and feed. Up to 25 new "
            "inspections of a push share a transaction, each with a result of its own "
            "(decisions/0024-a-run-shares-a-transaction.md); pushed alone, each has its own.",
            f"Pushes, raw and over HTTP, go over {THREADS} connections; {ROUNDS} rounds of each, "
            "one after the other, the middle round by CPU is shown.",
            "Raw psycopg inserts the same bodies into a table with a `json` column and no "
            "index but its key; its CPU is PostgreSQL's and its own process's.",
            "p50 and p95 are of one call: one push, one pull, one page.",
            *list_files.NOTES,
            f"{PAGES} pages, evenly spread over the list; each list is measured twice and the "
            "cheaper run is shown.",
        ]

    def _verdicts(self) -> list[Verdict]:
        one = verdicts.measure("kg-demo-2026", date(2021, 11, 28))
        million = measure_amendment(
            self.dsn,
            environment(self.stand.settings),
            self.stand.postgres_pid,
            self.place.sites,
            CAMPAIGN,
        )
        together = one.assess_ms + one.findings_ms + one.score_ms
        what = f"{one.answers} answers, {one.requirements} requirements"
        return [
            Verdict(f"one `station` inspection judged ({what})", one.assess_ms, "ms", 1),
            Verdict("the same with its stored findings and its score", together, "ms", 1),
            Verdict(
                f"{million.inspections:,} stored inspections read, judged by two editions of "
                f"{million.requirements} requirements, and compared",
                million.cpu_s,
                "CPU-s",
                10,
            ),
            Verdict("most memory of that command", million.peak_mb, "MB", 500),
        ]

    def _measure(
        self, work: list[Any], call: Callable[[Caller, Any], None], token: str, each: int = 1
    ) -> Figures:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        def make() -> Callable[[Any], None]:
            caller = Caller(self.stand.address, headers)
            return lambda piece: call(caller, piece)

        return measure(
            work,
            make,
            each=each,
            threads=THREADS,
            server=self.stand.server_pid,
            postgres=self.stand.postgres_pid,
        )

    def _push(self, inspections: int, batch: int) -> Figures:
        work = []
        for _ in range(inspections // batch):
            operations = []
            for _ in range(batch):
                seq = next(self.seq)
                body = _document(self.place, seq)
                operations.append(operation(body, seq=seq, prev_sha256=self.previous))
                self.previous = sha256(body).hexdigest()
            work.append(push_body(self.place.device, operations))

        def call(caller: Caller, data: bytes) -> None:
            results = json.loads(caller("POST", "/api/v1/sync/push", data))["results"]
            bad = [r for r in results if r["status"] != "applied"]
            if bad:
                raise RuntimeError(str(bad[0]))

        return self._measure(work, call, self.place.device_token, batch)

    def _raw(self, documents: int, batch: int) -> Figures:
        work = [
            [(next(self.raw_ids), _document(self.place, n).decode()) for n in range(batch)]
            for _ in range(documents // batch)
        ]
        with _raw_table(self.dsn) as connect:

            def make() -> Callable[[Any], None]:
                connection = connect()
                insert = "insert into raw_document (id, body) values (%s, %s)"

                def call(rows: list[tuple[int, str]]) -> None:
                    with connection.transaction(), connection.cursor() as cursor:
                        cursor.executemany(insert, rows)

                return call

            # The client's own work belongs to the bill here, as the server's does above.
            own = _Own()
            found = measure(
                work,
                make,
                each=batch,
                threads=THREADS,
                server=None,
                postgres=self.stand.postgres_pid,
            )
            return own.added_to(found)

    def _grow(self, violations: int) -> int:
        """Push until there are that many violations; returns how many there are."""
        while True:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                row = connection.execute("select count(*) from violation").fetchone()
                if row is None or row[0] >= violations:
                    connection.execute("vacuum analyze")
                    return int(row[0]) if row else 0
            self._push(200, BATCH)

    def _pages_twice(self, rows: int) -> Figures:
        return min(self._pages(rows), self._pages(rows), key=_cost)

    def _pages(self, rows: int) -> Figures:
        """Pages of 100, evenly spread over the list."""

        def call(caller: Caller, path: str) -> None:
            found = len(json.loads(caller("GET", path))["items"])
            if found != 100:
                raise RuntimeError(f"a page of {found}")

        paths = self._addresses(rows // 100 - 1)
        # Evenly through the list: the last pages are as dear as the first, or the key is no key.
        work = [paths[n * len(paths) // PAGES] for n in range(PAGES)]
        return self._measure(work, call, self.place.tokens[Role.PROSECUTOR])

    def _addresses(self, pages: int) -> list[str]:
        """The addresses of the first pages."""
        caller = Caller(
            self.stand.address, {"Authorization": f"Bearer {self.place.tokens[Role.PROSECUTOR]}"}
        )
        found = ["/api/v1/violations?limit=100"]
        while len(found) < pages:
            found.append(json.loads(caller("GET", found[-1]))["next"])
        return found

    def _pull(self) -> Figures:
        def call(caller: Caller, path: str) -> None:
            if len(json.loads(caller("GET", path))["items"]) != 1000:
                raise RuntimeError("fewer than 1,000 changes")

        work = ["/api/v1/sync/pull?limit=1000"] * 60
        return self._measure(work, call, self.place.device_token)


class _Own:
    """This process's CPU from its making on."""

    def __init__(self) -> None:
        self._began = time.process_time()

    def added_to(self, figures: Figures) -> Figures:
        """The figures with this process's CPU on top."""
        return replace(figures, cpu_s=figures.cpu_s + time.process_time() - self._began)


@contextmanager
def _raw_table(address: str) -> Iterator[Callable[[], "psycopg.Connection[Any]"]]:
    opened: list[psycopg.Connection[Any]] = []

    def connect() -> "psycopg.Connection[Any]":
        opened.append(psycopg.connect(address))
        return opened[-1]

    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("create table raw_document (id bigint primary key, body json not null)")
    yield connect
    for connection in opened:
        connection.close()
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("drop table raw_document")


def _document(place: Place, seed: int) -> bytes:
    site = place.sites[seed % len(place.sites)]
    body = station_body(seed, photos=False, site=str(site), campaign=CAMPAIGN)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _cost(figures: Figures) -> float:
    return figures.cpu_s


def _middle(rounds: list[Figures]) -> Figures:
    return sorted(rounds, key=_cost)[len(rounds) // 2]


if __name__ == "__main__":
    main()
