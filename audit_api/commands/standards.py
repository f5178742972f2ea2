"""`audit-api standards`: check, import and adopt editions, for lawyers and administrators."""

import csv
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from audit_api.commands.console import (
    catalog_errors,
    csv_file,
    open_database,
    plain,
    progress,
    show,
    told,
    transaction,
)
from audit_api.commands.standards_trial import compare_stored, diff, rerun_assessments
from audit_api.domain import deadlines
from audit_api.domain.law.adoption import Decision, recalled_in
from audit_api.services.law.adopt_edition import Adopted, adopt_edition, import_edition
from audit_api.services.law.amend import Amended, Amendment, amend_sites, amendment_of, sites_left
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.storage.base import Database, give_up
from audit_api.storage.law import amending
from audit_api.storage.law.amending import AffectedCampaign
from audit_api.storage.people import person_by_username
from audit_api.storage.sync import feed
from field_schema.catalog import Catalog, load_catalog
from field_schema.imported import changed_documents
from field_schema.proof import Mistake
from field_schema.proofreading import MAX_BYTES, proofread

SITES_A_TRANSACTION = 20
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Check and report; store nothing.")
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def standards() -> None:
    """Editions of standards: check, import, adopt, compare."""


standards.add_command(diff)
standards.add_command(rerun_assessments)


@standards.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def check(file: Path | None) -> None:
    """Check the shipped catalog, or an edition's FILE: every mistake with what to do about it."""
    with catalog_errors():
        shipped = load_catalog()
        if file is None:
            _check_shipped(shipped)
            return
        mistakes = _proofread(file, _known_catalog(shipped))
    _tell(file.name, mistakes)
    if any(not mistake.doubt for mistake in mistakes):
        raise click.exceptions.Exit(1)


def _known_catalog(shipped: Catalog) -> Catalog:
    """With what was imported, where a database is configured; checking a file needs none."""
    try:
        with open_database() as opened, opened.reading() as session:
            return CatalogKeeper(shipped).current(session)
    except click.ClickException:
        click.echo("No database at hand: checked against the shipped editions alone.", err=True)
        return shipped


def _check_shipped(catalog: Catalog) -> None:
    known = _known_catalog(catalog)
    problems = catalog.check() + changed_documents(known)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(f"{len(problems)} problems in the shipped catalog.")
    show(
        ["standard", "edition", "requirements", "of these recalled"],
        (
            [s.id, s.edition, str(len(s.requirements)), str(len(recalled_in(s)) or "-")]
            for s in known.standards.values()
        ),
    )
    click.echo(f"{len(catalog.documents())} files, each as it was released.")
    if known.imported:
        click.echo(f"{len(known.imported)} documents in the database, each as it was stored.")


def _bytes_of(file: Path) -> bytes:
    """The file's bytes; of one too large for an edition just enough to be refused as such."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _proofread(file: Path, catalog: Catalog) -> list[Mistake]:
    today = deadlines.today(datetime.now(UTC))
    with progress(f"Reading {file.name}", 1) as advance:
        return proofread(
            _bytes_of(file), catalog, today=today, progress=lambda n, of: advance(n / of)
        )


def _tell(name: str, mistakes: Sequence[Mistake]) -> None:
    for mistake in mistakes:
        word = "doubt" if mistake.doubt else "mistake"
        place = f"{name}:{mistake.line}:{mistake.column}" if mistake.line else name
        click.echo(
            f"{place}  {word}\n  {mistake.where}\n  {mistake.what}\n  -> {mistake.then}", err=True
        )
    wrong = sum(not mistake.doubt for mistake in mistakes)
    doubts = len(mistakes) - wrong
    click.echo(f"{name}: {wrong or 'no'} mistake{'s' * (wrong != 1)}, {doubts or 'no'} doubts.")


@standards.command("import")
@FILE
@click.option("--recorded-by", metavar="USERNAME", help="Whose account is noted beside it.")
@DRY_RUN
def import_file(file: Path, recorded_by: str | None, dry_run: bool) -> None:
    """Store an edition's FILE by its digest, after the same checks as `check`."""
    with catalog_errors(), transaction() as session:
        made = import_edition(
            session,
            CatalogKeeper(),
            _bytes_of(file),
            person=_person(session, recorded_by) if recorded_by else None,
            at=datetime.now(UTC),
        )
        for doubt in made.doubts:
            click.echo(f"doubt: {doubt}", err=True)
        name = f"{made.edition.id}/{made.edition.edition}"
        what = "imported" if made.new else "was there already, unchanged"
        click.echo(
            f"{name}: {what}; {len(made.edition.requirements)} requirements, sha256 {made.sha256}."
        )
        if dry_run:
            give_up(session)
            click.echo("Dry run: nothing was stored.")


def _person(session: Session, username: str) -> UUID:
    person = person_by_username(session, username)
    if person is None:
        raise click.ClickException(f"There is no person {username!r}; see `audit-api people add`.")
    return person.id


@standards.command()
@click.argument("edition", metavar="STANDARD/EDITION")
@click.option("--profile", required=True, help="The profile that adopts it.")
@click.option("--weight", required=True, type=click.Choice(["binding", "reference"]))
@click.option("--from", "since", required=True, type=DAY, help="First day in force.")
@click.option("--replaces", metavar="EDITION", help="The edition that ends the day before.")
@click.option("--number", required=True, help="The decision's number.")
@click.option("--date", "decided_on", required=True, type=DAY, help="The decision's day.")
@click.option("--by-ky", required=True, help="Who decided, in Kyrgyz.")
@click.option("--by-ru", required=True, help="Who decided, in Russian.")
@click.option("--by-en", required=True, help="Who decided, in English.")
@click.option("--recorded-by", required=True, metavar="USERNAME", help="Who records it.")
@DRY_RUN
def adopt(
    edition: str,
    profile: str,
    weight: str,
    since: datetime,
    replaces: str | None,
    number: str,
    decided_on: datetime,
    by_ky: str,
    by_ru: str,
    by_en: str,
    recorded_by: str,
    dry_run: bool,
) -> None:
    """Adopt an edition by a named decision, then judge the open campaigns of the profile by it.

    Repeat the same command to go on where it was interrupted.
    """
    standard, _, name = edition.partition("/")
    decision = Decision(
        profile,
        standard,
        name,
        weight,
        since.date(),
        replaces,
        number,
        decided_on.date(),
        {"ky": by_ky, "ru": by_ru, "en": by_en},
    )
    keeper = CatalogKeeper()
    with catalog_errors(), open_database() as opened:
        with told(), opened.writing() as session:
            before = keeper.current(session)
            person = _person(session, recorded_by)
            adopted = adopt_edition(session, keeper, decision, person=person, at=datetime.now(UTC))
            _tell_adoption(decision, adopted)
            if dry_run:
                give_up(session)
                click.echo("Dry run: nothing was stored.")
        if dry_run:
            for campaign in adopted.campaigns:
                old = before.ruleset(campaign.profile, campaign.election_day)
                new = adopted.catalog.ruleset(campaign.profile, campaign.election_day)
                compare_stored(opened, adopted.catalog, old, new, [campaign.id], None)
        else:
            _amend(opened, keeper, adopted.campaigns)


def _tell_adoption(decision: Decision, adopted: Adopted) -> None:
    edition = adopted.catalog.standards[decision.standard, decision.edition]
    what = "adopted" if adopted.new else "was adopted by this decision already"
    click.echo(
        f"{edition.id}/{edition.edition}: {what} as {decision.weight} in {decision.profile} "
        f"from {decision.since} by decision {decision.number} of {decision.decided_on}."
    )
    recalled = recalled_in(edition)
    if recalled and decision.weight == "binding":
        listed = ", ".join(recalled)
        click.echo(f"Recalled from memory, so never binding, reference only: {listed}.")
    names = ", ".join(campaign.id for campaign in adopted.campaigns)
    click.echo(f"Open campaigns that vote under it: {names or 'none'}.")


def _amend(opened: Database, keeper: CatalogKeeper, campaigns: Sequence[AffectedCampaign]) -> None:
    """Judge again until nothing is left, what was accepted meanwhile too."""
    with opened.reading() as session:
        catalog = keeper.current(session)
        amendments = [amendment_of(session, campaign, catalog) for campaign in campaigns]
    for amendment in amendments:
        if amendment is not None:
            done = _amend_campaign(opened, amendment, catalog)
            # Inspections that were judged before the adoption was committed, and commit now.
            _await_running(opened)
            done += _amend_campaign(opened, amendment, catalog)
            _tell_amended(amendment, done)


def _amend_campaign(opened: Database, amendment: Amendment, catalog: Catalog) -> Amended:
    done = Amended()
    with opened.reading() as session:
        sites = sites_left(session, amendment)
    with progress(f"Judging {amendment.campaign.id}", len(sites)) as advance:
        for first in range(0, len(sites), SITES_A_TRANSACTION):
            some = sites[first : first + SITES_A_TRANSACTION]
            with opened.writing() as session:
                done += amend_sites(session, amendment, catalog, some, at=datetime.now(UTC))
            advance(first + len(some))
    return done


def _await_running(opened: Database, seconds: int = 60) -> None:
    """Wait for the transactions that are running now; those of inspections last seconds."""
    with opened.writing() as session:
        until = feed.next_transaction(session)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with opened.reading() as session:
            if feed.horizon(session) >= until:
                return
        time.sleep(0.05)
    raise click.ClickException(
        f"A transaction has been open for {seconds} seconds; repeat the command when it has ended."
    )


def _tell_amended(amendment: Amendment, done: Amended) -> None:
    counts = (
        done.sites,
        done.inspections,
        done.superseded,
        done.followed,
        done.opened,
        done.reopened,
    )
    what = ("sites", "inspections", "superseded", "followed", "opened", "reopened")
    show(["campaign", *what], [[amendment.campaign.id, *(f"{n:,}" for n in counts)]])


SUPERSEDED = (
    "site", "site_name", "element", "requirement", "edition", "replaced_by", "decision",
    "violation", "state", "followed_by", "follower_state", "follower_due_on",
)  # fmt: skip


@standards.command()
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every superseded violation, and what follows it, to this file.",
)
def decisions(csv_path: Path | None) -> None:
    """List the decisions that adopted editions, and what they superseded."""
    with open_database() as opened, opened.reading() as session:
        rows = amending.decisions(session)
        if csv_path is not None:
            with csv_file(csv_path) as file:
                writer = csv.writer(file)
                writer.writerow(SUPERSEDED)
                writer.writerows(
                    [plain(value) for value in row]
                    for row in amending.superseded_violations(session)
                )
    what = ("as", "in", "from", "replaces", "decision", "of", "recorded by")
    show(
        ["adopted", *what, "superseded", "followed"],
        ([f"{row[0]}/{row[1]}", *("-" if v is None else str(v) for v in row[2:])] for row in rows),
    )
