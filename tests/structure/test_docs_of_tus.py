"""docs/tus.md names a test for each sentence of the protocol, and each of them is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tus.md").read_text(encoding="utf-8")
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
}


def rows(heading: str) -> list[tuple[str, str, str]]:
    """The rows of the first table behind a heading: what is asked, how it is held, the tests."""
    _, _, rest = PAGE.partition(f"\n{heading}\n")
    table = rest.partition("\n\n")[0] if rest.startswith("|") else rest.partition("\n| ")[2]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]
    return [(row[0], row[1] if len(row) > 2 else "", row[-1]) for row in cells[2:]]


HEADINGS = {
    "### Core": 27,
    "### Creation, with upload, with a deferred length": 18,
    "### Expiration": 6,
    "### Checksum": 8,
    "### Termination": 3,
    "## What is hostile or broken": 14,
}
"""Each with its number of rows: one that cannot be read must not go unseen."""


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_row_names_tests_that_are_there(heading: str) -> None:
    found = rows(heading)
    assert len(found) == HEADINGS[heading]
    for asked, _, named in found:
        tests = re.findall(r"`(test_\w+)`", named)
        assert tests, asked
        assert [name for name in tests if name not in TESTS] == [], asked


@pytest.mark.parametrize("heading", [h for h in HEADINGS if h.startswith("###")])
def test_every_row_of_the_protocol_says_how_much_it_asks(heading: str) -> None:
    words = ("MUST", "SHOULD", "MAY", "implicit offset of 0")
    assert [asked for asked, _, _ in rows(heading) if not any(w in asked for w in words)] == []


def test_no_row_stands_twice() -> None:
    asked = Counter(row[0] for heading in HEADINGS for row in rows(heading))
    assert [text for text, times in asked.items() if times > 1] == []
