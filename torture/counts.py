"""What happened in a run, in numbers: the lines above its findings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torture.blows import Blows
from torture.notes import read_notes
from torture.proxy import CUTS, FLIPS, Fault, Proxy
from torture.schedule import Blow
from torture.servers import Cluster
from torture.tablets import Session, TabletProcess, sessions
from torture.watch import LAG_MARK_S, Watch

MARKS_S = 300
MARKS: Mapping[str, int] = {
    "faulty sessions": 300,
    "crash recoveries of PostgreSQL": 15,
    "killed workers": 40,
    "cut connections": 400,
}
"""What five minutes of storm bring at least, on a machine that does nothing else."""
_STRIKING = (Blow.WORKER, Blow.WORKERS, Blow.BACKEND, Blow.IMMEDIATE, Blow.BUCKET)


@dataclass(frozen=True, slots=True)
class Counts:
    """One run. `clock_days`: the clocks that were furthest behind and ahead."""

    sessions: int
    faulty_sessions: int
    connections: int
    faults: Mapping[Fault, int]
    blows: Mapping[Blow, int]
    recoveries: int
    """Crash recoveries of PostgreSQL, counted in its own log."""
    tablets: int
    revoked: int
    clock_days: tuple[int, int]
    habits: Mapping[str, int]
    grants_changed: int
    slow_transactions: int
    operations: int
    revisions: int
    photos: int
    deleted: int
    """Originals that tablets deleted against durable receipts."""
    backups: int
    answers: Mapping[int, int]
    lag_s: float
    looks: int
    memory_mb: float

    @property
    def cut_connections(self) -> int:
        """While sending and while answering, of tablets and to the bucket."""
        return sum(self.faults[fault] for fault in CUTS)

    @property
    def killed_workers(self) -> int:
        """Workers of the web server that got a `kill -9`."""
        return self.blows[Blow.WORKER] + self.blows[Blow.WORKERS]

    def short(self, seconds: float) -> list[str]:
        """Where the storm blew less hard than promised: for five minutes or more, `MARKS` each."""
        if seconds < MARKS_S:
            return []
        had = (self.faulty_sessions, self.recoveries, self.killed_workers, self.cut_connections)
        return [
            f"{n} {what}, {mark} were promised"
            for n, (what, mark) in zip(had, MARKS.items(), strict=True)
            if n < mark
        ]

    def lines(self) -> list[str]:
        """What to print."""
        blows, habits, faults = self.blows, self.habits, self.faults
        early, late = (days / 365.25 for days in self.clock_days)
        told = {
            "sessions": f"{self.sessions}, of them faulty {self.faulty_sessions}",
            "connections": f"{self.connections}, cut {self.cut_connections}, "
            f"stalled {faults[Fault.STALL]}, at 5 kB/s {faults[Fault.SLOW]}, "
            f"bits flipped {sum(faults[fault] for fault in FLIPS)}",
            "workers killed": f"{self.killed_workers}",
            "PostgreSQL": f"{self.recoveries} crash recoveries: {blows[Blow.BACKEND]} backends "
            f"killed, {blows[Blow.IMMEDIATE]} immediate stops",
            "S3 away": f"{blows[Blow.BUCKET]} times",
            "tablets": f"{self.tablets}, killed {blows[Blow.TABLET]} times, "
            f"revoked {self.revoked}, clocks off by {early:+.0f} to {late:+.0f} years",
            "batches": f"{habits['twice']} sent twice at once, {habits['shuffled']} at once in "
            f"another order, {habits['copied']} stations copied at once",
            "headquarters": f"{self.grants_changed} grants changed, "
            f"{self.slow_transactions} slow transactions",
            "handed in": f"{self.operations} operations, {self.revisions} revisions, "
            f"{self.photos} photos",
            "deleted": f"{self.deleted} originals on tablets, against {self.backups} backup marks",
            "answers": ", ".join(f"{status}: {n}" for status, n in sorted(self.answers.items())),
            "horizon's lag": f"{self.lag_s:.2f} s at most in {self.looks} looks "
            f"(mark: {LAG_MARK_S:.0f} s)",
            "workers' memory": f"{self.memory_mb:.0f} MB at most",
        }
        return [f"{name:>15} {text}" for name, text in told.items()]


def count(
    proxy: Proxy,
    tablets: Sequence[TabletProcess],
    blows: Blows,
    watch: Watch,
    cluster: Cluster,
    handed_in: tuple[int, int, int],
) -> Counts:
    """`handed_in`: operations, revisions and photos that are there."""
    every = [(tablet, session) for tablet in tablets for session in sessions(tablet)]
    faults: Counter[Fault] = Counter(what for link in proxy.links for _, what in link.happened)
    answers: Counter[int] = Counter()
    habits: Counter[str] = Counter()
    for tablet in tablets:
        answers += tablet.link.statuses
        habits += _habits(tablet)
    operations, revisions, photos = handed_in
    return Counts(
        sessions=len(every),
        faulty_sessions=sum(_faulty(tablet, session, blows) for tablet, session in every),
        connections=sum(tablet.link.connections for tablet in tablets),
        faults=faults,
        blows=blows.done,
        recoveries=cluster.recoveries,
        tablets=len(tablets),
        revoked=len(set(blows.headquarters.revoked)),
        clock_days=(min(t.clock_days for t in tablets), max(t.clock_days for t in tablets)),
        habits=habits,
        grants_changed=blows.headquarters.changed_grants,
        slow_transactions=blows.headquarters.renamed,
        operations=operations,
        revisions=revisions,
        photos=photos,
        deleted=sum(list(t.outbox.photos().values()).count("deleted") for t in tablets),
        backups=blows.headquarters.backups,
        answers=answers,
        lag_s=watch.lag_s,
        looks=watch.samples,
        memory_mb=watch.memory_mb,
    )


def _habits(tablet: TabletProcess) -> Counter[str]:
    return Counter(
        note["habit"]
        for note in read_notes(tablet.folder / "notes.jsonl")
        if note["what"] == "misbehaves"
    )


def _faulty(tablet: TabletProcess, session: Session, blows: Blows) -> bool:
    """Whether anything struck while a session lasted."""
    return (
        session.problem == "killed"
        or any(session.begin <= at <= session.end for at, _ in tablet.link.happened)
        or any(
            begin <= session.end and end >= session.begin
            for begin, end, blow in blows.struck
            if blow in _STRIKING
        )
    )
