"""Background work: jobs in PostgreSQL, run by `audit-api worker`."""

from datetime import UTC, datetime
from uuid import UUID

import procrastinate
import structlog
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from sqlalchemy.engine import make_url

from audit_api.domain.events.sealing import Sealer
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.imaging import Examiner
from audit_api.services.events.deliver_webhooks import Deliverer
from audit_api.services.events.tell import tell
from audit_api.services.evidence.examine_photos import examine_photos
from audit_api.services.evidence.keep_log import take_checkpoint
from audit_api.services.exports.ask import TASK
from audit_api.services.exports.making import Tools
from audit_api.services.exports.run import MOST_ATTEMPTS, run_export
from audit_api.services.exports.sweep import sweep_files
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.oversight.check_fabrication import check_fabrication
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.sweep import sweep
from audit_api.services.sync.replay_held import replay_held
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.file_store import FileStore

log = structlog.get_logger()


def make_worker(settings: Settings, database: Database | None = None) -> procrastinate.App:
    """The job application with its tasks, on the settings' database (opened here if not given)."""
    address = make_url(settings.database_url).set(drivername="postgresql")
    worker = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=address.render_as_string(hide_password=False)
        )
    )
    database = database or Database(make_engine(settings))
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
    files = FileStore(settings.s3)
    tools = Tools(database, catalogs, store, files, settings.secret_key, settings.inspecting_body)
    _make_exports(worker, tools)
    _tell_often(worker, database, settings)
    _one_at_a_time(worker)
    _revive_often(worker)
    return worker


def _one_at_a_time(worker: procrastinate.App) -> None:
    """What comes by the clock never runs twice at once, however many jobs do."""
    for task in worker.tasks.values():
        if task.queueing_lock is not None:
            task.lock = task.queueing_lock


def _revive_often(worker: procrastinate.App) -> None:
    manager = worker.job_manager

    # Without a lock of its own, which a killed worker would hold.
    @worker.periodic(cron="* * * * *")
    @worker.task(name="revive_jobs", queueing_lock="revive_jobs", pass_context=False)
    async def revive_jobs(timestamp: int) -> None:
        """Let jobs of a worker that was killed, whose heart beats no more, begin again."""
        for job in await manager.get_stalled_jobs():
            try:
                await manager.retry_job(job)
            except UniqueViolation:
                # Of what comes by the clock the next one waits already.
                await manager.finish_job(job, Status.FAILED, delete_job=False)
            log.warning("job_revived", task=job.task_name, job=job.id, planned_for=timestamp)


def _make_exports(worker: procrastinate.App, tools: Tools) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    @worker.task(
        name=TASK,
        # The export itself says when it is given up: always before this.
        retry=procrastinate.RetryStrategy(max_attempts=4 * MOST_ATTEMPTS, wait=5),
        pass_context=False,
    )
    def make_export(export: str) -> None:
        run_export(tools, UUID(export), now=now)
        log.info("exported", export=export)

    @worker.periodic(cron="27 * * * *")
    @worker.task(name="sweep_files", queueing_lock="sweep_files", pass_context=False)
    def sweep_files_hourly(timestamp: int) -> None:
        gone = sweep_files(tools.database, tools.files, at=now())
        log.info("files_swept", files=gone, planned_for=timestamp)


def _tell_often(worker: procrastinate.App, database: Database, settings: Settings) -> None:
    deliverer = Deliverer(
        database,
        Sealer(settings.secret_key),
        lambda: datetime.now(UTC),
        anywhere=settings.webhooks_anywhere,
    )

    @worker.periodic(cron="* * * * *")
    @worker.task(name="tell", queueing_lock="tell", pass_context=False)
    def tell_every_minute(timestamp: int) -> None:
        read, attempts = tell(deliverer, settings.mail)
        if read or attempts:
            log.info("told", rows=read, attempts=attempts, planned_for=timestamp)


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
