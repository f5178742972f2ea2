"""`make demo`: everything started, Batken 2021 loaded, served until Ctrl-C."""

import json
import os
import secrets
import shlex
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select, text

from audit_api.demo import made_up_law
from audit_api.demo.desk import Desk
from audit_api.demo.field_work import FieldWork
from audit_api.demo.headquarters import assign_stations, return_one
from audit_api.demo.people import INSPECTORS, PEOPLE
from audit_api.demo.repairs import Repairs
from audit_api.demo.sample_papers import SamplePapers
from audit_api.demo.story import Story
from audit_api.demo.tour import Tour, closing
from audit_api.domain.vocabulary import Language
from audit_api.embedded import Child, EmbeddedError, EmbeddedServices
from audit_api.embedded.child import free_port, is_free
from audit_api.embedded.secret_file import write_secret
from audit_api.imaging import Examiner
from audit_api.services.enrol_device import issue_code
from audit_api.services.evidence.examine_photos import examine_photo
from audit_api.services.manage_people import add_grant, add_person
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.places.import_needs import import_needs
from audit_api.services.places.import_places import (
    import_campaign,
    import_stations,
    import_territories,
)
from audit_api.settings import S3Settings, Settings, psycopg_url
from audit_api.storage.base import Database, make_engine
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.migrations.runner import migrate
from audit_api.storage.people import Device, person_by_username
from audit_api.tablet import TabletError

DATA = Path(__file__).parent / "data" / "batken-2021"
CAMPAIGN = "kg-jk-2021"
CODE_LIFETIME = timedelta(days=30)
console = Console(highlight=False)


class DemoError(Exception):
    """The demonstration cannot go on; the message says what to do."""


def reset(folder: Path) -> None:
    """Forget everything the demonstration keeps."""
    services = EmbeddedServices(folder / "demo")
    try:
        services.erase()
    except EmbeddedError as error:
        raise DemoError(str(error)) from None
    (folder / "demo.json").unlink(missing_ok=True)
    console.print("The demonstration's data are gone; `make demo` starts afresh.")


def run(folder: Path, host: str, port: int) -> None:
    """Start, load what is missing, show the tour, and serve until Ctrl-C."""
    began = time.monotonic()
    # Closing the terminal or `kill` ends it as Ctrl-C does: in order.
    # Ctrl-C itself may have come here ignored: shells do that to what they start in the background.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    home = folder / "demo"
    services = EmbeddedServices(home)
    try:
        with console.status("Starting PostgreSQL and S3 …"):
            services.start()
        settings = _settings(services, home)
        database = Database(make_engine(settings))
        with console.status("Loading territories, stations and people …"):
            migrate(database.engine)
            _refuse_older_data(database, folder)
            _load(database)
        with _web_server(services, settings, home, (host, port)) as base_url:
            _field_work(database, base_url, home)
            # What the worker does every five minutes: the tour need not wait for it.
            with database.writing() as session:
                sweep_tasks(session, settings.escalation, at=datetime.now(UTC))
            _leave_papers(database, settings, SamplePapers(base_url, CAMPAIGN, home / "papers"))
            described = _describe(database, base_url)
            _write_environment(home / "environment", services, settings)
            (folder / "demo.json").write_text(json.dumps(described, ensure_ascii=False, indent=2))
            _tour(base_url, described, home, time.monotonic() - began)
            signal.pause()
    except (EmbeddedError, TabletError) as error:
        raise DemoError(str(error)) from None
    except KeyboardInterrupt:
        console.print("\nStopping …")
    finally:
        (folder / "demo.json").unlink(missing_ok=True)
        services.stop()


def _refuse_older_data(database: Database, folder: Path) -> None:
    """Inspections judged before rulesets had manifests cannot be read whole (decision 9), and
    tablets of before `audit_api.tablet` cannot go on."""
    with database.reading() as session:
        older = session.scalar(
            text("""select exists (select from assessment a where not exists (
                select from ruleset r where r.digest = a.ruleset_digest))""")
        )
    if older or (folder / "demo" / "tablets.json").exists():
        raise DemoError(
            f"{folder / 'demo'} holds the demonstration of an older version of this program, "
            "which this one cannot go on with. Forget it with `make demo-reset`, then start again."
        )


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _settings(services: EmbeddedServices, home: Path) -> Settings:
    s3 = services.s3
    return Settings(
        database_url=psycopg_url(services.database_url),
        s3=S3Settings(s3.bucket, s3.region, s3.access_key, s3.secret_key, s3.endpoint_url),
        secret_key=_kept_secret(home / "secret-key"),
        receipt_signing_key=bytes.fromhex(_kept_secret(home / "receipt-signing-key")),
    )


def _kept_secret(path: Path) -> str:
    """64 random hex digits, made at the first start."""
    if not path.exists():
        write_secret(path, secrets.token_hex(32))
    return path.read_text()


def _keys(settings: Settings) -> dict[str, str]:
    return {
        "SECRET_KEY": settings.secret_key,
        "RECEIPT_SIGNING_KEY": settings.receipt_signing_key.hex(),
    }


def _write_environment(path: Path, services: EmbeddedServices, settings: Settings) -> None:
    """What another terminal reads to type `audit-api` commands: `. var/demo/environment`."""
    variables = services.environment() | _keys(settings)
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    write_secret(path, "".join(lines))


def _load(database: Database) -> None:
    """Territories, campaign, stations and people; again and again with the same outcome."""
    at = datetime.now(UTC)
    with database.writing() as session:
        name = "territories.csv"
        import_territories(session, (DATA / name).read_bytes(), name, at=at)
        import_campaign(session, json.loads((DATA / "campaign.json").read_text()), at=at)
        name = "stations.csv"
        import_stations(session, CAMPAIGN, (DATA / name).read_bytes(), name, at=at)
        name = "needs.csv"
        import_needs(session, CAMPAIGN, (DATA / name).read_bytes(), name, at=at)
        for person in PEOPLE:
            if person_by_username(session, person.username) is None:
                made = add_person(
                    session,
                    username=person.username,
                    full_name=person.full_name,
                    password=person.password,
                    language=Language(person.language),
                    at=at,
                )
                add_grant(session, made, person.role, person.territory, at=at)
    made_up_law.adopt(database, DATA / "made-up-law", made_up_law.FIRST, "admin")


@contextmanager
def _web_server(
    services: EmbeddedServices, settings: Settings, home: Path, wanted: tuple[str, int]
) -> Iterator[str]:
    """The shipped web server and the worker as child processes; yields the address."""
    host, port = wanted
    chosen = _port(host, port)
    base_url = f"http://{host}:{chosen}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GUNICORN")}
    env = inherited | services.environment() | _keys(settings)
    # Papers name the address that is really served; a test receiver may be on this machine.
    env |= {"PUBLIC_URL": base_url, "WEBHOOKS_ANYWHERE": "true"}
    project = Path(__file__).parents[2]
    web = Child(
        "The web server",
        [sys.executable, "-m", "gunicorn", "wsgi:app"],
        log=home / "web.log",
        ready=lambda: _is_ready(base_url),
        env=env | {"BIND": f"{host}:{chosen}"},
        cwd=project,
    )
    worker = Child(
        "The worker",
        [sys.executable, "-c", "from audit_api.cli import main; main()", "worker"],
        log=home / "worker.log",
        ready=lambda: True,
        env=env,
        cwd=project,
    )
    try:
        with console.status("Starting the web server and the worker …"):
            web.start()
            worker.start()
            web.wait_ready()
        yield base_url
    finally:
        web.stop()
        worker.stop()


def _port(host: str, port: int) -> int:
    """The wanted port, or another one that is free."""
    try:
        other = free_port(host)
    except OSError:
        raise DemoError(
            f"{host} is no address of this machine. Give one that `hostname -I` shows, or leave "
            "HOST out to serve only this machine."
        ) from None
    return port if is_free(port, host) else other


def _is_ready(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/readyz", timeout=2) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except OSError:
        return False


def _field_work(database: Database, base_url: str, home: Path) -> None:
    """What tablets hand in and what people make of it; an interrupted start is gone on with."""
    folder = home / "tablets"
    with database.reading() as session:
        enrolled = session.scalars(select(Device.id)).all()
    tablets = FieldWork(folder, enrolled)
    tablets.learn_address(base_url)
    told = folder / "told"
    if tablets.done and told.exists():
        console.print("The tablets handed in everything at an earlier start.")
        return

    def code_for(username: str) -> str:
        with database.writing() as session:
            person = person_by_username(session, username)
            if person is None:
                raise DemoError(f"{username} is gone; forget it all with `make demo-reset`.")
            return issue_code(session, person.id, lifetime=CODE_LIFETIME, at=datetime.now(UTC))

    if not tablets.done:
        assign_stations(base_url, CAMPAIGN)
        codes = {username: code_for(username) for username in tablets.missing_tablets}
        with Progress(console=console) as progress:
            tablets.hand_in(base_url, codes, progress)
        held = {"waiting": "still on its tablet"}
        said = ", ".join(f"{n} {held.get(s, s)}" for s, n in sorted(tablets.statuses.items()))
        console.print(
            f"On bad links: {tablets.cut} requests cut halfway, {tablets.lost} answers lost; "
            f"all sent again. Operations: {said}."
        )
    with console.status("Supervision decides, LSG heads repair, the prosecutor serves …"):
        return_one(base_url)
        Story(base_url, CAMPAIGN, Repairs(folder, base_url, code_for)).tell()
        made_up_law.adopt(database, DATA / "made-up-law", made_up_law.SECOND, "admin")
    told.touch()


def _leave_papers(database: Database, settings: Settings, papers: SamplePapers) -> None:
    """Files as each role takes them away; a worker that is slow is not waited for."""
    if not papers.missing:
        console.print(f"The sample papers of an earlier start are in {papers.folder}.")
        return
    with console.status("The worker makes sample papers …"):
        # What the worker does every minute: the papers need not wait for it.
        store = PhotoStore(settings.s3)
        with Examiner() as examiner:
            for photo in papers.photos():
                examine_photo(database, store, examiner, photo, now=lambda: datetime.now(UTC))
        # A demonstration without samples is one all the same.
        with suppress(OSError):
            papers.ask()
            papers.fetch()
    if papers.missing:
        console.print(
            f"Not there yet: {', '.join(papers.missing)}. The next `make demo` asks once more; why "
            f"is told in {papers.folder.parent / 'worker.log'}."
        )


def _describe(database: Database, base_url: str) -> dict[str, Any]:
    """What `var/demo.json` holds while the demonstration serves."""
    with database.writing() as session:
        person = person_by_username(session, INSPECTORS[0].username)
        codes = [
            issue_code(session, person.id, lifetime=CODE_LIFETIME, at=datetime.now(UTC))
            for _ in range(2)
            if person is not None
        ]
    return {
        "base_url": base_url,
        "users": [
            {
                "username": person.username,
                "password": person.password,
                "role": person.role.value,
                "territory": person.territory,
            }
            for person in PEOPLE
        ],
        "enrolment_codes": codes,
    }


def _tour(base_url: str, described: Mapping[str, Any], home: Path, seconds: float) -> None:
    desk = Desk(base_url, "headquarters")
    total = desk.get(f"/statistics/progress?campaign={CAMPAIGN}")["total"]
    console.print(
        f"\n[bold]Ready in {seconds:.0f} s: {base_url}[/bold]  "
        f"(manual: {base_url}/api/docs)\n"
        f"{total['stations']} stations, {total['voters']:,} voters; "
        f"{total['inspected']} inspected, {total['open_violations']} open violations. "
        "Inspections, photos, decisions and repairs are synthetic; "
        "the standards are stand-ins, adopted for the demonstration only.\n"
        f"Sample papers, tables and pictures of each role: {home / 'papers'}\n"
    )
    codes = described["enrolment_codes"]
    Tour(base_url, CAMPAIGN, home, codes).show(console)
    console.print(closing(codes), soft_wrap=True)
