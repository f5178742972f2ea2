"""`audit-api openrosa`: ODK Collect, its keys and its forms."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from audit_api.commands.console import catalog_errors, show, transaction
from audit_api.services.collect_settings import qr_image, server_of, settings_text
from audit_api.services.openrosa_keys import make_key, revoke_by_console
from audit_api.storage.oversight.collect_keys import openrosa_keys
from audit_api.storage.people import Person, person_by_username
from field_schema.catalog import load_catalog
from field_schema.xform_visit import visit_of
from field_schema.xforms import (
    FOLDER,
    PUBLISHED,
    asks_before_first,
    file_of,
    newest_on,
    read_releases,
    same_but_version,
)


@click.group()
def openrosa() -> None:
    """ODK Collect and KoboCollect."""


def _person(session: Session, username: str) -> Person:
    person = person_by_username(session, username)
    if person is None:
        raise click.ClickException(f"There is no person {username!r}.")
    return person


@openrosa.command("key")
@click.option("--for", "username", required=True, help="The inspector's user name.")
@click.option("--by", required=True, help="The administrator who makes it, for the audit log.")
@click.option("--server", required=True, help="Where tablets reach it: https://audit.example.kg")
@click.option("--name", help="What the device is called in the list of tablets.")
@click.option(
    "--qr",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the settings QR there: a .png or .svg file.",
)
def key(username: str, by: str, server: str, name: str | None, qr: Path | None) -> None:
    """Make a key of ODK Collect. It is shown once; the QR code holds it."""
    if qr is not None and qr.suffix not in (".png", ".svg"):
        raise click.ClickException(f"{qr} is no .png or .svg file.")
    with transaction() as session:
        person, author = _person(session, username), _person(session, by)
        made = make_key(session, person, by=author.id, name=name, at=datetime.now(UTC))
        server_url = server_of(server, made.token)
        text = settings_text(server_url, project=made.device.name)
        if qr is not None:
            try:
                qr.write_bytes(qr_image(text, qr.suffix[1:]))
            except OSError as error:
                raise click.ClickException(
                    f"{qr} cannot be written: {error.strerror}. No key was made."
                ) from None
    click.echo(f"{made.device.name}, device {made.device.id}")
    if qr is not None:
        click.echo(f"Its QR code, which sets the app up, is in {qr}.")
    click.echo(server_url)


@openrosa.command("keys")
@click.option("--for", "username", help="Only this person's.")
def keys(username: str | None) -> None:
    """List the keys: device, owner, when made, when last heard of, when revoked."""
    with transaction() as session:
        rows = openrosa_keys(session, username)
    show(("device", "owner", "name", "made", "last contact", "revoked"), rows)


@openrosa.command("revoke")
@click.argument("device", type=click.UUID)
@click.option("--by", required=True, help="The coordinator or administrator who decides.")
@click.option("--reason", required=True, help="Why: lost, replaced, left.")
def revoke(device: UUID, by: str, reason: str) -> None:
    """Revoke the key of DEVICE: it reads nothing more, and hands in to quarantine only."""
    with transaction() as session:
        author = _person(session, by).id
        made = revoke_by_console(session, device, by=author, reason=reason, at=datetime.now(UTC))
    click.echo(f"{device}: {'revoked' if made else 'was revoked before'}.")


@openrosa.command("release-forms")
@click.argument("profile")
@click.option(
    "--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day whose law is shown."
)
@click.option("--form", "only", multiple=True, help="Only this form: station/2. All of them else.")
def release_forms(profile: str, on: datetime, only: tuple[str, ...]) -> None:
    """Make the XForms of PROFILE by the law of a day, and note their digests: run it at a release.

    A form whose last release says the same gets no new one, and what is released stays as it is.
    Needs pyxform, which a server does not have.
    """
    try:
        from pyxform.xls2xform import convert
    except ImportError:
        raise click.ClickException(
            "pyxform is not installed: forms are made where the program is developed. "
            "Install the extra `dev`."
        ) from None
    index_file = FOLDER / PUBLISHED
    index = json.loads(index_file.read_bytes())
    with catalog_errors():
        catalog = load_catalog()
        law = catalog.ruleset(profile, on.date())
        released = read_releases(FOLDER)
    new: dict[str, bytes] = {}
    for key in only or catalog.forms:
        form = catalog.forms.get(key)
        if form is None:
            raise click.ClickException(
                f"There is no form {key!r}, only {', '.join(catalog.forms)}."
            )
        name = file_of(form.id, form.version, profile, law.on)
        workbook = visit_of(form, law, catalog.measures, catalog.standards).workbook
        xform = str(convert(dict(workbook)).xform)
        # A form about one thing begins with it.
        made = (asks_before_first(xform) if len(form.sections) > 1 else xform).encode()
        stands = newest_on(released.get((profile, form.key), ()), law.on)
        if stands is not None and same_but_version(stands.data, made):
            click.echo(f"{name}: says the same as {stands.version}, which stays")
            continue
        if name in index["files"]:
            raise click.ClickException(
                f"{name} is released with other content, and what is released never changes. "
                "Release the forms on another day: the law's day is a part of their version."
            )
        new[name] = made
    for name, made in new.items():
        path: Path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
        index["files"][name] = hashlib.sha256(made).hexdigest()
        click.echo(f"{name}: {len(made)} bytes")
    index["files"] = dict(sorted(index["files"].items()))
    index_file.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
