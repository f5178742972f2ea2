"""The lawyer's page is done as written: its commands run, and say what it says they say."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.lawful import Lawful

PAGE = Path(__file__).parents[2] / "docs" / "standards.md"
PASSWORD = "a password for the page\n" * 2
RULE = re.compile(r"[─\s]+")


@pytest.fixture
def law(law: Cli, lawful: Lawful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line in a folder with the project's docs, on what changes as the page tells."""
    lawful.ramp("near-1", 850)
    lawful.ramp("near-2", 910)
    lawful.ramp("far-1", 1000, edge=20)
    lawful.ramp("far-2", 1000, run=(300, 3300))
    (tmp_path / "docs").symlink_to(PAGE.parent)
    monkeypatch.chdir(tmp_path)
    return law


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each command of the page with the lines that follow it."""
    text = PAGE.read_text().replace("kg-jk-2021", "kg-test-2021")
    text = re.sub(r"kg-demo-\d{4}", "kg-demo-2021", text)  # the profile of the tests' campaign
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for step in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            command, *said = step.splitlines()
            yield command, said


def plain(lines: list[str]) -> list[str]:
    """Lines without what differs between the demonstration and this world: numbers and widths."""
    found = (" ".join(re.sub(r"\d[\d,]*", "#", line).split()) for line in lines)
    return [line for line in found if not RULE.fullmatch(line) and line]


def run(law: Cli, command: str) -> list[str]:
    words = shlex.split(command)
    if words[0] != "audit-api":
        done = subprocess.run(["sh", "-c", command], capture_output=True, check=True)  # noqa: S607
        return done.stdout.decode("utf-8-sig").splitlines()
    outcome = law(*words[1:], typed=PASSWORD if "add" in words else "")
    expected = 1 if "mine.json" in words else 0
    assert outcome.exit_code == expected, outcome.output
    # What is typed at a prompt stands in the output of a test, not on a screen.
    prompts = ("Password:", "Repeat for confirmation:")
    return [line for line in outcome.output.splitlines() if not line.startswith(prompts)]


def test_the_page_is_done_as_written(law: Cli) -> None:
    for command, said in steps():
        if not command.startswith(". var/demo"):
            assert plain(run(law, command)) == plain(said), command


def test_the_samples_are_plainly_marked_as_made_up() -> None:
    for file in sorted((PAGE.parent / "samples").glob("*.json")):
        text = file.read_text()
        assert file.name.startswith("SAMPLE-DEMO")
        assert text.count("made up") >= 8
        assert '"jurisdiction": "none"' in text
