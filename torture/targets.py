"""Short runs aimed at one planted bug each: the weather that brings it out."""

from collections.abc import Mapping
from dataclasses import replace

from torture.proxy import Fault
from torture.schedule import STORM, Blow, Weather

_CALM = replace(STORM, blows={Blow.RENAME: 10}, link={}, bucket_link={}, habits={}, tablets=4)
_TALKATIVE = replace(_CALM, photos=0, captures=4, pause_s=0.2)

TARGETS: Mapping[str, tuple[float, Weather]] = {
    "ack-before-commit": (
        15,
        replace(_TALKATIVE, blows={Blow.WORKERS: 20}),
    ),
    "no-op-uniqueness": (
        10,
        replace(_TALKATIVE, habits={"twice": 0.7}, link={Fault.CUT_DOWN: 0.2}),
    ),
    "naive-cursor": (
        15,
        replace(_TALKATIVE, blows={Blow.RENAME: 200}, tablets=5, captures=1),
    ),
    "async-commit": (
        20,
        replace(_TALKATIVE, blows={Blow.IMMEDIATE: 20}),
    ),
    "photo-hash": (
        15,
        replace(_CALM, link={Fault.FLIP_UP: 0.6}, pause_s=0.2, photos=3),
    ),
    "integrity-as-duplicate": (
        15,
        replace(_TALKATIVE, habits={"copied": 1.0}, captures=1),
    ),
    "revocation-cached": (
        15,
        replace(_TALKATIVE, blows={Blow.GRANT: 20, Blow.DEVICE: 4}),
    ),
}
"""Bug -> seconds, weather."""
