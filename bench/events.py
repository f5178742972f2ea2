"""The worker derives 25,000 events, makes deliveries of them, and sends some.

By itself: `python -m bench.events`.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from audit_api.domain.events.types import TYPES
from audit_api.domain.vocabulary import Role
from audit_api.embedded import EmbeddedServices
from audit_api.services.events.derive_events import BATCH, derive_events
from audit_api.storage import people
from audit_api.storage.base import Database, make_engine
from audit_api.storage.events import deliveries, webhooks
from audit_api.storage.migrations.runner import migrate
from bench.place import make_place
from bench.report import Verdict, print_verdicts
from bench.sweeping import FILL, SITES, TASKS, settings_of

LIMIT = 15.0
"""Seconds."""
CLAIMS = 1_000

# As accepted inspections tell it: a visit of a site opens what the site has.
_TOLD = """insert into audit_log (at, what, subject, detail)
    select now(), 'site_judged_again', site_id, json_build_object('ruleset', 'r', 'cases',
        json_build_object('opened', json_agg(id))) from violation group by site_id"""


def measure() -> list[Verdict]:
    """Fill a place on services of its own with violations, and tell of them."""
    folder = Path(tempfile.mkdtemp(prefix="audit-api-events-"))
    services = EmbeddedServices(folder)
    try:
        with services:
            database = Database(make_engine(settings_of(services)))
            migrate(database.engine)
            found = _measure(database)
            database.engine.dispose()
    finally:
        services.erase()
    return found


def _measure(database: Database) -> list[Verdict]:
    with database.writing() as session:
        make_place(session)
        for statement in (*FILL, _TOLD, "analyze"):
            session.execute(text(statement), {"sites": SITES, "each": TASKS // SITES})
        owner = session.scalar(
            text("select person_id from person_grant where role = :role limit 1"),
            {"role": Role.COORDINATOR.value},
        )
        at = datetime.now(UTC)
        hook = webhooks.add_webhook(
            session, owner, url="https://example.org", types=list(TYPES), sealed=b"x", at=at
        )
    before = _forget_peak()
    derived = _seconds(lambda: _derive(database))
    idle = _seconds(lambda: _derive(database))
    fanned = _seconds(lambda: _fan_out(database, hook, owner))
    claimed = _seconds(lambda: _claim(database, hook, owner)) / CLAIMS * 1000
    grown = _status_mb("VmHWM") - before
    return [
        Verdict(f"{TASKS:,} events derived by the worker", derived, "s", LIMIT),
        Verdict("its next look, with nothing new", idle, "s", 0.5),
        Verdict(f"deliveries of {TASKS:,} events made for a webhook", fanned, "s", LIMIT),
        Verdict(f"one of {TASKS:,} claimed, its owner's grants read anew", claimed, "ms", 20),
        Verdict("that process grows by at most", grown, "MB", 200),
    ]


def _forget_peak() -> float:
    """What is resident now, in MB; from here on `VmHWM` is the most since."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _derive(database: Database) -> None:
    read: int | None = BATCH
    while read == BATCH:
        with database.writing() as session:
            read = derive_events(session, at=datetime.now(UTC), most=BATCH)


def _fan_out(database: Database, hook: Any, owner: Any) -> None:
    at = datetime.now(UTC)
    for _ in range(TASKS // BATCH + 2):
        with database.writing() as session:
            actor = people.actor_of_person(session, owner, at.date())
            if actor is None:
                raise RuntimeError("the owner is gone")
            deliveries.fan_out(session, hook, list(TYPES), actor, at=at)


def _claim(database: Database, hook: Any, owner: Any) -> None:
    at = datetime.now(UTC)
    for _ in range(CLAIMS):
        with database.writing() as session:
            actor = people.actor_of_person(session, owner, at.date())
            if actor is None:
                raise RuntimeError("the owner is gone")
            lease = timedelta(seconds=90)
            if deliveries.claim_next(session, hook, actor, at=at, lease=lease) is None:
                raise RuntimeError("nothing to claim")


if __name__ == "__main__":
    print_verdicts(measure(), [])
