"""What officials take away: 25,000 violations in each format, and the server's memory meanwhile.

By itself: `python -m bench.list_files`.
"""

import http.client
import json
import time
from typing import Final

from sqlalchemy import func, select, text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database, make_engine
from audit_api.storage.oversight.violations import Violation
from bench.client import Caller
from bench.cpu import tree
from bench.report import Verdict, print_verdicts
from bench.slow_links import peak_mb
from bench.stand import Stand, standing
from tests.factories import CAMPAIGN, operation, push_body
from tests.field_schema.bodies import station_body
from tests.multiplied import multiply_violations

ROWS: Final = 25_000
_SECONDS: Final = {"csv": 3.0, "xlsx": 10.0, "geojson": 4.0, "gpkg": 4.0}
_GROWTH_MB: Final = 40.0
_VISITS: Final = 40
_BLOCK: Final = 64 * 1024
NOTES: Final = (
    f"{ROWS:,} violations with all columns in Russian, by a prosecutor of the region; the client "
    "reads as fast as it can. XLSX and GeoPackage are made in a file first, CSV and GeoJSON are "
    "sent while they are read.",
    "Memory: the most that a worker had over what it had before, after a first export of the kind.",
)


def main() -> None:
    """Measure on services of its own."""
    with standing() as stand:
        print_verdicts(measure(stand), NOTES)


def measure(stand: Stand) -> list[Verdict]:
    """Seconds and memory of each format; fills the stand up to so many violations first."""
    _fill(stand)
    workers = [pid for pid in tree(stand.server_pid) if pid != stand.server_pid]
    found = []
    for form, mark in _SECONDS.items():
        for _ in workers:
            _read(stand, form)
        before = {pid: peak_mb(pid, reset=True) for pid in workers}
        began = time.perf_counter()
        size = _read(stand, form)
        seconds = time.perf_counter() - began
        growth = max(peak_mb(pid) - before[pid] for pid in workers)
        what = f"{form.upper()} of {ROWS:,} violations ({size / 1e6:.0f} MB)"
        found.append(Verdict(what, seconds, "s", mark))
        found.append(Verdict(f"{what}: memory of the worker", growth, "MB", _GROWTH_MB))
    return found


def _fill(stand: Stand) -> None:
    """Some visits over HTTP, and copies of what they found, until there are so many violations."""
    place = stand.place
    headers = {
        "Authorization": f"Bearer {place.device_token}",
        "Content-Type": "application/json",
    }
    database = Database(make_engine(stand.settings))
    with database.reading() as session:
        have = session.scalar(select(func.count()).select_from(Violation)) or 0
    if not have:
        visits = [
            operation(_body(n, str(place.sites[n])), seq=n, op=None) for n in range(1, _VISITS + 1)
        ]
        told = Caller(stand.address, headers)(
            "POST", "/api/v1/sync/push", push_body(place.device, visits)
        )
        statuses = {result["status"] for result in json.loads(told)["results"]}
        if statuses != {"applied"}:
            raise RuntimeError(f"the visits were answered {statuses}")
        with database.reading() as session:
            have = session.scalar(select(func.count()).select_from(Violation)) or 0
    with database.writing() as session:
        multiply_violations(session, max(ROWS - have, 0))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    database.engine.dispose()


def _body(seed: int, site: str) -> bytes:
    body = station_body(seed, photos=False, site=site, campaign=CAMPAIGN)
    return json.dumps(body, ensure_ascii=False).encode()


def _read(stand: Stand, form: str) -> int:
    """Take the list away; returns its bytes. Raises RuntimeError for another answer than 200."""
    connection = http.client.HTTPConnection(stand.address, timeout=120)
    token = stand.place.tokens[Role.PROSECUTOR]
    connection.request(
        "GET",
        f"/api/v1/violations.{form}?language=ru",
        headers={"Authorization": f"Bearer {token}"},
    )
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{form}: {answer.status} {answer.read(300)!r}")
    size = 0
    while piece := answer.read(_BLOCK):
        size += len(piece)
    connection.close()
    return size


if __name__ == "__main__":
    main()
