"""Short runs aimed at one planted bug each: the weather that brings it out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torture.findings import Findings
from torture.proxy import Fault
from torture.schedule import STORM, Blow, Weather


@dataclass(frozen=True, slots=True)
class Target:
    """How to catch a bug: the shortest storm that does it reliably, and in which weather."""

    seconds: float
    weather: Weather
    category: str
    words: str = ""
    """What the checker says of it, in that category: caught for another reason is not caught."""

    def caught(self, findings: Findings) -> bool:
        """Whether the checker saw this bug."""
        return any(self.words in sentence for sentence in findings.by_category[self.category])


_CALM = replace(
    STORM,
    blows={Blow.RENAME: 10},
    link={},
    bucket_link={},
    habits={},
    tablets=4,
    final_s=5.0,
    margin_s=3.0,
)
_TALKATIVE = replace(_CALM, photos=0, captures=4, pause_s=0.2)

TARGETS: Mapping[str, Target] = {
    "ack-before-commit": Target(
        10,
        replace(_TALKATIVE, blows={Blow.WORKERS: 20}),
        "lost",
        "and is not on the server",
    ),
    "no-op-uniqueness": Target(
        5,
        replace(_TALKATIVE, habits={"twice": 0.7}, link={Fault.CUT_DOWN: 0.2}, final_s=1.0),
        "duplicated",
    ),
    "naive-cursor": Target(
        8,
        replace(_TALKATIVE, blows={Blow.RENAME: 200}, tablets=5, captures=1),
        "picture",
    ),
    "async-commit": Target(
        12,
        replace(_TALKATIVE, blows={Blow.IMMEDIATE: 20}, tablets=6, captures=2, pause_s=0.05),
        "lost",
        "and is not on the server",
    ),
    "photo-hash": Target(
        6,
        replace(_CALM, link={Fault.FLIP_UP: 0.9}, pause_s=0.2, photos=3),
        "altered",
        "reads as other bytes",
    ),
    "integrity-as-duplicate": Target(
        8,
        replace(_TALKATIVE, habits={"copied": 1.0}, captures=1),
        "lost",
        "and is not on the server",
    ),
    "revocation-cached": Target(
        8,
        replace(_TALKATIVE, blows={Blow.GRANT: 40, Blow.DEVICE: 8}),
        "unauthorised",
    ),
}
"""By the bug's name in `torture.bugs`."""
