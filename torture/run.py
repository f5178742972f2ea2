"""One run: set up, storm, calm, everything handed in, check."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from audit_api.domain.evidence.signing import Signer
from audit_api.embedded import EmbeddedServices
from audit_api.services.evidence.verify_log import verify_log
from audit_api.settings import Settings, psycopg_url
from audit_api.storage.base import Database, make_engine
from audit_api.storage.migrations.runner import migrate
from torture.blows import Blows
from torture.checker import Checked, Checker
from torture.counts import Counts, count
from torture.findings import Findings
from torture.headquarters import Headquarters
from torture.held import Bucket, held_numbers
from torture.place import Place, make_place
from torture.proxy import Link, Proxy
from torture.schedule import Blow, Event, Weather, draw_schedule
from torture.servers import Cluster, Web
from torture.tablets import FINISH_S, TabletProcess
from torture.watch import LAG_MARK_S, Watch

_AWAY_MARGIN_S = 8.0
"""How long after an outage a 503 may still come of it: connections and retries take their time."""
_LAST_SESSION_S = 120


@dataclass
class Result:
    """What a run came to."""

    findings: Findings
    counts: Counts


@dataclass(frozen=True, slots=True)
class _Stage:
    """All that takes part."""

    proxy: Proxy
    cluster: Cluster
    web: Web
    tablets: list[TabletProcess]
    blows: Blows
    watch: Watch


class Run:
    """`bug` plants one (see `torture.bugs`); `say` is told what begins."""

    def __init__(
        self,
        folder: Path,
        seed: str,
        seconds: float,
        weather: Weather,
        bug: str | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.seconds = seconds
        self.weather = weather
        self.bug = bug
        self.say = say
        self.schedule: list[Event] = draw_schedule(seed, weather, seconds)

    def run(self) -> Result:
        """All of it. Leaves no process behind."""
        services = EmbeddedServices(self.folder / "services")
        try:
            self.say("PostgreSQL and S3 start")
            with services, Proxy() as proxy:
                return self._on(services, proxy)
        finally:
            services.erase()

    def _on(self, services: EmbeddedServices, proxy: Proxy) -> Result:
        direct = services.s3
        bucket = proxy.open(
            Link("bucket", int((direct.endpoint_url or "").rsplit(":", 1)[1]), {}, self.seed)
        )
        settings = _settings(services, bucket.port)
        database = Database(make_engine(settings))
        tablets: list[TabletProcess] = []
        self.say("the place is made, web server and tablets start")
        place = self._prepare(database)
        web = Web(settings, self.folder / "web.log", self.bug)
        cluster = Cluster(services)
        try:
            web.wait_ready()
            self._enrol(tablets, place, proxy, web)
            headquarters = Headquarters(
                cluster, database, Signer(settings.receipt_signing_key), place
            )
            blows = Blows(cluster, web, proxy, bucket, tablets, headquarters)
            with Watch(cluster, web) as watch:
                stage = _Stage(proxy, cluster, web, tablets, blows, watch)
                self._storm(stage)
                self._calm(stage)
            self.say("all is checked")
            result = self._check(stage, Bucket(direct))
            # Connections from before the last crash lie in the pool.
            database.engine.dispose()
            with database.snapshot() as session:
                result.findings.add("altered", verify_log(session).faults)
            return result
        finally:
            for tablet in tablets:
                tablet.kill()
            web.stop()
            database.engine.dispose()

    def _prepare(self, database: Database) -> Place:
        migrate(database.engine)
        if self.bug is not None:
            # Late, so that nothing of it is loaded where no bug is wanted.
            from torture.bugs import SQL

            if self.bug in SQL:
                with database.engine.begin() as connection:
                    connection.exec_driver_sql(SQL[self.bug])
        with database.writing() as session:
            return make_place(session, self.weather.tablets)

    def _enrol(self, tablets: list[TabletProcess], place: Place, proxy: Proxy, web: Web) -> None:
        for n, inspector in enumerate(place.inspectors):
            link = proxy.open(Link(f"tablet-{n}", web.port, {}, self.seed))
            tablet = TabletProcess(link.name, self.folder / link.name, inspector, link)
            tablet.enrol(self.seed, self.weather, n, self.weather.pause_s)
            tablets.append(tablet)

    def _storm(self, stage: _Stage) -> None:
        self.say(f"the storm: {self.seconds:.0f} s")
        for tablet in stage.tablets:
            tablet.link.shares = self.weather.link
        stage.blows.bucket.shares = self.weather.bucket_link
        for tablet in stage.tablets:
            tablet.start()
        stage.blows.carry_out(self.schedule, self.seconds)

    def _calm(self, stage: _Stage) -> None:
        """No more faults; every tablet ends its session, then hands in all that it has."""
        self.say("it is calm, the tablets end their sessions")
        stage.blows.end()
        stage.proxy.calm()
        stage.cluster.wait_up()
        stage.web.wait_ready()
        failed = stage.blows.failed
        for tablet in stage.tablets:
            tablet.tell_to_stop()
        for tablet in stage.tablets:
            if not tablet.wait(_LAST_SESSION_S):
                failed.append(f"{tablet.name} did not end its session: {tablet.crashed()}")
        self.say("the tablets hand in what is left")
        # Twice: what one hands in at its end changes what another shows.
        for life in ("final", "final"):
            for tablet in stage.tablets:
                tablet.start(life)
            for tablet in stage.tablets:
                if not tablet.wait(FINISH_S):
                    failed.append(f"{tablet.name} did not finish: {tablet.crashed()}")

    def _check(self, stage: _Stage, bucket: Bucket) -> Result:
        blows, watch = stage.blows, stage.watch
        checked = [Checked(t.name, t.folder, t.device, t.inspector.person) for t in stage.tablets]
        with stage.cluster.connect() as connection:
            revoked = set(blows.headquarters.revoked)
            checker = Checker(connection, bucket, checked, revoked, self.weather.margin_s)
            findings = checker.check()
            handed_in = held_numbers(connection)
        _judge_answers(stage, findings)
        findings.add("server errors", blows.failed)
        if not stage.web.alive:
            findings.add("server errors", ["the web server's master ended"])
        if watch.lag_s > LAG_MARK_S:
            findings.add("slow", [f"a transaction held the horizon back: {watch.longest}"])
        counted = count(stage.proxy, stage.tablets, blows, watch, stage.cluster, handed_in)
        return Result(findings, counted)


def _settings(services: EmbeddedServices, bucket_port: int) -> Settings:
    return Settings(
        database_url=psycopg_url(services.database_url),
        s3=replace(services.s3, endpoint_url=f"http://127.0.0.1:{bucket_port}"),
        secret_key=secrets.token_hex(32),
        receipt_signing_key=secrets.token_bytes(32),
    )


def _judge_answers(stage: _Stage, findings: Findings) -> None:
    """Answers of 500 and more to tablets that no outage explains.

    A 503 says: busy, nothing is lost; without an outage the server was too slow.
    """
    for tablet in stage.tablets:
        for at, status, told in tablet.link.errors:
            if status != 503:
                findings.add("server errors", [f"{status} to {tablet.name}: {_shape(told)}"])
            elif not _explained(at, stage):
                findings.add("slow", [f"{tablet.name}, nothing was away: {_shape(told)}"])


def _explained(at: float, stage: _Stage) -> bool:
    if stage.watch.was_away(at, _AWAY_MARGIN_S):
        return True
    return any(
        begin <= at <= end + _AWAY_MARGIN_S
        for begin, end, blow in stage.blows.struck
        if blow in (Blow.BUCKET, Blow.BACKEND, Blow.IMMEDIATE)
    )


def _shape(told: bytes) -> str:
    """How a bad answer began, in one line: its status line, and what its problem says."""
    detail = re.search(rb'"detail":\s*"([^"]*)', told)
    head = told.split(b"\r\n", 1)[0]
    return b": ".join([head, *((detail[1],) if detail else ())]).decode(errors="replace")[:300]
