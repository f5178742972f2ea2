"""`audit-api backup photos` and `put-back`: the originals in a folder beside the dump."""

from collections.abc import Iterable
from pathlib import Path

import click

from audit_api.commands.console import open_database, told
from audit_api.services.evidence.copy_originals import Copied, copy_originals, put_back
from audit_api.settings import Settings, SettingsError
from audit_api.storage.evidence.photo_store import BucketUnavailable, PhotoStore

FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.command("photos")
@FOLDER
def photos(folder: Path) -> None:
    """Copy into FOLDER every original that it lacks; each is hashed on its way. After the dump."""
    with told(), open_database() as opened:
        _run(copy_originals(opened, _store(), folder), folder)


@click.command("put-back")
@FOLDER
def put_photos_back(folder: Path) -> None:
    """Put the originals in FOLDER into the bucket; nothing that is there is written over."""
    if not (folder / "originals").is_dir():
        raise click.ClickException(
            f"{folder} has no folder `originals`: it is no copy of the bucket."
        )
    with told(), open_database() as opened:
        _run(put_back(opened, _store(), folder), folder)


def _store() -> PhotoStore:
    try:
        return PhotoStore(Settings.from_env().s3)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _run(pages: Iterable[Copied], folder: Path) -> None:
    looked_at, copied, wrong = 0, 0, 0
    try:
        for page in pages:
            looked_at += page.looked_at
            copied += page.copied
            wrong += len(page.faults)
            for fault in page.faults:
                click.echo(fault, err=True)
    except BucketUnavailable as error:
        raise click.ClickException(
            f"The bucket does not answer ({error}); {looked_at} originals were looked at until "
            "then. Run it again: what was copied stays."
        ) from None
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}.") from None
    said = f"{looked_at} originals, {copied} of them copied now"
    if wrong:
        raise click.ClickException(f"{said}; {wrong} are not what they should be.")
    click.echo(f"{said}; all have the bytes that their hash says.")
