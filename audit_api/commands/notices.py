"""`audit-api notices`: who gets notices by e-mail, and what became of them."""

from datetime import UTC, datetime

import click

from audit_api.commands.console import open_database, show, transaction
from audit_api.services.manage_people import set_email
from audit_api.storage.events.notices import list_notices
from audit_api.storage.people import person_by_username


@click.group()
def notices() -> None:
    """Notices by e-mail."""


@notices.command("address")
@click.argument("username")
@click.argument("email", required=False)
@click.option("--on/--off", "wanted", default=True, help="Whether mail is sent to it.")
def address(username: str, email: str | None, wanted: bool) -> None:
    """Give a person an e-mail address, or without one take it away; switch their mail on or off."""
    with transaction() as session:
        person = person_by_username(session, username)
        if person is None:
            raise click.ClickException(f"There is no person {username!r}.")
        if email is None and not wanted:
            email = person.email
        set_email(session, person, email, wanted=wanted, at=datetime.now(UTC))
        told = f"mail {'to' if wanted else 'off, address'} {email}" if email else "no address"
    click.echo(f"{username}: {told}.")


@notices.command("list")
@click.option("--username", help="Of this person only.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
def list_them(username: str | None, limit: int) -> None:
    """What was sent and is to be sent, newest first."""
    with open_database() as opened, opened.reading() as session:
        rows = [
            [made.isoformat(timespec="seconds"), *(str(cell or "") for cell in cells)]
            for made, *cells in list_notices(session, username, limit)
        ]
    show(("made", "person", "kind", "state", "attempts", "code", "what went wrong"), rows)
