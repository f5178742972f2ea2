"""docs/events.md names every type as the code does, and the settings."""

import re
from pathlib import Path

from audit_api.domain.events.retries import MOST_ATTEMPTS, wait_after
from audit_api.domain.events.types import READ_BY, TYPES


def test_the_page_has_every_type_and_what_it_says(project_root: Path) -> None:
    page = (project_root / "docs/events.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.*?) \|", page, re.MULTILINE)
    assert dict(rows) == dict(TYPES)


def test_every_type_is_read_by_a_row_of_the_table() -> None:
    assert {name.partition(".")[0] for name in TYPES} == set(READ_BY)


def test_the_page_tells_the_schedule(project_root: Path) -> None:
    waits = [wait_after(attempts, 0.5) for attempts in range(1, MOST_ATTEMPTS + 1)]
    seconds = [None if wait is None else round(wait.total_seconds()) for wait in waits]
    hours = [2, 5, 10, 14, 20, 24]
    assert seconds == [5, 300, 1800, *(h * 3600 for h in hours), None]
    said = "after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours"
    assert said in (project_root / "docs/events.md").read_text()
