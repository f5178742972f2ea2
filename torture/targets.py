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
    words: tuple[str, ...]
    """What the checker says of it, in that category: caught for another reason is not caught."""

    def evidence(self, findings: Findings) -> list[str]:
        """The sentences that show this bug."""
        said = findings.by_category[self.category]
        return [sentence for sentence in said if any(words in sentence for words in self.words)]

    def caught(self, findings: Findings) -> bool:
        """Whether the checker saw this bug."""
        return bool(self.evidence(findings))


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

LOST = ("and is not on the server", "was handed in again", "is an older one")
"""Gone for good, or gone until a tablet brought it back."""
TARGETS: Mapping[str, Target] = {
    "ack-before-commit": Target(
        20,
        replace(_TALKATIVE, blows={Blow.WORKERS: 12}, tablets=5),
        "lost",
        LOST,
    ),
    "no-op-uniqueness": Target(
        5,
        replace(_TALKATIVE, habits={"twice": 0.7}, link={Fault.CUT_DOWN: 0.2}, final_s=1.0),
        "duplicated",
        ("an operation twice",),
    ),
    "naive-cursor": Target(
        20,
        replace(_TALKATIVE, blows={Blow.RENAME: 200}, tablets=5, captures=1),
        "picture",
        ("found its picture wrong after a pull", "does not show"),
    ),
    "async-commit": Target(
        20,
        replace(_TALKATIVE, blows={Blow.IMMEDIATE: 24}, tablets=6, captures=2, pause_s=0.05),
        "lost",
        LOST,
    ),
    "photo-hash": Target(
        6,
        replace(_CALM, link={Fault.FLIP_UP: 0.9}, pause_s=0.2, photos=3),
        "altered",
        ("reads as other bytes",),
    ),
    "integrity-as-duplicate": Target(
        8,
        replace(_TALKATIVE, habits={"copied": 1.0}, captures=1),
        "lost",
        LOST,
    ),
    "revocation-cached": Target(
        14,
        replace(_TALKATIVE, blows={Blow.GRANT: 15, Blow.DEVICE: 20}),
        "unauthorised",
        ("had no grant", "was revoked"),
    ),
}
"""By the bug's name in `torture.bugs`."""
