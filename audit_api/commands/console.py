"""What every command of the console does: open the database, and tell errors in words."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from audit_api.domain.errors import DomainError
from audit_api.settings import Settings, SettingsError
from audit_api.storage.base import Database, make_engine
from field_schema.errors import CatalogError

_PLAIN_WIDTH = 200
"""Columns of a table that goes into a file."""


class DryRunEnds(Exception):
    """Ends a transaction without committing."""


@contextmanager
def open_database() -> Iterator[Database]:
    """The settings' database; what it refuses becomes a message."""
    try:
        opened = Database(make_engine(Settings.from_env()))
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    try:
        yield opened
    except DBAPIError as error:
        # What the driver says, without the statement and its values.
        raise click.ClickException(f"The database refused: {error.orig}".strip()) from None
    finally:
        opened.engine.dispose()


@contextmanager
def told() -> Iterator[None]:
    """A domain error becomes a message with every fault on a line."""
    try:
        yield
    except DomainError as error:
        for fault in error.faults:
            click.echo(f"{fault.pointer}: {fault.detail}", err=True)
        raise click.ClickException(error.detail) from None


@contextmanager
def transaction() -> Iterator[Session]:
    """One writing transaction of the settings' database, its errors told."""
    with told(), open_database() as opened, opened.writing() as session:
        yield session


def show(title: Sequence[str], rows: Iterable[Sequence[str]], total: Sequence[str] = ()) -> None:
    """Print a table; `total` stands below a line."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for n, name in enumerate(title):
        table.add_column(name, no_wrap=True, justify="left" if n == 0 else "right")
    for row in rows:
        table.add_row(*row)
    if total:
        table.add_section()
        table.add_row(*total)
    # Made anew for each command: it writes to where the command's output goes.
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    console.print(table)


@contextmanager
def progress(what: str, total: float) -> Iterator[Any]:
    """A bar on the error output, so that the output itself can be kept; gives `advance(to)`."""
    text, bar_column = TextColumn("{task.description}"), BarColumn()
    console = Console(stderr=True)
    hidden = not console.is_terminal
    columns = (text, bar_column, TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=total or 1)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def catalog_errors() -> Iterator[None]:
    """An error of the catalog becomes a message."""
    try:
        yield
    except CatalogError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def csv_file(path: Path | None) -> Iterator[TextIO]:
    """A file for CSV as Excel reads it; without a path, one that forgets everything."""
    if path is None:
        yield io.StringIO()
        return
    try:
        # With the mark that makes Excel read it as UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None


def plain(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
