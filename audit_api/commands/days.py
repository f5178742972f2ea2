"""`audit-api days`: the calendar that deadlines in working days are counted by."""

from datetime import UTC, date, datetime

import click

from audit_api.commands.console import open_database, told, transaction
from audit_api.domain.working_days import DayKind
from audit_api.services.places.correct_day import correct_day
from audit_api.storage.places.day_corrections import corrected_days


@click.group()
def days() -> None:
    """Working days of Kyrgyzstan."""


@days.command("list")
@click.argument("year", type=click.IntRange(2021, 2100))
def list_days(year: int) -> None:
    """Show the days off of a year that are no ordinary weekend."""
    with told(), open_database() as opened, opened.reading() as session:
        found = corrected_days(session).days_off(year)
    for day, why in found:
        click.echo(f"{day:%Y-%m-%d %a}  {why}")


@days.command("correct")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("kind", type=click.Choice([kind.value for kind in DayKind]))
@click.option("--by", required=True, help="The administrator who decides, by user name.")
@click.option("--reason", required=True, help="The announcement: who, when.")
def correct(day: datetime, kind: str, by: str, reason: str) -> None:
    """Say that a day is `off` or `working`, or again as `computed`: an Ait, a moved day of rest.

    Deadlines that were given before stay as they are.
    """
    which: date = day.date()
    with transaction() as session:
        changed = correct_day(
            session, which, DayKind(kind), by=by, reason=reason, at=datetime.now(UTC)
        )
    click.echo(f"{which}: {kind}{'' if changed else ' already'}.")
