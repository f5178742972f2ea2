"""Reading an append-only table by its identity without losing what commits late.

Numbers are taken at insert and seen at commit: behind the highest number that was seen some may
still be on their way. Each such gap is looked at again until nobody can fill it any more. The
writer of a row pays nothing for this: no column, no lock, no second row.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

STATEMENT_ENDS: Final = timedelta(seconds=60)
"""Longer than any statement may run (30 s, `storage.base`): who took a number has a transaction id
by then, for both happen in one statement."""


class Gap(NamedTuple):
    """Numbers `first` to `last` that were passed at `at`.

    `before`: the next transaction id, read when the statement that took the number had ended: once
    no transaction below it runs, nobody fills the gap.
    """

    first: int
    last: int
    at: datetime
    before: int | None = None


def passed(top: int, seen: Sequence[int], *, at: datetime) -> list[Gap]:
    """The gaps that `seen`, rising numbers above `top`, leaves behind."""
    return [Gap(low + 1, high - 1, at) for low, high in pairwise((top, *seen)) if high > low + 1]


def without(gap: Gap, found: Iterable[int]) -> list[Gap]:
    """What is left of a gap when some of its numbers, rising, have come."""
    edges = (gap.first - 1, *found, gap.last + 1)
    return [
        gap._replace(first=low + 1, last=high - 1)
        for low, high in pairwise(edges)
        if high > low + 1
    ]


def grown(gap: Gap, *, at: datetime, horizon: int, following: int) -> Gap | None:
    """A gap as it stands now; None: nobody fills it any more.

    `horizon`: the oldest transaction that runs, read before the rows were looked for;
    `following`: the next transaction id.
    """
    if gap.before is not None:
        return None if horizon >= gap.before else gap
    return gap._replace(before=following) if at - gap.at >= STATEMENT_ENDS else gap
