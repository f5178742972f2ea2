"""Working days of Kyrgyzstan: as the package `holidays` computes them, corrected by people.

The package knows the transfers of 2021 and the law of 2025 that ended them; of an Ait it knows an
estimate until the muftiate announces the day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Self

import holidays

COUNTRY = "KG"


class DayKind(StrEnum):
    """What a correction makes of a day; `computed` takes an earlier correction back."""

    WORKING = "working"
    OFF = "off"
    COMPUTED = "computed"


@cache
def _computed(year: int) -> Mapping[date, str]:
    """The days off of a year: weekends without a name, holidays with the package's English one."""
    known = holidays.country_holidays(COUNTRY, years=year, language="en_US")
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
    return {day: known.get(day, "") for day in days if not known.is_working_day(day)}


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The calendar: `corrections` say of a day whether it is a working day after all."""

    corrections: Mapping[date, bool] = field(default_factory=dict)

    @classmethod
    def corrected(cls, said: Mapping[str, bool]) -> Self:
        """From corrections by day as `2027-03-10`."""
        return cls({date.fromisoformat(day): working for day, working in said.items()})

    def is_working(self, day: date) -> bool:
        """Whether offices work on that day."""
        corrected = self.corrections.get(day)
        return day not in _computed(day.year) if corrected is None else corrected

    def before(self, day: date, number: int) -> date:
        """The `number`th working day before `day`, which itself is not counted; 0: `day`."""
        found = day
        for _ in range(number):
            found -= timedelta(days=1)
            while not self.is_working(found):
                found -= timedelta(days=1)
        return found

    def days_off(self, year: int) -> Iterable[tuple[date, str]]:
        """The days off from Monday to Friday, with the holiday's name or what a person said."""
        computed = _computed(year)
        days = {day for day in computed if day.weekday() < 5 or computed[day]}
        days |= {day for day in self.corrections if day.year == year}
        return [
            (day, computed.get(day) or "corrected")
            for day in sorted(days)
            if not self.is_working(day) and (day.weekday() < 5 or day in self.corrections)
        ]


def working_days(said: Any) -> WorkingDays | None:
    """The calendar of a milestone in working days; None (`said` is) for one in calendar days."""
    return None if said is None else WorkingDays.corrected(said)
