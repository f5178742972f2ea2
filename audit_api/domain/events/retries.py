"""When something that could not be delivered is tried again, and when no more."""

from datetime import timedelta
from typing import Final

# As the specification of Standard Webhooks proposes: over three days in all.
_DELAYS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5,
        5 * 60,
        30 * 60,
        2 * 3600,
        5 * 3600,
        10 * 3600,
        14 * 3600,
        20 * 3600,
        24 * 3600,
    )
)
MOST_ATTEMPTS: Final = len(_DELAYS) + 1
JITTER: Final = 0.2
FAILING_ENDS: Final = timedelta(hours=60)
"""A webhook that took nothing for so long is disabled: before the first is given up, at least
four fifths of 75.6 hours after its first attempt."""
MOST_PATIENCE: Final = timedelta(hours=1)
"""The longest that a receiver's `Retry-After` is waited for."""


def wait_after(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many attempts; None: it is given up.

    `chance`: from 0 to 1, spreads the wait by a fifth around the schedule's.
    """
    if attempts > len(_DELAYS):
        return None
    return _DELAYS[attempts - 1] * (1 + JITTER * (2 * chance - 1))
