"""`audit-api campaigns`: what happens to a campaign as a whole."""

from datetime import UTC, date, datetime

import click

from audit_api.commands.console import DryRunEnds, transaction
from audit_api.services.places.move_election_day import ElectionDayMoved, move_election_day


@click.group()
def campaigns() -> None:
    """Campaigns."""


@campaigns.command("move-election-day")
@click.argument("campaign")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--by", required=True, help="The coordinator or administrator who decides.")
@click.option("--reason", required=True, help="The decision that moved it: whose, number, day.")
@click.option("--dry-run", is_flag=True, help="Show every deadline it changes; store nothing.")
def move(campaign: str, day: datetime, by: str, reason: str, dry_run: bool) -> None:
    """Move election day and give notice of every deadline that it changes.

    Served deadlines keep their day; the notice stands beside them and counts from now on. With
    the day as it is: notices for what a corrected calendar makes due otherwise.
    """
    new: date = day.date()
    try:
        with transaction() as session:
            moved = move_election_day(
                session, campaign, new, by=by, reason=reason, at=datetime.now(UTC)
            )
            _tell(campaign, moved)
            if dry_run:
                raise DryRunEnds
    except DryRunEnds:
        click.echo("Dry run: nothing was stored.")


def _tell(campaign: str, moved: ElectionDayMoved) -> None:
    if moved.nothing:
        click.echo(f"{campaign}: election day is {moved.day} and no deadline changes.")
        return
    click.echo(f"{campaign}: election day {moved.was} -> {moved.day}")
    for milestone in moved.milestones:
        click.echo(f"milestone {milestone.id}: {milestone.was} -> {milestone.day}")
    for task in moved.tasks:
        click.echo(
            f"task {task.id}, {task.territory}, station {task.station}, {task.element}, "
            f"{task.track}: {task.was} -> {task.due_on}"
        )
    click.echo(f"{len(moved.tasks)} notices.")
    if moved.assignments_after:
        click.echo(f"{moved.assignments_after} assignments are due after {moved.day}: see to them.")
