"""Which fault strikes when: drawn from the seed before anything starts."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from torture.proxy import Fault


class Blow(StrEnum):
    """What is done to the servers, the tablets and the grants."""

    WORKER = "kill -9 of a worker"
    WORKERS = "kill -9 of all workers"
    BACKEND = "kill -9 of a PostgreSQL backend"
    IMMEDIATE = "pg_ctl stop -m immediate"
    BUCKET = "S3 away"
    TABLET = "kill -9 of a tablet"
    GRANT = "a grant revoked or given back"
    DEVICE = "a device revoked"
    RENAME = "headquarters at work"
    BACKUP = "a checkpoint signed, a backup marked"


@dataclass(frozen=True, slots=True)
class Event:
    """A blow at a moment (seconds from the start). `dice` in [0, 1) chooses whom and how."""

    at: float
    blow: Blow
    dice: float


@dataclass(frozen=True, slots=True)
class Weather:
    """How hard a run is: blows a minute, shares of spoilt connections, and what tablets do."""

    blows: Mapping[Blow, float]
    link: Mapping[Fault, float]
    bucket_link: Mapping[Fault, float] = field(default_factory=dict)
    tablets: int = 10
    captures: int = 3
    """Inspections that a tablet makes before it syncs, at most."""
    photos: int = 2
    """Photos of an inspection, at most."""
    photo_bytes: int = 30_000
    pause_s: float = 1.0
    """Between two sessions, at most."""
    final_s: float = 90.0
    """How long a tablet tries to hand in the rest once the link is good."""
    margin_s: float = 20.0
    """How long a request may last: at its beginning it is looked up what it may."""
    habits: Mapping[str, float] = field(default_factory=dict)
    """How often a tablet does what it should not; see `HABITS`."""


HABITS = {
    "twice": 0.12,
    "shuffled": 0.12,
    "copied": 0.05,
    "corrects": 0.2,
    "outside": 0.05,
}
STORM = Weather(
    blows={
        Blow.WORKER: 8,
        Blow.WORKERS: 1.5,
        Blow.BACKEND: 2.5,
        Blow.IMMEDIATE: 1.5,
        Blow.BUCKET: 1.5,
        Blow.TABLET: 10,
        Blow.GRANT: 8,
        Blow.DEVICE: 0.5,
        Blow.RENAME: 40,
        Blow.BACKUP: 10,
    },
    link={
        Fault.CUT_UP: 0.18,
        Fault.CUT_DOWN: 0.18,
        Fault.STALL: 0.06,
        Fault.SLOW: 0.05,
        Fault.FLIP_UP: 0.08,
        Fault.FLIP_DOWN: 0.08,
    },
    bucket_link={Fault.CUT_UP: 0.02, Fault.CUT_DOWN: 0.02, Fault.STALL: 0.02},
    habits=HABITS,
)


def draw_schedule(seed: str, weather: Weather, seconds: float) -> list[Event]:
    """The blows of a run, in their order; each kind comes about as often as the weather says."""
    events = []
    for blow, a_minute in weather.blows.items():
        rng = random.Random(f"{seed}/{blow.name}")  # noqa: S311 - a schedule, not a secret
        times = max(1, round(a_minute * seconds / 60 + rng.uniform(-0.5, 0.5)))
        for n in range(times):
            # Spread evenly with a shake: a run of any length gets its share of each.
            at = seconds * (n + rng.random()) / times
            events.append(Event(at, blow, rng.random()))
    return sorted(events, key=lambda event: event.at)
