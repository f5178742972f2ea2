"""One run: set up, storm, calm, everything handed in, check."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit_api.embedded import EmbeddedServices
from audit_api.settings import S3Settings, Settings, psycopg_url
from audit_api.storage.base import Database, make_engine
from audit_api.storage.migrations.runner import migrate
from torture.blows import Blows
from torture.checker import Checked, Checker
from torture.findings import Findings
from torture.headquarters import Headquarters
from torture.held import Bucket
from torture.place import Place, make_place
from torture.proxy import CUTS, FLIPS, Fault, Link, Proxy
from torture.schedule import Blow, Event, Weather, draw_schedule
from torture.servers import Cluster, Web
from torture.tablets import FINISH_S, Session, TabletProcess, sessions
from torture.watch import Watch

LAG_LIMIT_S = 2.0
_AWAY_MARGIN_S = 8.0
"""How long after an outage a 503 may still come of it: connections and retries take their time."""


@dataclass
class Result:
    """What a run came to."""

    findings: Findings
    counts: dict[str, str] = field(default_factory=dict)


class Run:
    """`bug` plants one (see `torture.bugs`)."""

    def __init__(
        self, folder: Path, seed: str, seconds: float, weather: Weather, bug: str | None
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.seconds = seconds
        self.weather = weather
        self.bug = bug
        self.schedule: list[Event] = draw_schedule(seed, weather, seconds)

    def run(self) -> Result:
        """All of it. Leaves no process behind."""
        services = EmbeddedServices(self.folder / "services")
        try:
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
        place = self._prepare(database)
        web = Web(settings, self.folder / "web.log", self.bug)
        tablets: list[TabletProcess] = []
        cluster = Cluster(services)
        try:
            web.wait_ready()
            tablets += self._enrol(place, proxy, web)
            headquarters = Headquarters(cluster, database, place)
            blows = Blows(cluster, web, bucket, tablets, headquarters)
            with Watch(cluster, web) as watch:
                self._storm(proxy, bucket, tablets, blows)
                self._calm(proxy, cluster, web, tablets, blows)
            return self._check(direct, proxy, web, tablets, blows, watch, cluster)
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

    def _enrol(self, place: Place, proxy: Proxy, web: Web) -> list[TabletProcess]:
        tablets = []
        for n, inspector in enumerate(place.inspectors):
            link = proxy.open(Link(f"tablet-{n}", web.port, {}, self.seed))
            tablet = TabletProcess(link.name, self.folder / link.name, inspector, link)
            tablet.enrol(self.seed, self.weather, n, self.weather.pause_s)
            tablets.append(tablet)
        return tablets

    def _storm(
        self, proxy: Proxy, bucket: Link, tablets: list[TabletProcess], blows: Blows
    ) -> None:
        for tablet in tablets:
            tablet.link.shares = self.weather.link
        bucket.shares = self.weather.bucket_link
        for tablet in tablets:
            tablet.start()
        blows.carry_out(self.schedule, self.seconds)

    def _calm(
        self,
        proxy: Proxy,
        cluster: Cluster,
        web: Web,
        tablets: list[TabletProcess],
        blows: Blows,
    ) -> None:
        """No more faults; every tablet ends its session, then hands in all that it has."""
        time.sleep(1.0 if blows.done[Blow.BUCKET] else 0.0)
        proxy.calm()
        cluster.wait_up()
        web.wait_ready()
        for tablet in tablets:
            tablet.tell_to_stop()
        for tablet in tablets:
            if not tablet.wait(60):
                blows.failed.append(f"{tablet.name} did not end its session: {tablet.crashed()}")
        # Twice: what one hands in at its end changes what another shows.
        for life in ("final", "final"):
            for tablet in tablets:
                tablet.start(life)
            for tablet in tablets:
                if not tablet.wait(FINISH_S):
                    blows.failed.append(f"{tablet.name} did not finish: {tablet.crashed()}")

    def _check(
        self,
        direct: S3Settings,
        proxy: Proxy,
        web: Web,
        tablets: list[TabletProcess],
        blows: Blows,
        watch: Watch,
        cluster: Cluster,
    ) -> Result:
        checked = [Checked(t.name, t.folder, t.device, t.inspector.person) for t in tablets]
        with cluster.connect() as connection:
            checker = Checker(connection, Bucket(direct), checked, set(blows.headquarters.revoked))
            findings = checker.check()
            rows = connection.execute(
                "select (select count(*) from inspection), (select count(*) from photo), "
                "(select count(*) from operation)"
            ).fetchone()
        findings.add("server errors", _server_errors(proxy, blows, watch))
        findings.add("server errors", blows.failed)
        if not web.alive:
            findings.add("server errors", ["the web server's master ended"])
        if watch.lag_s > LAG_LIMIT_S:
            findings.add("slow", [f"a writing transaction was open for {watch.lag_s:.1f} s"])
        return Result(findings, _counts(self, proxy, tablets, blows, watch, cluster, rows or ()))


def _settings(services: EmbeddedServices, bucket_port: int) -> Settings:
    return Settings(
        database_url=psycopg_url(services.database_url),
        s3=replace(services.s3, endpoint_url=f"http://127.0.0.1:{bucket_port}"),
        secret_key=secrets.token_hex(32),
        receipt_signing_key=secrets.token_bytes(32),
    )


def _server_errors(proxy: Proxy, blows: Blows, watch: Watch) -> list[str]:
    """Answers of 500 and more to tablets that no outage explains."""
    found = []
    for link in proxy.links:
        if link is blows.bucket:
            continue
        for at, status, told in link.errors:
            if status != 503:
                found.append(f"{status} to {link.name}: {told!r}")
            elif not _explained(at, blows, watch):
                found.append(f"503 to {link.name} while nothing was away: {told!r}")
    return found


def _explained(at: float, blows: Blows, watch: Watch) -> bool:
    if watch.was_away(at, _AWAY_MARGIN_S):
        return True
    return any(
        begin <= at <= end + _AWAY_MARGIN_S
        for begin, end, blow in blows.struck
        if blow in (Blow.BUCKET, Blow.BACKEND, Blow.IMMEDIATE)
    )


def _faulty(tablet: TabletProcess, session: Session, blows: Blows) -> bool:
    """Whether anything struck while a session lasted."""
    return (
        session.problem == "killed"
        or any(session.begin <= at <= session.end for at, _ in tablet.link.happened)
        or any(
            begin <= session.end and end >= session.begin
            for begin, end, blow in blows.struck
            if blow in (Blow.WORKER, Blow.WORKERS, Blow.BACKEND, Blow.IMMEDIATE, Blow.BUCKET)
        )
    )


def _counts(
    run: Run,
    proxy: Proxy,
    tablets: list[TabletProcess],
    blows: Blows,
    watch: Watch,
    cluster: Cluster,
    rows: tuple[object, ...],
) -> dict[str, str]:
    every = [(tablet, session) for tablet in tablets for session in sessions(tablet)]
    faulty = sum(_faulty(tablet, session, blows) for tablet, session in every)
    statuses: Counter[int] = Counter()
    for tablet in tablets:
        statuses += tablet.link.statuses
    done = blows.done
    inspections, photos, operations = rows
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
        f"revoked {len(set(blows.headquarters.revoked))}",
        "headquarters": f"{blows.headquarters.changed_grants} grants changed, "
        f"{blows.headquarters.renamed} slow transactions",
        "handed in": f"{operations} operations, {inspections} revisions, {photos} photos",
        "answers": ", ".join(f"{status}: {n}" for status, n in sorted(statuses.items())),
        "feed's lag": f"{watch.lag_s:.2f} s at most in {watch.samples} looks",
        "workers' memory": f"{watch.memory_mb:.0f} MB at most",
    }
