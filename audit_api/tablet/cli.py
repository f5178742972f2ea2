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

from audit_api.tablet.client import SyncReport, Tablet
from audit_api.tablet.errors import Refused, TabletError
from audit_api.tablet.inspection_file import body_of, read_inspection, read_object
from audit_api.tablet.link import Patience
from audit_api.tablet.outbox import Operation

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
@FILE
@FOLDER
def mend(op: str, file: Path, folder: Path) -> None:
    """Put the mended JSON FILE in the place of the rejected operation OP."""
    with _told(), Tablet(folder) as opened:
        made = opened.mend(op, body_of(read_object(file)))
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
                f"{error}\nThe work stays in {folder}. Have the tablet enrolled into a new folder."
            ) from None
        _tell_sync(report)
        _tell_owed(opened)


def _tell_sync(report: SyncReport) -> None:
    statuses = ", ".join(f"{n} {status}" for status, n in sorted(report.pushed.statuses.items()))
    click.echo(f"Handed in: {statuses or 'nothing was waiting'}.")
    for refusal in report.pushed.refused:
        click.echo(f"The server could not read {refusal}")
    click.echo(f"Photos handed over: {report.photos.count} ({report.photos.bytes} bytes).")
    if report.revoked:
        click.echo(
            "This tablet is revoked: the server keeps what it hands in, and shows it nothing. "
            "Ask the headquarters to enrol it anew."
        )
        return
    restored = " The server was restored from a backup." if report.pulled.restored else ""
    click.echo(f"Pulled: {report.pulled.items} changes.{restored}")
    click.echo(f"Durable receipts: {report.durable}; originals deleted: {len(report.deleted)}.")


@tablet.command()
@FOLDER
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def status(folder: Path, as_json: bool) -> None:
    """Say what the tablet holds and what it still owes."""
    with _told(), Tablet(folder) as opened:
        if as_json:
            click.echo(json.dumps(describe(opened), ensure_ascii=False, indent=2))
            return
        identity = opened.store.identity
        click.echo(
            f"{identity['name']} ({identity['device']}) of {identity['owner']} "
            f"at {identity['base_url']}, last contact {identity['last_contact'] or 'never'}."
        )
        _tell_owed(opened)
        held = ", ".join(f"{n} {kind}s" for kind, n in describe(opened)["held"].items())
        click.echo(f"Held: {held or 'nothing pulled yet'}.")


def describe(opened: Tablet) -> dict[str, Any]:
    """What a tablet owes and holds, as JSON members."""
    count = opened.store.rows
    return {
        "device": opened.store.identity["device"],
        "last_contact": opened.store.identity["last_contact"],
        "owes": opened.holds(),
        "operations": {
            row["state"]: row["n"]
            for row in count("select state, count(*) n from operation group by state")
        },
        "durable": opened.store.value("select count(durable) from operation"),
        "photos": {
            row["state"]: row["n"]
            for row in count("select state, count(*) n from photo group by state")
        },
        "held": {
            row["kind"]: row["n"]
            for row in count("select kind, count(distinct id) n from item group by kind")
        },
    }


def _tell_owed(opened: Tablet) -> None:
    owes = opened.holds()
    if owes["operations"] or owes["photos"]:
        click.echo(
            f"Owed: {owes['operations']} operations, "
            f"{owes['photos']} photos ({owes['photo_bytes']} bytes)."
        )
    else:
        click.echo("Owed: nothing.")
    for operation in opened.operations("waiting", "rejected", "conflict", "quarantined"):
        _tell_operation(operation)
    for row in opened.store.rows(
        "select sha256, problem from photo where problem is not null order by sha256"
    ):
        click.echo(f"Photo {row['sha256']}: {row['problem']}")


def _tell_operation(operation: Operation) -> None:
    said = operation.said or {}
    reasons = [f"{p.get('pointer')}: {p.get('detail')}" for p in said.get("problems", ())]
    reasons += [said[name] for name in ("detail", "waits_for") if name in said]
    next_step = {
        "rejected": " Mend it: `audit-api tablet mend`.",
        "conflict": " Supervision decides.",
        "quarantined": " Supervision decides.",
    }.get(operation.state, "")
    click.echo(
        f"  {operation.seq} {operation.kind} {operation.op}: {operation.state}."
        f"{next_step}{''.join(f' {reason}' for reason in reasons)}"
    )
