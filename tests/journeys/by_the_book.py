"""What docs/backups.md tells the operator to do, done with its own commands."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from audit_api.settings import Settings
from tests.cli.conftest import environment_of
from tests.pages import Page

PROJECT = Path(__file__).parents[2]


def _page(environment: Mapping[str, str]) -> Page:
    return Page(PROJECT / "docs" / "backups.md", PROJECT, environment)


def backed_up(
    settings: Settings | Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Back up into a folder as the page says; the settings may be an environment, too."""
    page = _page(environment_of(settings) if isinstance(settings, Settings) else settings)
    return page.outcome(page.block("docs/deploy/backup.sh"), FOLDER=str(folder))


def restored(settings: Settings, folder: Path) -> subprocess.CompletedProcess[str]:
    """Restore into the empty services of these settings as the page says, and prove it."""
    page = _page(environment_of(settings))
    return page.outcome(page.block("docs/deploy/restore.sh"), FOLDER=str(folder))
