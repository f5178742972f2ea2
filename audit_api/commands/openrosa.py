"""`audit-api openrosa`: ODK Collect, its keys and its forms."""

import hashlib
import json
from datetime import date, datetime
from pathlib import Path

import click

from audit_api.commands.console import catalog_errors
from field_schema.catalog import load_catalog
from field_schema.xform_visit import visit_of
from field_schema.xforms import FOLDER, PUBLISHED


@click.group()
def openrosa() -> None:
    """ODK Collect and KoboCollect."""


@openrosa.command("release-forms")
@click.argument("profile")
@click.option(
    "--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day whose law is shown."
)
def release_forms(profile: str, on: datetime) -> None:
    """Make the XForms that are missing for PROFILE, and note their digests: run it at a release.

    What is released stays as it is. Needs pyxform, which a server does not have.
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
    day: date = on.date()
    with catalog_errors():
        catalog = load_catalog()
        ruleset = catalog.ruleset(profile, day)
    for form in catalog.forms.values():
        name = f"{profile}/{form.id}/v{form.version}.xml"
        if name in index["files"] or form.only_required:
            continue
        workbook = visit_of(form, ruleset.rules, catalog.measures).workbook
        made = str(convert(dict(workbook)).xform).encode()
        path: Path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
        index["files"][name] = {
            "sha256": hashlib.sha256(made).hexdigest(),
            "on": day.isoformat(),
        }
        click.echo(f"{name}: {len(made)} bytes")
    index["files"] = dict(sorted(index["files"].items()))
    index_file.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
