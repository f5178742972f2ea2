"""`audit-api photos`: originals that no row knows."""

from datetime import UTC, datetime

import click

from audit_api.commands.console import open_database, told
from audit_api.domain.vocabulary import Role
from audit_api.services.evidence.orphans import delete_orphan, orphans
from audit_api.settings import Settings, SettingsError
from audit_api.storage.evidence.photo_store import BucketUnavailable, PhotoStore
from audit_api.storage.people import holds_role, person_by_username


@click.group()
def photos() -> None:
    """Originals in the bucket."""


@photos.command("orphans")
@click.option("--delete", is_flag=True, help="Delete them: needs --by and --reason.")
@click.option("--by", metavar="USERNAME", help="The administrator who decides it.")
@click.option("--reason", help="Why; it stands in the audit log.")
def list_orphans(delete: bool, by: str | None, reason: str | None) -> None:
    """List originals that are older than seven days and that no row knows.

    After a restore from an older backup these may be evidence whose rows were lost: wait until
    every tablet has handed in again. The server's own account cannot delete; run this with
    S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY of one that can.
    """
    if delete and not (by and reason and reason.strip()):
        raise click.UsageError("--delete needs --by and --reason: it is a person's decision.")
    try:
        store = PhotoStore(Settings.from_env().s3)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    number = size = 0
    with told(), open_database() as opened:
        person = None
        if delete:
            with opened.reading() as session:
                found = person_by_username(session, by or "")
                if found is None or not holds_role(session, found.id, Role.ADMINISTRATOR):
                    raise click.ClickException(f"{by} is no administrator here.")
                person = found.id
        try:
            for orphan in orphans(opened, store, at=datetime.now(UTC)):
                gone = ""
                if person is not None:
                    with opened.writing() as session:
                        done = delete_orphan(
                            session,
                            store,
                            orphan,
                            person=person,
                            reason=reason or "",
                            at=datetime.now(UTC),
                        )
                    gone = "  deleted" if done else "  has a row now: kept"
                click.echo(
                    f"{orphan.sha256.hex()}  {orphan.bytes} bytes  "
                    f"{orphan.stored_at:%Y-%m-%d}{gone}"
                )
                number, size = number + 1, size + orphan.bytes
        except BucketUnavailable as error:
            raise click.ClickException(
                f"The bucket does not answer, or refuses ({error}); {number} were looked at. "
                "Run it again."
            ) from None
    click.echo(f"{number} orphans, {size} bytes.")
