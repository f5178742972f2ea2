"""Sync as the report shows it: pulls, the first sync, and many tablets at once, with their marks.

`python -m bench.syncing` measures on services of its own and prints it.
"""

from audit_api.storage.base import Database, make_engine
from bench import returning
from bench.cpu import cpu_seconds
from bench.pulling import INSPECTIONS, SITES, Pulling, make_land, measure_pulling
from bench.report import Verdict, print_verdicts
from bench.returning import EACH, TABLETS, Returned
from bench.stand import Stand, standing


def measure(stand: Stand) -> tuple[list[Verdict], list[str]]:
    """The lines of the report, and what has to be said of them."""
    database = Database(make_engine(stand.settings))
    try:
        with database.writing() as session:
            land = make_land(session)
        pulled = measure_pulling(
            database, land, stand.address, stand.server_pid, stand.postgres_pid
        )
        with database.writing() as session:
            work = returning.make_work(session, land)
    finally:
        database.engine.dispose()
    before = cpu_seconds(stand.server_pid, stand.postgres_pid)
    returned = returning.measure(stand.address, work)
    spent = cpu_seconds(stand.server_pid, stand.postgres_pid) - before
    return [*_of_pulls(pulled), *_of_returning(returned, spent)], _notes(pulled, returned)


def _of_pulls(pulled: Pulling) -> list[Verdict]:
    nothing = pulled.nothing_new
    server_ms = 1000 * (nothing.cpu_s - nothing.postgres_s) / nothing.operations
    postgres_ms = 1000 * nothing.postgres_s / nothing.operations
    full, packed = pulled.inspections, pulled.packed
    one = f"pull of {INSPECTIONS:,} inspections"
    sites = f"first sync of {SITES:,} sites"
    return [
        Verdict(one, full.cpu_s / full.operations, "CPU-s", 0.1),
        Verdict(f"{one}, packed with gzip", packed.cpu_s / packed.operations, "CPU-s", 0.1),
        Verdict("pull with nothing new, server", server_ms, "CPU-ms", 1),
        Verdict("the same, PostgreSQL", postgres_ms, "CPU-ms"),
        Verdict("pull with nothing new, both ways", pulled.nothing_new_bytes, "bytes", 1_000),
        Verdict(f"{sites} by files, both ways", pulled.first_sync_bytes / 1000, "kB", 200),
        Verdict(f"{sites} by pulls, both ways", pulled.pulled_bytes / 1000, "kB", 200),
        Verdict(
            "the same by files with six elements each", pulled.with_elements_bytes / 1000, "kB"
        ),
    ]


def _of_returning(returned: Returned, spent: float) -> list[Verdict]:
    what = f"{TABLETS} tablets at once, {EACH} inspections each"
    return [
        Verdict(f"{what}: p50 of a request", returned.p50_s, "s"),
        Verdict(f"{what}: p95 of a request", returned.p95_s, "s", 2),
        Verdict(f"{what}: the slowest", returned.most_s, "s"),
        Verdict(f"{what}: other answers than 200", returned.failed, "requests", 0),
        Verdict(f"{what}: not applied", returned.not_applied, "inspections", 0),
        Verdict(f"{what}: all of it", spent, "CPU-s"),
    ]


def _notes(pulled: Pulling, returned: Returned) -> list[str]:
    return [
        "CPU of a pull is that of the server and PostgreSQL together unless it says otherwise; "
        f"{pulled.inspections.operations} and {pulled.nothing_new.operations:,} pulls over two "
        "connections.",
        f"The first sync: {pulled.first_sync_requests} requests, headers counted. The sites lie in "
        "20 aiyl aimaks, with names in three languages, addresses and places as various as real "
        f"ones; {SITES * 16 // 1000} kB of it are the random parts of their ids.",
        f"The tablets that come back: {returned.requests} pushes, each on a connection of its own, "
        "timed from connecting to the last byte of the answer.",
        "How far the feed's horizon lags behind (mark: 2 s) is measured under load and faults by "
        "`make torture`, which fails beyond it.",
    ]


def main() -> None:
    """Measure on services of its own and print what came out."""
    with standing() as stand:
        print_verdicts(*measure(stand))


if __name__ == "__main__":
    main()
