"""Background work: jobs in PostgreSQL, run by `audit-api worker`."""

from datetime import UTC, datetime

import procrastinate
import structlog
from sqlalchemy.engine import make_url

from audit_api.domain.evidence.signing import Signer
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.imaging import Examiner
from audit_api.services.evidence.examine_photos import examine_photos
from audit_api.services.evidence.keep_log import take_checkpoint
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.oversight.check_fabrication import check_fabrication
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.sweep import sweep
from audit_api.services.sync.replay_held import replay_held
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.evidence.photo_store import PhotoStore

log = structlog.get_logger()


def make_worker(settings: Settings) -> procrastinate.App:
    """The job application with its tasks, on the settings' database."""
    address = make_url(settings.database_url).set(drivername="postgresql")
    worker = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=address.render_as_string(hide_password=False)
        )
    )
    database = Database(make_engine(settings))
    store = PhotoStore(settings.s3)
    signer = Signer(settings.receipt_signing_key)

    @worker.periodic(cron="17 * * * *")
    @worker.task(name="sweep", queueing_lock="sweep", pass_context=False)
    def sweep_hourly(timestamp: int) -> None:
        with database.writing() as session:
            gone = sweep(session, at=datetime.now(UTC))
        log.info("swept", rows=gone, planned_for=timestamp)

    catalogs = CatalogKeeper()

    @worker.periodic(cron="*/5 * * * *")
    @worker.task(name="replay_held", queueing_lock="replay_held", pass_context=False)
    def replay_every_few_minutes(timestamp: int) -> None:
        tried = list(replay_held(database, catalogs, at=datetime.now(UTC)))
        log.info("replayed", tried=len(tried), planned_for=timestamp)

    @worker.periodic(cron="*/5 * * * *")
    @worker.task(name="checkpoint", queueing_lock="checkpoint", pass_context=False)
    def checkpoint_often(timestamp: int) -> None:
        more = True
        while more:
            with database.writing() as session:
                signed = take_checkpoint(session, signer, at=datetime.now(UTC))
            more = signed.more
        log.info("checkpoint", size=signed.size, added=signed.added, planned_for=timestamp)

    @worker.periodic(cron="* * * * *")
    @worker.task(name="examine_photos", queueing_lock="examine_photos", pass_context=False)
    def examine_every_minute(timestamp: int) -> None:
        number = 0
        with Examiner() as examiner:
            for _ in examine_photos(database, store, examiner, now=lambda: datetime.now(UTC)):
                number += 1
        if number:
            log.info("examined", photos=number, planned_for=timestamp)

    @worker.periodic(cron="* * * * *")
    @worker.task(name="check_fabrication", queueing_lock="check_fabrication", pass_context=False)
    def check_every_minute(timestamp: int) -> None:
        checked = list(
            check_fabrication(
                database, catalogs, settings.fabrication, now=lambda: datetime.now(UTC)
            )
        )
        if checked:
            found = sum(one.found for one in checked)
            log.info("checked", inspections=len(checked), flags=found, planned_for=timestamp)

    _sweep_tasks_often(worker, database, settings.escalation)
    return worker


def _sweep_tasks_often(
    worker: procrastinate.App, database: Database, escalation: EscalationDays
) -> None:
    @worker.periodic(cron="*/5 * * * *")
    @worker.task(name="sweep_tasks", queueing_lock="sweep_tasks", pass_context=False)
    def sweep_tasks_often(timestamp: int) -> None:
        with database.writing() as session:
            swept = sweep_tasks(session, escalation, at=datetime.now(UTC))
        log.info(
            "tasks_swept",
            lapsed=swept.lapsed,
            reckoned=swept.reckoned,
            planned_for=timestamp,
            **{step.value: number for step, number in swept.escalated.items()},
        )
