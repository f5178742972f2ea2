"""Days before an election, in the calendar of Kyrgyzstan."""

from datetime import UTC, date, datetime

from audit_api.domain.deadlines import milestone_day, repair_due_on, today


def test_the_milestones_of_the_2022_repeat_elections_come_out_right() -> None:
    voting = date(2022, 2, 27)
    assert milestone_day(voting, 40) == date(2022, 1, 18)
    assert milestone_day(voting, 33) == date(2022, 1, 25)
    assert milestone_day(voting, 28) == date(2022, 1, 30)


def test_without_a_milestone_the_repair_is_due_on_election_day() -> None:
    assert repair_due_on(date(2021, 11, 28), None) == date(2021, 11, 28)
    assert repair_due_on(date(2021, 11, 28), 10) == date(2021, 11, 18)


def test_the_day_changes_at_midnight_in_bishkek() -> None:
    assert today(datetime(2021, 11, 18, 17, 59, 59, tzinfo=UTC)) == date(2021, 11, 18)
    assert today(datetime(2021, 11, 18, 18, 0, tzinfo=UTC)) == date(2021, 11, 19)
