"""The console script `audit-api`: what an administrator types on the server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.orm import Session

from audit_api.commands.campaigns import campaigns
from audit_api.commands.console import DryRunEnds, open_database, transaction
from audit_api.commands.days import days
from audit_api.commands.evidence import backup, checkpoint, receipt
from audit_api.commands.feed import feed
from audit_api.commands.notices import notices
from audit_api.commands.openrosa import openrosa
from audit_api.commands.photos import photos
from audit_api.commands.quarantine import quarantine
from audit_api.commands.standards import standards
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.vocabulary import Language, Role
from audit_api.services.enrol_device import issue_code
from audit_api.services.manage_people import add_grant, add_person
from audit_api.services.places import import_places
from audit_api.services.places.import_needs import import_needs
from audit_api.settings import Settings, SettingsError
from audit_api.storage.evidence.receipt_keys import note_key
from audit_api.storage.migrations.runner import migrate
from audit_api.storage.people import person_by_username
from audit_api.storage.server_check import reasons_against
from audit_api.tablet.cli import tablet
from audit_api.worker import make_worker

JOBS_AT_ONCE = 3
"""Of the worker: a long export must not hold up what is done every minute."""
Runner = Callable[[Session, datetime], import_places.ImportReport]
PASSWORD = click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)


@click.group()
def main() -> None:
    """Accessibility audit of polling stations."""


for group in (
    standards,
    tablet,
    photos,
    quarantine,
    feed,
    checkpoint,
    backup,
    receipt,
    days,
    campaigns,
    notices,
    openrosa,
):
    main.add_command(group)


@main.group()
def database() -> None:
    """The database."""


@database.command("migrate")
def migrate_database() -> None:
    """Bring the database to the newest migration; safe to run twice and at the same time."""
    with open_database() as opened:
        click.echo(f"The database is at migration {migrate(opened.engine)}.")
        with opened.writing() as session:
            note_key(session, Signer(_settings().receipt_signing_key), at=datetime.now(UTC))


@database.command("new-epoch")
@click.option("--reason", required=True, help="What was put back, for the audit log.")
def new_epoch(reason: str) -> None:
    """Tell every tablet that the database was put back: run it on a copied data folder or machine.

    A restored dump and a recovery to a point in time are noticed without it (docs/backups.md).
    """
    with open_database() as opened:
        opened.begin_epoch(reason)
    click.echo("A new epoch has begun: tablets resync and hand in again what has no backup.")


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@main.command("worker")
def run_worker() -> None:
    """Run background jobs until stopped."""
    settings = _settings()
    with open_database() as opened:
        reasons = reasons_against(opened.engine)
    if reasons:
        raise click.ClickException(f"The worker does not start: {'; '.join(reasons)}.")
    with make_worker(settings).open() as worker:
        worker.run_worker(concurrency=JOBS_AT_ONCE)


@main.command()
@click.option("--reset", is_flag=True, help="Forget the demonstration's data and end.")
@click.option("--port", default=8000, show_default=True, help="The next free one, if taken.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="An address of this machine where a phone in the same network reaches it, to try ODK "
    "Collect. Everybody there can sign in: the passwords are known.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var"),
    show_default=True,
    help="Where the demonstration keeps everything.",
)
def demo(reset: bool, port: int, host: str, folder: Path) -> None:
    """Show Batken 2021 on embedded services: load, serve, until Ctrl-C."""
    # Only here: the extra `embedded` need not be installed on a server.
    from audit_api.demo import run

    try:
        if reset:
            run.reset(folder)
        else:
            run.run(folder, host, port)
    except run.DemoError as error:
        raise click.ClickException(str(error)) from None


@main.group()
def places() -> None:
    """Territories, campaigns, stations."""


def _import(name: str, dry_run: bool, run: Runner) -> None:
    try:
        with transaction() as session:
            report = run(session, datetime.now(UTC))
            click.echo(
                f"{name}: {report.created} created, {report.changed} changed, "
                f"{report.unchanged} unchanged."
            )
            if dry_run:
                raise DryRunEnds
    except DryRunEnds:
        click.echo("Dry run: nothing was stored.")


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Check and report; store nothing.")


@places.command("import-territories")
@FILE
@DRY_RUN
def import_territories(file: Path, dry_run: bool) -> None:
    """Import territories from CSV or GeoJSON: all lines or none."""
    _import(
        file.name,
        dry_run,
        lambda session, at: import_places.import_territories(
            session, file.read_bytes(), file.name, at=at
        ),
    )


@places.command("import-stations")
@click.option("--campaign", required=True, help="The campaign's id, e.g. kg-jk-2021.")
@FILE
@DRY_RUN
def import_stations(campaign: str, file: Path, dry_run: bool) -> None:
    """Import a campaign's stations from CSV or GeoJSON: all lines or none."""
    _import(
        file.name,
        dry_run,
        lambda session, at: import_places.import_stations(
            session, campaign, file.read_bytes(), file.name, at=at
        ),
    )


@places.command("import-needs")
@click.option("--campaign", required=True, help="The campaign's id, e.g. kg-jk-2021.")
@FILE
@DRY_RUN
def import_needs_map(campaign: str, file: Path, dry_run: bool) -> None:
    """Import voters with disabilities of each station by user group, counts only, from CSV."""
    _import(
        file.name,
        dry_run,
        lambda session, at: import_needs(session, campaign, file.read_bytes(), file.name, at=at),
    )


@places.command("import-campaign")
@FILE
def import_campaign(file: Path) -> None:
    """Make a campaign with its milestones and constituencies from a JSON file."""
    try:
        said = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name} is no JSON: {error}.") from None
    if not isinstance(said, dict):
        raise click.ClickException(f"{file.name} holds no JSON object.")
    with transaction() as session:
        made = import_places.import_campaign(session, said, at=datetime.now(UTC))
    there = "was there and stays as it is; milestones and constituencies it lacked were added"
    click.echo(f"{said['id']}: {'made' if made else there}.")


@main.group()
def people() -> None:
    """Accounts, grants and enrolment codes."""


@people.command("add")
@click.argument("username")
@click.option("--name", required=True, help="Full name.")
@click.option("--language", type=click.Choice([w.value for w in Language]), default="ru")
@PASSWORD
def add_account(username: str, name: str, language: str, password: str) -> None:
    """Make an account, or set its password and name."""
    with transaction() as session:
        add_person(
            session,
            username=username,
            full_name=name,
            password=password,
            language=Language(language),
            at=datetime.now(UTC),
        )
    click.echo(f"{username}: saved.")


@people.command("grant")
@click.argument("username")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("territory")
def grant_role(username: str, role: str, territory: str) -> None:
    """Give a person a role in a territory (SOATE code)."""
    with transaction() as session:
        person = person_by_username(session, username)
        if person is None:
            raise click.ClickException(f"There is no person {username!r}.")
        add_grant(session, person.id, Role(role), territory, at=datetime.now(UTC))
    click.echo(f"{username}: {role} in {territory}.")


@people.command("code")
@click.argument("username")
@click.option("--minutes", type=click.IntRange(1, 60 * 24 * 60), default=10, show_default=True)
def make_code(username: str, minutes: int) -> None:
    """Issue a single-use code that enrols a tablet for a person."""
    with transaction() as session:
        person = person_by_username(session, username)
        if person is None:
            raise click.ClickException(f"There is no person {username!r}.")
        lifetime = timedelta(minutes=minutes)
        code = issue_code(session, person.id, lifetime=lifetime, at=datetime.now(UTC))
    click.echo(code)
