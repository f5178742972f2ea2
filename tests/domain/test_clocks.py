"""Bounds of when something happened, by clocks that may be wrong by years."""

from datetime import UTC, datetime, timedelta

import pytest

from audit_api.domain.sync.clocks import Anchor, Clock, Reading, bounds, wall_time

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = 3_600_000


def at(mono_ms: int | None = None, wall: datetime | None = None, boot: str = "b1") -> Reading:
    return Reading(wall, mono_ms, boot)


def clock(*anchors: Anchor, mono_ms: int | None = 10 * HOUR, boot: str = "b1") -> Clock:
    return Clock(Reading(None, mono_ms, boot), anchors, NOON)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_it_happened_as_long_before_the_arrival_as_the_monotonic_clock_says() -> None:
    found = bounds(at(7 * HOUR), clock())
    assert (found.not_before, found.not_after) == (None, NOON - hours(3))


def test_a_servers_time_that_was_seen_before_it_bounds_it_below() -> None:
    found = bounds(at(7 * HOUR), clock(Anchor(NOON - hours(6), 5 * HOUR, "b1")))
    assert (found.not_before, found.not_after) == (NOON - hours(4), NOON - hours(3))


def test_the_narrowest_of_many_anchors_counts() -> None:
    anchors = (Anchor(NOON - hours(9), 2 * HOUR, "b1"), Anchor(NOON - hours(5), 5 * HOUR, "b1"))
    assert bounds(at(7 * HOUR), clock(*anchors)).not_before == NOON - hours(3)


@pytest.mark.parametrize(
    "anchor",
    [
        pytest.param(Anchor(NOON - hours(6), 5 * HOUR, "b0"), id="another-boot"),
        pytest.param(Anchor(NOON + hours(1), 5 * HOUR, "b1"), id="our-own-future"),
        pytest.param(Anchor(NOON - hours(1), 8 * HOUR, "b1"), id="seen-after-it"),
        pytest.param(Anchor(NOON - hours(6), -(10**17), "b1"), id="absurd-count"),
    ],
)
def test_an_anchor_that_says_nothing_bounds_nothing(anchor: Anchor) -> None:
    assert bounds(at(7 * HOUR), clock(anchor)).not_before is None


def test_bounds_that_contradict_each_other_leave_only_the_arrival() -> None:
    found = bounds(at(7 * HOUR), clock(Anchor(NOON, 5 * HOUR, "b1")))
    assert (found.not_before, found.not_after) == (None, NOON)


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(at(None), id="no-monotonic-clock"),
        pytest.param(at(7 * HOUR, boot="b0"), id="another-boot"),
        pytest.param(at(-(10**17)), id="absurd-count"),
    ],
)
def test_without_a_monotonic_clock_of_this_boot_only_the_arrival_bounds_it(
    reading: Reading,
) -> None:
    found = bounds(reading, clock())
    assert (found.not_before, found.not_after) == (None, NOON)


@pytest.mark.parametrize(
    ("wall", "off"),
    [
        pytest.param(NOON - hours(3), False, id="right"),
        pytest.param(NOON - hours(3) + timedelta(minutes=5), False, id="five-minutes-fast"),
        pytest.param(NOON - hours(3) + timedelta(minutes=5, seconds=1), True, id="faster"),
        pytest.param(NOON - hours(3) - timedelta(minutes=5), False, id="five-minutes-slow"),
        pytest.param(NOON - hours(3) - timedelta(minutes=5, seconds=1), True, id="slower"),
        pytest.param(datetime(2019, 1, 1, tzinfo=UTC), True, id="years-slow"),
        pytest.param(None, False, id="not-told"),
    ],
)
def test_a_wall_clock_is_flagged_beyond_five_minutes(wall: datetime | None, off: bool) -> None:
    assert bounds(at(7 * HOUR, wall), clock()).off is off


def test_without_any_anchor_a_wall_clock_in_the_past_may_be_right() -> None:
    assert bounds(at(None, NOON - hours(70)), clock()).off is False
    assert bounds(at(None, NOON + hours(1)), clock()).off is True


def test_an_anchored_wall_clock_is_right_anywhere_between_its_bounds() -> None:
    anchored = clock(Anchor(NOON - hours(6), 5 * HOUR, "b1"))
    assert bounds(at(7 * HOUR, NOON - hours(3.5)), anchored).off is False
    assert bounds(at(7 * HOUR, NOON - hours(4.2)), anchored).off is True


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2026-11-23T12:00:00",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
    ],
)
def test_what_is_no_instant_is_none(text: str | None) -> None:
    assert wall_time(text) is None


def test_an_instant_is_read_with_its_zone() -> None:
    assert wall_time("2026-11-23T18:00:00+06:00") == NOON
