"""`audit-api tablet`: a tablet in a folder, for trying the protocol and for those who write an app.

It needs no settings of the server: it talks to one over HTTP alone.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from audit_api.tablet.client import Tablet
from audit_api.tablet.errors import Refused, TabletError
from audit_api.tablet.inspection_file import body_of, read_inspection, read_object
from audit_api.tablet.link import Patience
from audit_api.tablet.telling import (
    describe,
    tell_enrolled_again,
    tell_owed,
    tell_status,
    tell_sync,
)

FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tablet"),
    show_default=True,
    help="Where the tablet keeps everything.",
)
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
TRIES = click.option(
    "--tries",
    type=click.IntRange(1, 100),
    default=6,
    show_default=True,
    help="How often a request is tried before it is left for another time.",
)


@contextmanager
def _told() -> Iterator[None]:
    """What a tablet cannot do, as a message."""
    try:
        yield
    except TabletError as error:
        raise click.ClickException(str(error)) from None


@click.group()
def tablet() -> None:
    """A tablet: capture work without a network, hand it in when there is one."""


@tablet.command()
@click.argument("base_url")
@click.argument("code")
@click.option("--name", required=True, help="What the headquarters shall call it.")
@FOLDER
def enrol(base_url: str, code: str, name: str, folder: Path) -> None:
    """Enrol a tablet at BASE_URL with a one-time CODE."""
    with _told(), Tablet.enrol(folder, base_url, code, name) as made:
        identity = made.store.identity
        click.echo(f"Enrolled for {identity['owner']} as {identity['device']}. Next: sync.")


@tablet.command("enrol-again")
@click.argument("code")
@click.option("--name", help="What the headquarters shall call it; else as before.")
@FOLDER
def enrol_again(code: str, name: str | None, folder: Path) -> None:
    """Go on with a new one-time CODE: the tablet was revoked, or got another owner.

    Its unsent work is kept. Of the same person it goes out under the new device; of another one
    it stays here until that person has a code again.
    """
    with _told(), Tablet(folder) as opened:
        tell_enrolled_again(opened.enrol_again(code, name=name), click.echo)
        tell_owed(opened, click.echo)


@tablet.command()
@FILE
@click.option(
    "--kind",
    type=click.Choice(["inspection", "site", "element", "task"]),
    default="inspection",
    show_default=True,
)
@click.option("--id", "entity", help="What it makes or changes; a new inspection needs none.")
@click.option("--corrects", type=int, help="The revision that a correction was made from.")
@click.option("--after", help="The operation, not yet answered, that this one edits.")
@click.option("--group", help="Operations of one group are applied together or not at all.")
@FOLDER
def capture(
    file: Path,
    kind: str,
    entity: str | None,
    corrects: int | None,
    after: str | None,
    group: str | None,
    folder: Path,
) -> None:
    """Keep an inspection, or a site, element or task edit, from a JSON FILE."""
    base: dict[str, Any] | None = {"rev": corrects} if corrects is not None else None
    if after is not None:
        base = {"op": after}
    if kind != "inspection" and entity is None:
        raise click.UsageError(f"--id says which {kind} it changes.")
    with _told(), Tablet(folder) as opened:
        if kind == "inspection":
            read = read_inspection(file, opened.clock.read())
            body, originals = read.body, read.originals
        else:
            body, originals = body_of(read_object(file)), ()
        made = opened.capture(
            body,
            entity=entity or str(uuid4()),
            kind=kind,
            originals=originals,
            base=base,
            group=group,
        )
    click.echo(f"Kept as operation {made.op} (number {made.seq}), {kind} {made.entity}.")


@tablet.command()
@click.argument("op")
@FOLDER
def show(op: str, folder: Path) -> None:
    """Print what was kept as operation OP, to mend it or to look it up."""
    with _told(), Tablet(folder) as opened:
        click.echo(json.dumps(json.loads(opened.find(op).body), ensure_ascii=False, indent=2))


@tablet.command()
@click.argument("op")
@FILE
@FOLDER
def mend(op: str, file: Path, folder: Path) -> None:
    """Put the mended JSON FILE in the place of the rejected operation OP."""
    with _told(), Tablet(folder) as opened:
        old = opened.find(op)
        originals: tuple[bytes, ...] = ()
        if old.kind == "inspection":
            read = read_inspection(file, opened.clock.read(), earlier=json.loads(old.body))
            body, originals = read.body, read.originals
        else:
            body = body_of(read_object(file))
        made = opened.mend(op, body, originals=originals)
    click.echo(f"Kept as operation {made.op} (number {made.seq}). Next: sync.")


@tablet.command()
@FOLDER
@TRIES
@click.option(
    "--delete-durable",
    is_flag=True,
    help="Delete originals that the server holds in a signed checkpoint and a backup.",
)
def sync(folder: Path, tries: int, delete_durable: bool) -> None:
    """Hand in what was done, hand over photos, pull what changed, take receipts."""
    with _told(), Tablet(folder, patience=Patience(tries=tries)) as opened:
        try:
            report = opened.sync(delete_durable=delete_durable)
        except Refused as error:
            if error.status != 401:
                raise
            raise click.ClickException(
                f"{error}\nThe work stays in {folder}. Ask the headquarters for a code and run "
                "`audit-api tablet enrol-again CODE`."
            ) from None
        tell_sync(report, click.echo)
        tell_owed(opened, click.echo)


@tablet.command()
@FOLDER
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def status(folder: Path, as_json: bool) -> None:
    """Say what the tablet holds and what it still owes."""
    with _told(), Tablet(folder) as opened:
        if as_json:
            click.echo(json.dumps(describe(opened), ensure_ascii=False, indent=2))
        else:
            tell_status(opened, click.echo)
