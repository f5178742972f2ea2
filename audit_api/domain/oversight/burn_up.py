"""How far a campaign's stations were, day by day, up to election day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MOST_DAYS: Final = 200
"""Days of one burn-up: a cycle is thirty, a calendar is published four months ahead."""


@dataclass(frozen=True, slots=True)
class Day:
    """What had happened by the end of a day: stations inspected, violations found and closed."""

    day: date
    inspected: int
    found: int
    closed: int

    def after(self, day: date, more: tuple[int, int, int]) -> "Day":
        """The figures of a later day, on which `more` happened."""
        inspected, found, closed = more
        return Day(day, self.inspected + inspected, self.found + found, self.closed + closed)


def burn_up(
    happened: Mapping[date, tuple[int, int, int]],
    *,
    election_day: date,
    today: date,
    milestones: Iterable[date] = (),
) -> list[Day]:
    """Running sums, a `Day` for each day.

    `happened`: what was inspected, found and closed on each day. From the first milestone or
    happening, whichever comes first, to election day or today, whichever comes first; the first
    day has all of before it where that is more than MOST_DAYS ago, and what happened after the
    last day is not told.
    """
    last = min(election_day, today)
    begin = min([*milestones, *happened, last])
    first = max(begin, last - timedelta(days=MOST_DAYS - 1))
    before = [more for day, more in happened.items() if day < first]
    so_far = Day(first, *(sum(numbers) for numbers in zip((0, 0, 0), *before, strict=True)))
    days = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        so_far = so_far.after(day, happened.get(day, (0, 0, 0)))
        days.append(so_far)
    return days
