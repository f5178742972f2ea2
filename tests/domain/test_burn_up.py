"""Running sums by day, from the first thing that happened to election day."""

from datetime import date, timedelta

from audit_api.domain.oversight.burn_up import MOST_DAYS, Day, burn_up

ELECTION = date(2021, 11, 28)


def test_each_day_has_what_had_happened_by_its_end() -> None:
    happened = {date(2021, 11, 20): (3, 9, 0), date(2021, 11, 22): (1, 0, 4)}
    assert burn_up(happened, election_day=ELECTION, today=date(2021, 11, 23)) == [
        Day(date(2021, 11, 20), 3, 9, 0),
        Day(date(2021, 11, 21), 3, 9, 0),
        Day(date(2021, 11, 22), 4, 9, 4),
        Day(date(2021, 11, 23), 4, 9, 4),
    ]


def test_it_ends_on_election_day_and_begins_with_the_first_milestone() -> None:
    happened = {date(2021, 11, 27): (1, 0, 0), date(2021, 12, 5): (7, 0, 0)}
    days = burn_up(
        happened,
        election_day=ELECTION,
        today=date(2022, 1, 1),
        milestones=[date(2021, 11, 26), ELECTION],
    )
    assert [(day.day.day, day.inspected) for day in days] == [(26, 0), (27, 1), (28, 1)]


def test_what_happened_long_ago_is_in_the_first_day() -> None:
    happened = {ELECTION - timedelta(days=5 * MOST_DAYS): (2, 3, 4), ELECTION: (1, 1, 1)}
    days = burn_up(happened, election_day=ELECTION, today=ELECTION)
    assert len(days) == MOST_DAYS
    assert (days[0].inspected, days[0].found, days[0].closed) == (2, 3, 4)
    assert (days[-1].inspected, days[-1].found, days[-1].closed) == (3, 4, 5)


def test_where_nothing_happened_there_is_one_day_with_nothing() -> None:
    assert burn_up({}, election_day=ELECTION, today=ELECTION) == [Day(ELECTION, 0, 0, 0)]
