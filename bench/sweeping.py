"""The worker's look at 25,000 tasks: the first, which escalates all, and the ones after it.

By itself: `python -m bench.sweeping`.
"""

import secrets
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.embedded import EmbeddedServices
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.settings import S3Settings, Settings, psycopg_url
from audit_api.storage.base import Database, make_engine
from audit_api.storage.migrations.runner import migrate
from bench.place import make_place
from bench.report import Verdict, print_verdicts

TASKS = 25_000
SITES = 2_500
LIMIT = 5.0
"""Seconds."""
AT = datetime(2021, 12, 1, 6, 0, tzinfo=UTC)
"""All tasks are thirteen days late: every step is due at once."""

FILL = (
    """insert into element (id, site_id, type, label, created_at)
        select gen_random_uuid(), s.id, 'ramp', 'n ' || n, now()
        from (select id from site order by id limit :sites) s, generate_series(1, :each) n""",
    """insert into needs_map (campaign_id, number, wheelchair, mobility, vision, hearing,
            intellectual, imported_at)
        select campaign_id, number, number % 7, number % 23, 3, 2, 1, now() from station""",
    """insert into remediation_task (id, site_id, element_id, campaign_id, track, state, due_on,
            assigned_at, rev)
        select gen_random_uuid(), e.site_id, e.id, (select id from campaign), 'permanent',
            'assigned', date '2021-11-18', now(), 1 from element e""",
    """insert into violation (id, site_id, element_id, campaign_id, requirement, standard, edition,
            confidence, severity, user_groups, measured, tolerance, required, photos, state,
            first_seen_at, last_seen_at, first_inspection_id, first_inspector_id,
            last_inspection_id, last_inspection_rev, last_inspector_id, rev, due_on, task_id)
        select gen_random_uuid(), t.site_id, t.element_id, t.campaign_id, 'r', 's', 'e',
            'read in source text', 'critical', array['wheelchair', 'mobility'], '{}', '{}', '[]',
            array[]::text[], 'open', now(), now(), t.id, t.id, t.id, 1, t.id, 1, t.due_on, t.id
        from remediation_task t""",
    "analyze",
)


def measure() -> list[Verdict]:
    """Fill a place on services of its own with tasks, and sweep them."""
    folder = Path(tempfile.mkdtemp(prefix="audit-api-sweep-"))
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


def settings_of(services: EmbeddedServices) -> Settings:
    """Settings for services of one's own."""
    s3 = services.s3
    return Settings(
        psycopg_url(services.database_url),
        S3Settings(s3.bucket, s3.region, s3.access_key, s3.secret_key, s3.endpoint_url),
        secrets.token_hex(32),
        secrets.token_bytes(32),
    )


def _measure(database: Database) -> list[Verdict]:
    with database.writing() as session:
        make_place(session)
        for statement in FILL:
            session.execute(text(statement), {"sites": SITES, "each": TASKS // SITES})
    first = _sweep(database, AT)
    idle = statistics.median(_sweep(database, AT) for _ in range(5))
    # Until the deadline every day changes every priority: the most that a sweep writes.
    early = datetime(2021, 11, 1, 6, 0, tzinfo=UTC)
    days = statistics.median(_sweep(database, early + timedelta(days=n)) for n in range(5))
    return [
        Verdict(f"the worker's first look at {TASKS:,} tasks: four steps each", first, "s", LIMIT),
        Verdict("its next, with nothing to do", idle, "s", LIMIT),
        Verdict("on a new day, every priority anew", days, "s", LIMIT),
    ]


def _sweep(database: Database, at: datetime) -> float:
    began = time.perf_counter()
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=at)
    return time.perf_counter() - began


if __name__ == "__main__":
    print_verdicts(measure(), [])
