"""When something can have happened, judged by clocks that may be wrong by years.

A tablet tells its wall clock, and a monotonic clock with the id of the boot that it counts from.
The monotonic clock is trusted within a boot; the wall clock is only compared. Source: sync.md,
"Clocks".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

TOLERANCE: Final = timedelta(minutes=5)
"""A wall clock that is further off is flagged; it is never corrected."""
MOST_ANCHORS: Final = 20
_MOST_MS: Final = 10 * 366 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tablet's clocks said at one moment; each of them may be missing or absurd."""

    wall: datetime | None = None
    mono_ms: int | None = None
    boot: str | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A server's time that a tablet saw in an answer, and its monotonic clock right then."""

    server_time: datetime
    mono_ms: int
    boot: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of a push: read when it was sent, anchored earlier, received at an instant."""

    sent: Reading
    anchors: Sequence[Anchor]
    received_at: datetime

    @property
    def offset_ms(self) -> int | None:
        """How far the wall clock ran ahead of ours; None when it was not told."""
        if self.sent.wall is None:
            return None
        return round((self.sent.wall - self.received_at) / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which instants it happened; `off`: the wall clock says something else."""

    not_before: datetime | None
    not_after: datetime
    off: bool


def bounds(at: Reading, clock: Clock) -> Bounds:
    """Bounds of what happened at `at`, by the monotonic clock alone.

    Not after: the push's own reading was taken before it arrived, and lies as much later as the
    monotonic clock says. Not before: a server's time had been seen, as much earlier. Anchors of
    another boot say nothing, those from our own future are not believed. Bounds that contradict
    each other are no bounds: then only the arrival stands.
    """
    since_sent = _between(at, clock.sent.mono_ms, clock.sent.boot)
    not_after = clock.received_at - (since_sent or timedelta())
    not_before = None
    for anchor in clock.anchors[:MOST_ANCHORS]:
        before = _between(at, anchor.mono_ms, anchor.boot)
        if before is None or before > timedelta() or anchor.server_time > clock.received_at:
            continue
        earliest = anchor.server_time - before
        if not_before is None or earliest > not_before:
            not_before = earliest
    if not_before is not None and not_before > not_after:
        not_before, not_after = None, clock.received_at
    return Bounds(not_before, not_after, _is_off(at, not_before, not_after, since_sent))


def _between(at: Reading, mono_ms: int | None, boot: str | None) -> timedelta | None:
    """How much later than `at` a monotonic clock said `mono_ms`; None across boots."""
    if at.mono_ms is None or mono_ms is None or at.boot is None or at.boot != boot:
        return None
    later = mono_ms - at.mono_ms
    return timedelta(milliseconds=later) if abs(later) <= _MOST_MS else None


def _is_off(
    at: Reading,
    not_before: datetime | None,
    not_after: datetime,
    since_sent: timedelta | None,
) -> bool:
    if at.wall is None:
        return False
    if since_sent is not None and not_before is None:
        # The reading of the push ties this wall clock to ours, but for the time it travelled.
        not_before = not_after
    early = not_before is not None and at.wall < not_before - TOLERANCE
    return early or at.wall > not_after + TOLERANCE


def wall_time(text: str | None) -> datetime | None:
    """The instant of an ISO 8601 text with a zone; None when it is no such or not of our age."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            return None
        # An offset may carry year 1 or 9999 out of what a datetime can hold.
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
