"""Pages of the docs whose commands tests run as they stand there."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from audit_api.embedded.postgres import _programs


class Page:
    """A page, its blocks by language, and a shell in a folder to run them in."""

    def __init__(self, path: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.text = path.read_text(encoding="utf-8")
        self.folder = folder
        programs = f"{Path(sys.executable).parent}:{_programs()}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": programs, **environment}

    def block(self, starts: str, language: str = "bash") -> str:
        """The one block of that language that begins with these words."""
        blocks = re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.M | re.S)
        found = [block for block in blocks if block.startswith(starts)]
        assert len(found) == 1, (starts, found)
        return str(found[0])

    def run(self, starts: str, **values: str) -> str:
        """Run that block as it stands; returns what it says."""
        outcome = self.outcome(self.block(starts), **values)
        assert outcome.returncode == 0, outcome.stderr[-2000:]
        return outcome.stdout

    def outcome(self, script: str, **values: str) -> subprocess.CompletedProcess[str]:
        """Run a script by bash, which stops at the first command that fails."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - the reader's own
            cwd=self.folder,
            env=self.environment | values,
            capture_output=True,
            text=True,
            check=False,
        )
