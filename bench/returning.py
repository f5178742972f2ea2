"""Many tablets that come back at once: a valley's road is open again."""

import gzip
import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from threading import Barrier, Thread
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from bench.pulling import INSPECTIONS, Land
from tests.factories import CAMPAIGN, make_device, make_person, operation, push_body
from tests.field_schema.bodies import station_body

TABLETS = 200
EACH = 10
_FIRST_SEED = 200_000


@dataclass(frozen=True, slots=True)
class Returned:
    """How the requests went. Times in seconds, each from connecting to the whole answer."""

    requests: int
    p50_s: float
    p95_s: float
    most_s: float
    failed: int
    """Answers other than 200, and links that broke."""
    not_applied: int


@dataclass(frozen=True, slots=True)
class Work:
    """What one tablet hands in: its token, and its pushes as JSON."""

    device: UUID
    token: str
    pushes: Sequence[bytes]


def make_work(session: Session, land: Land) -> list[Work]:
    """Tablets of inspectors of their own; each has been to ten sites, and hands in at once."""
    sites = land.sites[INSPECTIONS:]
    made = []
    for n in range(TABLETS):
        person = make_person(session, f"returning.{n}", [(Role.INSPECTOR, land.region)])
        device, token = make_device(session, person, f"returning {n}")
        operations = [
            operation(
                station_body(_FIRST_SEED + n * EACH + seq, photos=False)
                | {"site": str(sites[n * EACH + seq]), "campaign": CAMPAIGN},
                seq=seq + 1,
            )
            for seq in range(EACH)
        ]
        made.append(Work(device, token, [push_body(device, operations)]))
    return made


def measure(address: str, work: Sequence[Work]) -> Returned:
    """Let every tablet hand in its pushes, all starting in the same moment."""
    barrier = Barrier(len(work))
    times: list[float] = []
    failed: list[str] = []
    not_applied: list[str] = []

    def hand_in(tablet: Work) -> None:
        headers = {
            "Authorization": f"Bearer {tablet.token}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
        packed = [gzip.compress(push, 6) for push in tablet.pushes]
        barrier.wait()
        for push in packed:
            began = time.perf_counter()
            try:
                connection = http.client.HTTPConnection(address, timeout=120)
                connection.request("POST", "/api/v1/sync/push", push, headers)
                answer = connection.getresponse()
                data = answer.read()
                connection.close()
            except OSError as error:
                failed.append(str(error))
                continue
            finally:
                times.append(time.perf_counter() - began)
            if answer.status != 200:
                failed.append(f"{answer.status}")
                continue
            results = json.loads(data)["results"]
            not_applied.extend(r["status"] for r in results if r["status"] != "applied")

    threads = [Thread(target=hand_in, args=(tablet,)) for tablet in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = quantiles(times, n=20)
    return Returned(len(times), cuts[9], cuts[18], max(times), len(failed), len(not_applied))
