"""A stored list as the pages of one export."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from audit_api.services.list_files.speaking import Row
from audit_api.storage.lists.selection import AnyRow, Listed, keyed

PAGE: Final = 1000
"""Rows that are held at a time."""


def decoded(row: AnyRow) -> Row:
    """The item of a row whose first column is its JSON."""
    found: Row = msgspec.json.decode(row[0])
    return found


def pages_of(listed: Listed, read: Callable[[AnyRow], Row] = decoded) -> Iterator[Sequence[Row]]:
    """All rows of a list in its order, a page at a time."""
    after = None
    while True:
        rows = listed(after=after, limit=PAGE)
        yield [read(row) for row in rows[:PAGE]]
        if len(rows) <= PAGE:
            return
        after = keyed(rows[PAGE - 1])
