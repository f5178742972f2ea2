"""Working days: the package against what was read in Kyrgyz sources, and people's corrections."""

import csv
from datetime import date
from pathlib import Path

import pytest

from audit_api.domain.deadlines import milestone_day, repair_due_on
from audit_api.domain.working_days import WorkingDays

FACTS = Path(__file__).parents[1] / "data" / "kg-holidays.csv"
WORKING = {"holiday_but_working", "working_by_transfer"}


def facts() -> list[dict[str, str]]:
    with FACTS.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact["day"])
def test_a_day_is_what_was_read_of_it(fact: dict[str, str]) -> None:
    day = date.fromisoformat(fact["day"])
    works = fact["kind"] in WORKING and (day.weekday() < 5 or fact["kind"] == "working_by_transfer")
    assert WorkingDays().is_working(day) is works


def test_the_facts_have_both_the_transfers_of_2021_and_the_law_that_ended_them() -> None:
    kinds = {(fact["day"][:4], fact["kind"]) for fact in facts()}
    assert {("2021", "day_off_by_transfer"), ("2021", "working_by_transfer")} <= kinds
    assert {("2026", "holiday_but_working"), ("2027", "holiday_but_working")} <= kinds
    assert not {("2026", "day_off_by_transfer"), ("2027", "day_off_by_transfer")} & kinds


@pytest.mark.parametrize(
    ("election_day", "before", "due"),
    [
        (date(2021, 11, 28), 0, date(2021, 11, 28)),  # a Sunday
        (date(2021, 11, 28), 1, date(2021, 11, 26)),
        (date(2021, 11, 28), 10, date(2021, 11, 15)),
        # Over the 8th and 9th of November 2021, which were off.
        (date(2021, 11, 28), 14, date(2021, 11, 5)),
        # 24 January 2027: over the New Year holidays, which last to the 7th.
        (date(2027, 1, 24), 11, date(2027, 1, 8)),
        (date(2027, 1, 24), 12, date(2026, 12, 31)),
    ],
)
def test_a_milestone_counts_back_over_days_off(election_day: date, before: int, due: date) -> None:
    assert milestone_day(election_day, before, WorkingDays()) == due
    assert repair_due_on(election_day, before, WorkingDays()) == due


def test_without_working_days_the_calendar_counts() -> None:
    assert milestone_day(date(2027, 1, 24), 12) == date(2027, 1, 12)


def test_a_correction_moves_an_ait_to_the_day_that_was_announced() -> None:
    estimated, announced = date(2027, 3, 9), date(2027, 3, 10)
    corrected = WorkingDays({estimated: True, announced: False})
    assert not WorkingDays().is_working(estimated)
    assert corrected.is_working(estimated)
    assert not corrected.is_working(announced)
    assert corrected.before(date(2027, 3, 11), 1) == estimated


def test_the_days_off_of_a_year_are_told_with_their_reason() -> None:
    corrected = WorkingDays({date(2027, 3, 10): False, date(2027, 3, 9): True})
    told = dict(corrected.days_off(2027))
    assert told[date(2027, 3, 8)] == "International Women's Day"
    assert told[date(2027, 3, 10)] == "corrected"
    assert date(2027, 3, 9) not in told
    assert date(2027, 3, 13) not in told  # an ordinary Saturday
