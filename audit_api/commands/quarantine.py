"""`audit-api quarantine`: try again what was held only because something had not arrived."""

from collections import Counter
from datetime import UTC, datetime

import click

from audit_api.commands.console import catalog_errors, open_database
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.sync.replay_held import replay_held


@click.group()
def quarantine() -> None:
    """What is held back."""


@quarantine.command()
@click.option("--dry-run", is_flag=True, help="Say what would come of it; store nothing.")
def replay(dry_run: bool) -> None:
    """Try again what waits for a form, a kind of operation, a standard, or an operation it edits.

    The worker does the same every few minutes. Repeating it is harmless.
    """
    counted: Counter[str] = Counter()
    with catalog_errors(), open_database() as opened:
        tries = replay_held(opened, CatalogKeeper(), at=datetime.now(UTC), dry_run=dry_run)
        for tried in tries:
            if tried.result is None:
                continue
            status = tried.result.status.value
            reason = tried.result.details.get("reason")
            counted[status] += 1
            click.echo(f"{tried.op} {status}{f' ({reason})' if reason else ''}")
    told = ", ".join(f"{n} {status}" for status, n in sorted(counted.items())) or "nothing waits"
    click.echo(f"{'Would be: ' if dry_run else ''}{told}.")
