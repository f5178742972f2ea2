"""`audit-api checkpoint`, `backup` and `receipt`: the log, backup marks, checking receipts."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from audit_api.commands.console import open_database, told, transaction
from audit_api.commands.photo_copies import photos, put_photos_back
from audit_api.domain.evidence.receipts import NoReceipt, Receipt, is_genuine
from audit_api.domain.evidence.signing import SEED_BYTES, Signer, key_id
from audit_api.services.evidence.back_up import begin_backup, finish_backup
from audit_api.services.evidence.keep_log import Signed, take_checkpoint
from audit_api.services.evidence.verify_log import KeptNote, verify_log, verify_originals
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import BucketUnavailable, PhotoStore

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@click.pass_context
def checkpoint(context: click.Context) -> None:
    """Add what is new to the log and sign a checkpoint; prints it."""
    if context.invoked_subcommand is None:
        with told(), open_database() as opened:
            signed = sign_all(opened, _signer())
        click.echo(signed.note, nl=False)


def sign_all(opened: Database, signer: Signer) -> Signed:
    """Checkpoints until everything final is in the log, each in a transaction of its own."""
    while True:
        with opened.writing() as session:
            signed = take_checkpoint(session, signer, at=datetime.now(UTC))
        if not signed.more:
            return signed


def _signer() -> Signer:
    return Signer(Settings.from_env().receipt_signing_key)


@checkpoint.command("verify")
@click.option("--note", "notes", multiple=True, type=FILE, help="A checkpoint kept elsewhere.")
@click.option("--no-photos", is_flag=True, help="Do not read the originals in the bucket.")
def verify(notes: tuple[Path, ...], no_photos: bool) -> None:
    """Hash everything anew: leaves, bodies, originals; hold every signed checkpoint against it."""
    kept = [KeptNote(path.name, path.read_text(encoding="utf-8")) for path in notes]
    with told(), open_database() as opened:
        with opened.snapshot() as session:
            verified = verify_log(session, kept)
        faults = len(verified.faults)
        _tell(verified.faults)
        looked = f"{verified.leaves} leaves under {verified.checkpoints} checkpoints"
        if not no_photos:
            originals, wrong = _verify_originals(opened)
            faults += wrong
            looked += f", {originals} originals in the bucket"
    if faults:
        raise click.ClickException(
            f"{looked}: this is not what was signed. Keep this database, the bucket and their "
            "backups as they are, and find out who wrote to them."
        )
    click.echo(f"{looked}: all as they were signed.")


def _tell(faults: Iterable[str]) -> None:
    for fault in faults:
        click.echo(fault, err=True)


def _verify_originals(opened: Database) -> tuple[int, int]:
    """How many originals were read, and how many of them are not what they should be."""
    originals, wrong = 0, 0
    try:
        for count, faults in verify_originals(opened, PhotoStore(Settings.from_env().s3)):
            originals += count
            wrong += len(faults)
            _tell(faults)
    except BucketUnavailable as error:
        raise click.ClickException(
            f"The bucket does not answer ({error}); {originals} originals were read until then. "
            "Run it again, or with --no-photos."
        ) from None
    return originals, wrong


@click.group()
def backup() -> None:
    """Say when a backup begins and when it is done: durable receipts rest on it."""


@backup.command("begin")
def begin() -> None:
    """Sign a checkpoint and print a token. Make the dump next, then copy the bucket."""
    with told(), open_database() as opened:
        signed = sign_all(opened, _signer())
        with opened.writing() as session:
            token = begin_backup(session, signed, at=datetime.now(UTC))
    click.echo(token)


@backup.command("done")
@click.argument("token")
def done(token: str) -> None:
    """Record that the dump and the copy of the bucket begun with TOKEN are safe elsewhere."""
    with transaction() as session:
        size = finish_backup(session, token, at=datetime.now(UTC))
    click.echo(f"{token}: recorded; {size} entries of the log have a backup.")


backup.add_command(photos)
backup.add_command(put_photos_back)


@click.group()
def receipt() -> None:
    """Receipts that the server gave."""


@receipt.command("verify")
@click.argument("file", type=FILE)
@click.option("--keys", required=True, type=FILE, help="What /api/v1/receipts/keys answered.")
def verify_receipts(file: Path, keys: Path) -> None:
    """Check every receipt in FILE: a receipt, or an answer with receipts in it. Asks no server."""
    known = _keys(_read(keys), keys.name)
    found, false = 0, 0
    for said in _receipts(_read(file)):
        found += 1
        try:
            read, signature = Receipt.from_json(said)
            right = is_genuine(read, signature, known)
            click.echo(f"{read.op} {read.level}: {'genuine' if right else 'NOT GENUINE'}")
        except NoReceipt as error:
            right = False
            click.echo(f"NO RECEIPT: {error}")
        false += not right
    if not found:
        raise click.ClickException(f"{file.name} holds no receipt.")
    if false:
        raise click.ClickException(f"{false} of {found} receipts cannot be relied on.")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{path.name} is no JSON: {error}.") from None


def _keys(said: Any, name: str) -> dict[str, bytes]:
    """Public keys by their id, which is made from them and not believed."""
    try:
        raw = [bytes.fromhex(item["public_key"]) for item in said["items"]]
    except (TypeError, KeyError, ValueError):
        raw = []
    if not raw or any(len(public_key) != SEED_BYTES for public_key in raw):
        raise click.ClickException(
            f"{name} holds no keys. Save what /api/v1/receipts/keys answers as it is."
        )
    return {key_id(public_key): public_key for public_key in raw}


def _receipts(said: Any) -> Iterator[Any]:
    """The receipts in an answer of push or of /sync/receipts; what is neither is one itself."""
    if isinstance(said, dict) and isinstance(said.get("items"), list):
        yield from said["items"]
    elif isinstance(said, dict) and isinstance(said.get("results"), list):
        yield from (
            result["receipt"]
            for result in said["results"]
            if isinstance(result, dict) and "receipt" in result
        )
    else:
        yield said
