"""Short runs aimed at one planted bug each: the weather that brings it out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torture.proxy import Fault
from torture.schedule import STORM, Blow, Weather


@dataclass(frozen=True, slots=True)
class Target:
    """How to catch a bug, and the category in which the checker sees it."""

    seconds: float
    weather: Weather
    seen_as: str


_CALM = replace(STORM, blows={Blow.RENAME: 10}, link={}, bucket_link={}, habits={}, tablets=4)
_TALKATIVE = replace(_CALM, photos=0, captures=4, pause_s=0.2)

TARGETS: Mapping[str, Target] = {
    "ack-before-commit": Target(
        15,
        replace(_TALKATIVE, blows={Blow.WORKERS: 20}),
        "lost",
    ),
    "no-op-uniqueness": Target(
        10,
        replace(_TALKATIVE, habits={"twice": 0.7}, link={Fault.CUT_DOWN: 0.2}),
        "duplicated",
    ),
    "naive-cursor": Target(
        15,
        replace(_TALKATIVE, blows={Blow.RENAME: 200}, tablets=5, captures=1),
        "picture",
    ),
    "async-commit": Target(
        20,
        replace(_TALKATIVE, blows={Blow.IMMEDIATE: 20}),
        "lost",
    ),
    "photo-hash": Target(
        15,
        replace(_CALM, link={Fault.FLIP_UP: 0.6}, pause_s=0.2, photos=3),
        "altered",
    ),
    "integrity-as-duplicate": Target(
        15,
        replace(_TALKATIVE, habits={"copied": 1.0}, captures=1),
        "lost",
    ),
    "revocation-cached": Target(
        15,
        replace(_TALKATIVE, blows={Blow.GRANT: 20, Blow.DEVICE: 4}),
        "unauthorised",
    ),
}
"""By the bug's name in `torture.bugs`."""
