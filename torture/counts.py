"""What happened in a run, in numbers: the lines above its findings."""

import re
from collections import Counter
from collections.abc import Sequence

from torture.blows import Blows
from torture.notes import read_notes
from torture.proxy import CUTS, FLIPS, Fault, Proxy
from torture.schedule import Blow
from torture.servers import Cluster
from torture.tablets import CLOCKS_DAYS, Session, TabletProcess, sessions
from torture.watch import Watch

_STRIKING = (Blow.WORKER, Blow.WORKERS, Blow.BACKEND, Blow.IMMEDIATE, Blow.BUCKET)


def counts(
    proxy: Proxy,
    tablets: Sequence[TabletProcess],
    blows: Blows,
    watch: Watch,
    cluster: Cluster,
    handed_in: tuple[object, ...],
) -> dict[str, str]:
    """Name -> what to print. `handed_in`: operations, revisions and photos that are there."""
    every = [(tablet, session) for tablet in tablets for session in sessions(tablet)]
    faulty = sum(_faulty(tablet, session, blows) for tablet, session in every)
    statuses: Counter[int] = Counter()
    habits: Counter[str] = Counter()
    for tablet in tablets:
        statuses += tablet.link.statuses
        habits += _habits(tablet)
    done = blows.done
    offsets = [CLOCKS_DAYS[n % len(CLOCKS_DAYS)] for n in range(len(tablets))]
    operations, revisions, photos = handed_in
    return {
        "sessions": f"{len(every)}, of them faulty {faulty}",
        "connections": f"{sum(t.link.connections for t in tablets)}, "
        f"cut {proxy.counted(*CUTS)}, stalled {proxy.counted(Fault.STALL)}, "
        f"at 5 kB/s {proxy.counted(Fault.SLOW)}, bits flipped {proxy.counted(*FLIPS)}",
        "workers killed": f"{done[Blow.WORKER] + done[Blow.WORKERS]}",
        "PostgreSQL": f"{cluster.recoveries} crash recoveries: "
        f"{done[Blow.BACKEND]} backends killed, {done[Blow.IMMEDIATE]} immediate stops",
        "S3 away": f"{done[Blow.BUCKET]} times",
        "tablets": f"{len(tablets)}, killed {done[Blow.TABLET]} times, "
        f"revoked {len(set(blows.headquarters.revoked))}, clocks off by "
        f"{min(offsets) / 365:.0f} to {max(offsets) / 365:+.0f} years",
        "batches": f"{habits['twice']} sent twice at once, {habits['shuffled']} in another order "
        f"at once, {habits['copied']} stations copied at once",
        "headquarters": f"{blows.headquarters.changed_grants} grants changed, "
        f"{blows.headquarters.renamed} slow transactions",
        "handed in": f"{operations} operations, {revisions} revisions, {photos} photos",
        "answers": ", ".join(f"{status}: {n}" for status, n in sorted(statuses.items())),
        "horizon's lag": f"{watch.lag_s:.2f} s at most in {watch.samples} looks",
        "workers' memory": f"{watch.memory_mb:.0f} MB at most",
    }


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


def shape(told: bytes) -> str:
    """How a bad answer began, in one line: status line and the detail of its problem."""
    detail = re.search(rb'"detail":\s*"([^"]*)', told)
    head = told.split(b"\r\n", 1)[0]
    return b": ".join([head, *((detail[1],) if detail else ())]).decode(errors="replace")[:300]
